// Misuse. Names are those that Klarna's reference lists; texts are the sandbox's own.

export type ErrorName =
  | "ApplicationNotInitializedError"
  | "ApplicationNotLoadedError"
  | "EventNotSupportedError"
  | "InstanceIDNotProvidedError"
  | "InvalidClientTokenError"
  | "InvalidContainerSelectorError"
  | "InvalidInstanceIDError"
  | "OperationNotSupportedError"
  | "PaymentMethodCategoryNotProvidedError"
  | "PaymentMethodCategoryNotSupportedError"
  | "PaymentMethodCategoryOrInstanceIDRequiredError"
  | "PreferredPaymentMethodNotSupportedError";

/** An error of a documented name. A page should still treat every throw as "not available". */
export class SdkError extends Error {
  constructor(name: ErrorName, message: string) {
    super(message);
    this.name = name;
  }
}

export function notInitialized(): SdkError {
  return new SdkError(
    "ApplicationNotInitializedError",
    "The application has not yet been initialized. Call `init` first.",
  );
}

export function notLoaded(): SdkError {
  return new SdkError(
    "ApplicationNotLoadedError",
    "The application has not yet been loaded. Call `load` first, and keep its container in the " +
      "page until `authorize` has answered.",
  );
}
