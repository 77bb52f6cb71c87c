// The merchant's container.

import { SdkError } from "./errors.ts";

/** The element that a selector or an element stands for. A malformed selector is the browser's
 * own error. */
export function container(value: unknown): HTMLElement {
  if (value instanceof HTMLElement) {
    return value;
  }
  if (typeof value !== "string") {
    throw new TypeError(
      "Property `options.container` must be a string (CSS selector) or HTMLElement",
    );
  }
  const found = document.querySelector<HTMLElement>(value);
  if (!found) {
    throw new SdkError(
      "InvalidContainerSelectorError",
      `No element matches the container's selector ${JSON.stringify(value)}.`,
    );
  }
  return found;
}
