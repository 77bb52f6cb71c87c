// What Klarna's answers mean for the page: pure, so that each can be tried.

export type Outcome =
  | { kind: "approved"; token: string }
  /** The shopper closed Klarna. They may try again. */
  | { kind: "closed" }
  /** Fields that the shopper can mend, as dotted paths. */
  | { kind: "fixable"; fields: string[] }
  /** Klarna says no, or the session does not work: the server knows which. */
  | { kind: "denied" }
  /** Approved, but without a token: `finalize` has to be called. */
  | { kind: "unfinished" }
  /** Approved, and still no token after that: only the server may learn more. */
  | { kind: "unclear" }
  /** Klarna's script threw. It says nothing of the purchase. */
  | { kind: "failed" };

/** The meaning of `authorize`'s answer (Klarna documentation: step 2, checkout). */
export function outcomeOf(result: KlarnaResult | undefined): Outcome {
  if (result?.approved === true && result.authorization_token) {
    return { kind: "approved", token: result.authorization_token };
  }
  if (result?.approved === true) {
    return { kind: "unfinished" };
  }
  if (result?.show_form !== true) {
    return { kind: "denied" };
  }
  const fields = result.error?.invalid_fields ?? [];
  return fields.length > 0 ? { kind: "fixable", fields } : { kind: "closed" };
}

/** The meaning of `finalize`'s answer. It tells neither a denial from a closed window (Klarna
 * documentation: finalize), so both may be tried again: the next answer tells. */
export function finalOutcomeOf(result: KlarnaResult | undefined): Outcome {
  const outcome = outcomeOf(result);
  switch (outcome.kind) {
    case "unfinished":
      return { kind: "unclear" };
    case "denied":
      return { kind: "closed" };
    default:
      return outcome;
  }
}

export interface Category {
  identifier: string;
  name: string;
}

export type Status = "open" | "authorized" | "placing" | "unknown" | "placed" | "closed";

/** What the server says of the checkout. */
export interface State {
  status: Status;
  cart_version: number;
  session: {
    session_id: string;
    client_token: string | null;
    payment_method_categories: Category[];
  } | null;
  redirect_url: string | null;
  sdk_url: string;
  address_at_load: boolean;
  billing_address: Record<string, string> | null;
  shipping_address: Record<string, string> | null;
  customer: Record<string, string> | null;
  purchase_country: string;
}

/** The billing address: what is known, with what the shopper typed over it. Nothing typed and
 * nothing known is no address. */
export function address(
  known: Record<string, string> | null,
  typed: Record<string, string>,
  country: string,
): Record<string, string> | undefined {
  const merged: Record<string, string> = { ...known };
  for (const [name, text] of Object.entries(typed)) {
    if (text.trim()) {
      merged[name] = text.trim();
    } else {
      delete merged[name];
    }
  }
  if (Object.keys(merged).every((name) => name === "country")) {
    return undefined;
  }
  return { ...merged, country: merged["country"] ?? country };
}

/** Milliseconds before the next try; doubles up to a limit. */
export function backOff(tries: number): number {
  return Math.min(1000 * 2 ** tries, 15_000);
}
