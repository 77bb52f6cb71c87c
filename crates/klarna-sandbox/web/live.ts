// Keeps the parts of a page that change as new as the store. Each exchange that happens says that
// there may be something new; then the page is asked for again, and what differs is put in place.

import { renew } from "./renew.ts";

/** A look comes so soon after something happened. */
const SOON_MS = 300;
/** What no exchange tells of, such as the clock, is looked for this often. */
const CALM_MS = 5_000;
/** So many times as long as a look took, the sandbox is left alone. */
const REST = 4;

/** Follows the stream that an element names, until the reader pauses it. */
export function follow(main: HTMLElement): void {
  const button = main.querySelector<HTMLButtonElement>("[data-live-pause]");
  let stream: EventSource | undefined;
  let timer: number | undefined;
  let due = Infinity;
  let earliest = 0;
  let isLooking = false;
  let isStale = false;

  const plan = (milliseconds: number): void => {
    if (!stream || document.hidden || isLooking) {
      return;
    }
    const at = Math.max(performance.now() + milliseconds, earliest);
    if (at < due) {
      clearTimeout(timer);
      due = at;
      timer = setTimeout(() => void look(), at - performance.now());
    }
  };

  const look = async (): Promise<void> => {
    due = Infinity;
    isLooking = true;
    isStale = false;
    const began = performance.now();
    try {
      const answer = await fetch(location.href);
      const text = await answer.text();
      if (answer.ok && stream) {
        renew(document, new DOMParser().parseFromString(text, "text/html"));
      }
    } catch {
      // The sandbox is away; the next look may find it.
    }
    isLooking = false;
    const now = performance.now();
    earliest = now + (now - began) * REST;
    plan(isStale ? SOON_MS : CALM_MS);
  };

  const run = (): void => {
    stream = new EventSource(main.dataset["live"] ?? "");
    stream.addEventListener("message", () => {
      isStale = true;
      plan(SOON_MS);
    });
    plan(CALM_MS);
  };
  const stop = (): void => {
    stream?.close();
    stream = undefined;
    clearTimeout(timer);
    due = Infinity;
  };
  const isPaused = (): boolean => button?.getAttribute("aria-pressed") === "true";

  document.addEventListener("visibilitychange", () => plan(0));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => {
    if (event.persisted && !isPaused()) {
      run();
    }
  });
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!isPaused()));
      if (isPaused()) {
        stop();
      } else {
        run();
      }
    });
  }
  run();
}
