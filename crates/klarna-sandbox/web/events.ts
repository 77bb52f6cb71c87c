// Events of the API as a whole, not of one container.

import { SdkError } from "./errors.ts";

type Handler = (...payload: unknown[]) => void;

const EVENTS = ["heightChanged", "fullscreenOverlayShown", "fullscreenOverlayHidden"];

/** Known to Klarna's script, but only on its own pages and on a developer's machine. */
const DEVELOPERS_EVENTS = [
  "paymentMethodSelected",
  "userAccountLoginRequested",
  "userAccountLoginReady",
  "userAccountLoggedIn",
];

const handlers = new Map<string, Handler[]>();

function isSupported(event: string): boolean {
  const local = ["localhost", "0.0.0.0"].includes(location.hostname);
  return EVENTS.includes(event) || (local && DEVELOPERS_EVENTS.includes(event));
}

export function on(event: string, handler: unknown): void {
  if (!isSupported(event)) {
    throw new SdkError(
      "EventNotSupportedError",
      `Event ${JSON.stringify(event)} is not supported. There are: ${EVENTS.join(", ")}.`,
    );
  }
  if (typeof handler !== "function") {
    throw new TypeError("The event's handler must be a function");
  }
  handlers.set(event, [...(handlers.get(event) ?? []), handler as Handler]);
}

/** Without a handler all of the event's go. Unknown events are no error. */
export function off(event: string, handler?: unknown): void {
  const kept = (handlers.get(event) ?? []).filter((it) => handler !== undefined && it !== handler);
  handlers.set(event, kept);
}

export function emit(event: string, ...payload: unknown[]): void {
  for (const handler of handlers.get(event) ?? []) {
    try {
      handler(...payload);
    } catch (error) {
      console.error(`[klarna sandbox] a handler of ${event} threw`, error);
    }
  }
}
