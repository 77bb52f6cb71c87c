// The many ways in which merchants call the same method.

import { type Callback, type Data, NO_CALLBACK, type Options } from "./types.ts";

export interface Call {
  options: Options;
  data: Data;
  callback: Callback;
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function callback(value: unknown): Callback {
  return typeof value === "function" ? (value as Callback) : NO_CALLBACK;
}

/** `load(options, data, callback)` and `load(options, callback)`. */
export function ofLoad(args: unknown[]): Call {
  const [options, data, last] = args;
  return typeof data === "function"
    ? { options: object(options), data: {}, callback: callback(data) }
    : { options: object(options), data: object(data), callback: callback(last) };
}

/** The members by which the second object is recognised as the options: the older order. */
export const TELLING = {
  authorize: ["payment_method_category", "instance_id"],
  reauthorize: ["payment_method_category"],
  finalize: ["payment_method_category"],
} as const;

/**
 * `authorize(options, data, callback)`, `(options, callback)`, `(callback)`, and the older
 * `(data, options, callback)`.
 */
export function ofAuthorize(args: unknown[], telling: readonly string[]): Call {
  const [first, second, third] = args;
  if (typeof first === "function") {
    return { options: {}, data: {}, callback: callback(first) };
  }
  if (typeof second === "function") {
    return { options: object(first), data: {}, callback: callback(second) };
  }
  const older = telling.some((name) => Object.prototype.hasOwnProperty.call(object(second), name));
  const [options, data] = older ? [second, first] : [first, second];
  return { options: object(options), data: object(data), callback: callback(third) };
}

/** `Klarna.Credit` and its like: `(data, options, callback)` always, `(data, callback)`, `(callback)`. */
export function ofOldest(args: unknown[]): Call {
  const [first, second, third] = args;
  if (typeof first === "function") {
    return { options: {}, data: {}, callback: callback(first) };
  }
  if (typeof second === "function") {
    return { options: {}, data: object(first), callback: callback(second) };
  }
  return { options: object(second), data: object(first), callback: callback(third) };
}
