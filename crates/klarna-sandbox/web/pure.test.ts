import assert from "node:assert/strict";
import { test } from "node:test";

import { ofAuthorize, ofLoad, ofOldest, TELLING } from "./arguments.ts";
import { merge } from "./merge.ts";
import {
  checkPreferredMethod,
  domName,
  given,
  loadedAs,
  requireCategory,
  requireCategoryOrInstance,
  select,
} from "./selection.ts";
import { type Claims, decode, isSandbox } from "./token.ts";
import { NO_CALLBACK } from "./types.ts";

function token(claims: unknown): string {
  const part = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `head.${part}.sign`;
}

declare const Buffer: { from(text: string): { toString(encoding: string): string } };

const CLAIMS: Claims = {
  session_id: "s-1",
  base_url: "http://127.0.0.1:4010/kp",
  purchase_country: "SE",
  session_type: "PAYMENTS",
  scheme: true,
};

test("a token's payload is read and its signature is not", () => {
  assert.deepEqual(
    decode(token({ ...CLAIMS, purchase_country: "se", base_url: `${CLAIMS.base_url}/`, name: "Å" })),
    CLAIMS,
  );
  assert.equal(decode(token({ scheme: "yes" })).scheme, false);
});

test("what cannot be decoded is an invalid client token", () => {
  for (const bad of [undefined, null, 7, "", "a", "a.b", "a.!!!.c", token([1]), token("x"), "a..c"]) {
    assert.throws(() => decode(bad), { name: "InvalidClientTokenError" });
  }
});

test("a session lives on this machine or where the script came from", () => {
  for (const [url, own, expected] of [
    ["http://127.0.0.1:4010/kp", undefined, true],
    ["http://localhost/kp", undefined, true],
    ["http://[::1]:9/kp", undefined, true],
    ["https://sandbox.shop.example/kp", "https://sandbox.shop.example", true],
    ["https://sandbox.shop.example/kp", undefined, false],
    ["https://js.playground.klarna.com/eu/kp", undefined, false],
    ["https://localhost/kp", undefined, false],
    ["", undefined, false],
  ] as const) {
    assert.equal(isSandbox(url, own), expected, url);
  }
});

test("load takes its data or leaves it", () => {
  const callback = (): void => undefined;
  assert.deepEqual(ofLoad([{ container: "#a" }, callback]), {
    options: { container: "#a" },
    data: {},
    callback,
  });
  assert.deepEqual(ofLoad([{}, { purchase_country: "SE" }, callback]).data, {
    purchase_country: "SE",
  });
  assert.equal(ofLoad([]).callback, NO_CALLBACK);
});

test("authorize takes both orders and both short forms", () => {
  const callback = (): void => undefined;
  const options = { payment_method_category: "klarna" };
  const data = { billing_address: { city: "Stockholm" } };
  const expected = { options, data, callback };
  const { authorize, reauthorize } = TELLING;
  assert.deepEqual(ofAuthorize([options, data, callback], authorize), expected);
  assert.deepEqual(ofAuthorize([data, options, callback], authorize), expected);
  assert.deepEqual(ofAuthorize([options, callback], authorize), { options, data: {}, callback });
  assert.deepEqual(ofAuthorize([callback], authorize), { options: {}, data: {}, callback });
  const instance = { instance_id: "a" };
  assert.deepEqual(ofAuthorize([data, instance, callback], authorize).options, instance);
  assert.deepEqual(ofAuthorize([data, instance, callback], reauthorize).options, data);
  assert.equal(ofAuthorize([options, data], authorize).callback, NO_CALLBACK);
});

test("the oldest methods take the data first, whatever it looks like", () => {
  const callback = (): void => undefined;
  const data = { payment_method_category: "pay_now", billing_address: {} };
  const options = { instance_id: "a" };
  assert.deepEqual(ofOldest([data, options, callback]), { options, data, callback });
  assert.deepEqual(ofOldest([data, callback]), { options: {}, data, callback });
  assert.deepEqual(ofOldest([callback]), { options: {}, data: {}, callback });
  assert.deepEqual(ofOldest([]), { options: {}, data: {}, callback: NO_CALLBACK });
});

