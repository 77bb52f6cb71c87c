import assert from "node:assert/strict";
import { test } from "node:test";

import { authorize } from "./authorize.ts";

type Callback = (result: KlarnaResult) => void;
const TOKEN: KlarnaResult = { show_form: true, approved: true, authorization_token: "t" };
const NO: KlarnaResult = { show_form: false, approved: false };
const HALF: KlarnaResult = { show_form: true, approved: true, finalize_required: true };

/** The kinds of all outcomes, where Klarna's script does this. */
function outcomes(
  authorizes: (callback: Callback) => void,
  finalizes: (callback: Callback) => void = () => assert.ok(false, "finalize was not asked for"),
): string[] {
  const kinds: string[] = [];
  const klarna = {
    init: () => undefined,
    load: () => undefined,
    authorize: (_: object, __: object, callback: Callback) => authorizes(callback),
    finalize: (_: object, __: object, callback: Callback) => finalizes(callback),
  };
  console.error = () => undefined;
  authorize(klarna, {}, {}, (outcome) => kinds.push(outcome.kind));
  return kinds;
}

test("an answer counts once, inside the call or after it", () => {
  assert.deepEqual(outcomes((callback) => callback(TOKEN)), ["approved"]);
  let later: Callback = () => undefined;
  const kinds = outcomes((callback) => (later = callback));
  assert.deepEqual(kinds, []);
  later(NO);
  later(TOKEN);
  assert.deepEqual(kinds, ["denied"]);
});

test("a misuse is told and then thrown, and is no denial", () => {
  const told = (result: KlarnaResult) => (callback: Callback): void => {
    callback(result);
    throw new Error("call load first");
  };
  assert.deepEqual(outcomes(told(NO)), ["failed"]);
  assert.deepEqual(outcomes(told(TOKEN)), ["approved"], "an approval is never lost");
  assert.deepEqual(outcomes(() => { throw new Error("broken"); }), ["failed"]);
});

test("an approval without a token is finalized", () => {
  const half = (callback: Callback): void => callback(HALF);
  assert.deepEqual(outcomes(half, (callback) => callback(TOKEN)), ["approved"]);
  assert.deepEqual(outcomes(half, (callback) => callback(NO)), ["closed"]);
  assert.deepEqual(outcomes(half, (callback) => callback(HALF)), ["unclear"]);
  assert.deepEqual(outcomes(half, () => { throw new Error("broken"); }), ["unclear"]);
});
