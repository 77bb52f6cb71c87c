// What goes in and out of the SDK, in Klarna's own names.

/** Any part of a session: addresses, customer, order lines. */
export type Data = Record<string, unknown>;

export interface Options {
  client_token?: unknown;
  container?: unknown;
  payment_method_category?: unknown;
  payment_method_categories?: unknown;
  instance_id?: unknown;
  preferred_payment_method?: unknown;
  purchase_amount?: unknown;
  auto_finalize?: unknown;
  on_show_external_document?: unknown;
}

/** What a callback is handed. Amounts never stand here; a reason for a refusal neither. */
export interface Result {
  show_form: boolean;
  approved?: boolean;
  authorization_token?: string;
  finalize_required?: boolean;
  error?: { invalid_fields: string[] };
}

export type Callback = (result: Result) => void;

export const NO_CALLBACK: Callback = () => undefined;

/** What a failed `load` answers. */
export const NOT_SHOWN: Result = { show_form: false };

/** What a failed `authorize`, `reauthorize` or `finalize` answers. */
export const NOT_APPROVED: Result = { show_form: false, approved: false };
