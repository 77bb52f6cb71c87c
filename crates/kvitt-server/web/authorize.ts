// One authorization, from the click to one outcome. Klarna's script may answer inside the call, after
// it, by throwing, or by both; and an approval may need a second step.

import { finalOutcomeOf, type Outcome, outcomeOf } from "./outcome.ts";

type Options = { payment_method_category?: string };

/** Calls Klarna before it returns, so that the browser takes Klarna's window for the shopper's wish.
 * `answered` is called at most once. */
export function authorize(
  klarna: KlarnaPayments,
  options: Options,
  data: object,
  answered: (outcome: Outcome) => void,
): void {
  ask(
    (callback) => klarna.authorize(options, data, callback),
    (result) => {
      const outcome: Outcome = result === "failed" ? { kind: "failed" } : outcomeOf(result);
      if (outcome.kind !== "unfinished") {
        answered(outcome);
        return;
      }
      // Money has to move first, so there is no token yet.
      ask(
        (callback) => klarna.finalize(options, {}, callback),
        (final) => answered(final === "failed" ? { kind: "unclear" } : finalOutcomeOf(final)),
      );
    },
  );
}

type Answer = KlarnaResult | undefined | "failed";

/** A misuse is told to the callback first and then thrown. It is a fault of the page's, not Klarna's
 * no, so what was told counts only if nothing is thrown. */
function ask(
  call: (callback: (result: KlarnaResult) => void) => void,
  settle: (answer: Answer) => void,
): void {
  let settled = false;
  const once = (answer: Answer): void => {
    if (!settled) {
      settled = true;
      settle(answer);
    }
  };
  let inside = true;
  let told: { result: KlarnaResult } | undefined;
  try {
    call((result) => {
      if (inside) {
        told ??= { result };
      } else {
        once(result);
      }
    });
  } catch (error) {
    console.error("kvitt: Klarna's script failed", error);
    // Unless it approved: that must not be lost, whatever failed afterwards.
    once(told?.result?.approved === true ? told.result : "failed");
  }
  inside = false;
  if (told) {
    once(told.result);
  }
}