test("later data wins, member by member", () => {
  const under = { a: { b: 1, c: 2 }, list: [1, 2] };
  assert.deepEqual(merge(under, { a: { c: 3 }, list: [9], d: null }), {
    a: { b: 1, c: 3 },
    list: [9],
    d: null,
  });
  assert.deepEqual(under, { a: { b: 1, c: 2 }, list: [1, 2] });
});

test("a widget is named by its instance, its category, or the kind of session", () => {
  assert.equal(select({ instance_id: "one", payment_method_category: "klarna" }, CLAIMS).name, "one");
  assert.equal(select({ payment_method_category: "pay_later" }, CLAIMS).name, "pay_later");
  assert.equal(select({ payment_method_category: "" }, CLAIMS).name, "PAYMENTS");
  assert.equal(select({}, { ...CLAIMS, session_type: "" }).name, "payments");
  assert.equal(domName("PAY_later"), "pay-later");
});

test("what the options may not say", () => {
  const several = { payment_method_categories: ["pay_now", "pay_later"] };
  const cases = [
    [{ payment_method_category: "gold" }, "PaymentMethodCategoryNotSupportedError"],
    [{ payment_method_category: 7 }, "PaymentMethodCategoryNotSupportedError"],
    [several, "InstanceIDNotProvidedError"],
    [{ ...several, instance_id: "two words" }, "InvalidInstanceIDError"],
    [
      { payment_method_categories: ["gold"], instance_id: "a" },
      "PaymentMethodCategoryNotSupportedError",
    ],
  ] as const;
  for (const [options, name] of cases) {
    assert.throws(() => select(options, CLAIMS), { name });
  }
  assert.deepEqual(select({ ...several, instance_id: "a-1_b" }, CLAIMS), {
    name: "a-1_b",
    instance_id: "a-1_b",
    payment_method_categories: ["pay_now", "pay_later"],
  });
  assert.throws(() => checkPreferredMethod("cash"), {
    name: "PreferredPaymentMethodNotSupportedError",
  });
  checkPreferredMethod("invoice");
  checkPreferredMethod(undefined);
});

test("older sessions need a category", () => {
  const older = { ...CLAIMS, scheme: false };
  const none = select({}, older);
  assert.throws(() => requireCategory(none, older), { name: "PaymentMethodCategoryNotProvidedError" });
  assert.throws(() => requireCategoryOrInstance(none, older), {
    name: "PaymentMethodCategoryOrInstanceIDRequiredError",
  });
  requireCategory(none, CLAIMS);
  requireCategory(select({ payment_method_category: "klarna" }, older), older);
  requireCategoryOrInstance(select({ instance_id: "a" }, older), older);
});


test("an authorization is about what was loaded, and about nothing else", () => {
  const categories = ["pay_now", "pay_later"];
  const several = { name: "a", instance_id: "a", payment_method_categories: categories };
  assert.deepEqual(loadedAs(several, { name: "a", instance_id: "a" }), several);
  assert.deepEqual(loadedAs(several, several), several);
  assert.equal(
    loadedAs(several, { ...several, payment_method_categories: ["pay_now"] }),
    undefined,
  );
  assert.equal(
    loadedAs({ name: "a", payment_method_category: "pay_now" }, {
      name: "a",
      payment_method_category: "pay_later",
    }),
    undefined,
  );
  assert.deepEqual(loadedAs({ name: "PAYMENTS" }, { name: "PAYMENTS" }), { name: "PAYMENTS" });
});

test("nothing, null and an empty text are not given", () => {
  assert.deepEqual([undefined, null, "", 0, false, "a", []].map(given), [
    false,
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});
