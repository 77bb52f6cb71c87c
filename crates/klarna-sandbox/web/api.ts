// The sandbox's stand-in for Klarna's browser SDK: what a merchant's page finds on `window`.
//
// Where Klarna's documentation and what was observed of its script disagree, the documentation's
// error names are used, and the observed order of things.

import { legacy, payments } from "./payments.ts";

declare global {
  interface Window {
    Klarna?: Record<string, unknown>;
    klarnaAsyncCallback?: unknown;
  }
}

const klarna = (window.Klarna ??= {});
// Loaded a second time, it keeps what there is and only calls the callback again.
if (!klarna["Payments"]) {
  klarna["Payments"] = payments;
  for (const name of ["Credit", "DirectBankTransfer", "DirectDebit"]) {
    klarna[name] = legacy;
  }
}
const callback = window.klarnaAsyncCallback;
if (typeof callback === "function") {
  (callback as () => void)();
}
