// What the merchant's functions are told, and in which order.

import assert from "node:assert/strict";
import { test } from "node:test";

import { notLoaded } from "./errors.ts";
import { emit, off, on } from "./events.ts";
import { checked, hand } from "./hand.ts";
import { NOT_APPROVED, type Result } from "./types.ts";

/** What the console was told in place of an error. */
const logged: unknown[][] = [];
console.error = (...said: unknown[]) => logged.push(said);

function onHost(hostname: string): void {
  Object.defineProperty(globalThis, "location", { value: { hostname }, configurable: true });
}

const misuse = (): never => {
  throw notLoaded();
};

test("the callback hears of a misuse before it is thrown", () => {
  const heard: Result[] = [];
  const listen = (result: Result): void => void heard.push(result);
  assert.throws(() => checked(listen, NOT_APPROVED, misuse), { name: "ApplicationNotLoadedError" });
  assert.deepEqual(heard, [{ show_form: false, approved: false }]);
  assert.equal(checked(listen, NOT_APPROVED, () => 7), 7);
  assert.equal(heard.length, 1);
});

test("what the browser complains of is thrown alone", () => {
  const heard: Result[] = [];
  const listen = (result: Result): void => void heard.push(result);
  assert.throws(() => checked(listen, NOT_APPROVED, misuse, () => true), {
    name: "ApplicationNotLoadedError",
  });
  assert.deepEqual(heard, []);
});

test("a callback that throws hides neither the misuse nor itself", () => {
  logged.length = 0;
  const broken = (): void => {
    throw new Error("the shop's own");
  };
  assert.throws(() => checked(broken, NOT_APPROVED, misuse), { name: "ApplicationNotLoadedError" });
  hand(broken, NOT_APPROVED);
  assert.equal(logged.length, 2);
  assert.ok(String(logged[0]).includes("the shop's own"), String(logged[0]));
});

test("a callback may keep and change what it was given", () => {
  hand((result) => {
    result.approved = true;
  }, NOT_APPROVED);
  assert.equal(NOT_APPROVED.approved, false);
});

test("events reach those who listen, in their order, whatever one of them does", () => {
  onHost("shop.example");
  logged.length = 0;
  const heard: unknown[] = [];
  const first = (height: unknown): void => void heard.push(["first", height]);
  on("heightChanged", first);
  on("heightChanged", () => {
    throw new Error("the shop's own");
  });
  on("heightChanged", (height: unknown) => heard.push(["last", height]));
  emit("heightChanged", 112);
  off("heightChanged", first);
  emit("heightChanged", 113);
  off("heightChanged");
  emit("heightChanged", 114);
  assert.deepEqual(heard, [
    ["first", 112],
    ["last", 112],
    ["last", 113],
  ]);
  assert.equal(logged.length, 2, "of the one that throws, each time");
});

test("only three events are for merchants", () => {
  onHost("shop.example");
  for (const event of ["", "loaded", "paymentMethodSelected", "userAccountLoggedIn"]) {
    assert.throws(() => on(event, () => undefined), { name: "EventNotSupportedError" });
    off(event);
  }
  assert.throws(() => on("heightChanged", "handler"), { name: "TypeError" });
  onHost("localhost");
  on("paymentMethodSelected", () => undefined);
  off("paymentMethodSelected");
});
