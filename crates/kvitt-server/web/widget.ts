// Klarna's widget: loaded, and what came of it.

/** How long it may take: a little more than it gives itself. */
const TIMEOUT_MS = 35_000;

export type Shown =
  /** With the fields that the shopper has to mend, as dotted paths. */
  | { kind: "shown"; fields: string[] }
  /** Klarna does not show it, and does not say why. */
  | { kind: "hidden" }
  /** It threw, or did not answer in time. A late answer still counts. */
  | { kind: "failed" };

export function loadWidget(
  klarna: KlarnaPayments,
  options: { container: HTMLElement; payment_method_category?: string },
  data: object,
  done: (shown: Shown) => void,
): void {
  options.container.replaceChildren();
  const timer = setTimeout(() => done({ kind: "failed" }), TIMEOUT_MS);
  let failed = false;
  try {
    klarna.load(options, data, (result) => {
      clearTimeout(timer);
      // A misuse is told and then thrown.
      if (!failed) {
        const fields = result.error?.invalid_fields ?? [];
        done(result.show_form ? { kind: "shown", fields } : { kind: "hidden" });
      }
    });
  } catch (error) {
    console.error("kvitt: Klarna's widget cannot be loaded", error);
    failed = true;
    clearTimeout(timer);
    done({ kind: "failed" });
  }
}
