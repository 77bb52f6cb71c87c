// The part of Klarna's browser SDK that the checkout calls.

interface KlarnaResult {
  show_form: boolean;
  approved?: boolean;
  authorization_token?: string;
  finalize_required?: boolean;
  error?: { invalid_fields?: string[] };
}

interface KlarnaPayments {
  init(options: { client_token: string }): unknown;
  load(
    options: { container: HTMLElement; payment_method_category?: string },
    data: object,
    callback: (result: KlarnaResult) => void,
  ): void;
  authorize(
    options: { payment_method_category?: string },
    data: object,
    callback: (result: KlarnaResult) => void,
  ): void;
  finalize(
    options: { payment_method_category?: string },
    data: object,
    callback: (result: KlarnaResult) => void,
  ): void;
}

interface Window {
  Klarna?: { Payments?: KlarnaPayments };
  klarnaAsyncCallback?: (() => void) | undefined;
}
