// How the merchant's callback is told.

import type { Callback, Result } from "./types.ts";

/**
 * Hands a result over, as an object of the merchant's own. What the callback throws goes to the
 * console and not further: Klarna's script swallows it, which costs merchants hours.
 */
export function hand(callback: Callback, result: Result): void {
  try {
    callback({ ...result });
  } catch (error) {
    console.error("[klarna sandbox] the callback threw; real Klarna swallows this", error);
  }
}

/**
 * Runs the checks of a call. What they throw, the callback hears of first, as a failure: the order
 * that merchants' pages have to live with.
 */
export function checked<T>(
  callback: Callback,
  failure: Result,
  check: () => T,
  isBrowsersOwn: (error: unknown) => boolean = () => false,
): T {
  try {
    return check();
  } catch (error) {
    if (!isBrowsersOwn(error)) {
      hand(callback, failure);
    }
    throw error;
  }
}
