// The checkout for any page: kvitt's own, and a shop's by one script tag. Loading it twice, or
// mounting the same checkout twice, changes nothing.
//
//   <script src="https://pay.shop.example/embed.js" data-checkout="LINK" data-container="#pay" async>

import { Checkout, type Completed } from "./checkout.ts";
import { asset, cleanLink } from "./link.ts";
import { Server } from "./server.ts";

interface MountOptions {
  /** The checkout's link, as the merchant API tells it. */
  checkout: string;
  /** Where it is shown: an element, or a selector of one. */
  container: string | HTMLElement;
  /** Called once when the order is there, in place of leaving for the confirmation page. */
  onCompleted?: (completed: Completed) => void;
}

interface Mounted {
  /** For a single-page app that moves on. */
  unmount(): void;
}

declare global {
  interface Window {
    Kvitt?: { mount(options: MountOptions): Mounted; mounted?(link: string): boolean };
  }
}

/** How long a page may stay without its style. */
const STYLE_TIMEOUT_MS = 3_000;

const CHECKOUT = '[data-kvitt="checkout"]';

interface Shown {
  place: HTMLElement;
  link: string;
  handle: Mounted;
  isDrawn: boolean;
}

/** One at a time: Klarna's script knows one session for each page, so of two checkouts the first
 * would pay the second. */
let shown: Shown | undefined;

/** Whether it is still there: frameworks remove what they did not make. */
function isThere({ place, isDrawn }: Shown): boolean {
  return place.isConnected && (!isDrawn || place.querySelector(CHECKOUT) !== null);
}

function mount({ checkout, container, onCompleted }: MountOptions): Mounted {
  const place =
    typeof container === "string" ? document.querySelector<HTMLElement>(container) : container;
  if (!place) {
    throw new Error(`kvitt: nothing on the page matches ${JSON.stringify(container)}`);
  }
  const link = cleanLink(checkout, location.href);
  if (shown?.place === place && shown.link === link && isThere(shown)) {
    return shown.handle;
  }
  if (shown && shown.link !== link && isThere(shown)) {
    console.warn("kvitt: a page shows one checkout at a time; the one before was taken down");
  }
  shown?.handle.unmount();
  let running: Checkout | undefined;
  const mine: Shown = {
    place,
    link,
    isDrawn: false,
    handle: {
      unmount() {
        running?.leave();
        if (shown === mine) {
          shown = undefined;
          place.replaceChildren();
        }
      },
    },
  };
  shown = mine;
  const begin = (): void => {
    mine.isDrawn = true;
    running = new Checkout(link, place, onCompleted);
  };
  if (place.querySelector(CHECKOUT)) {
    begin();
    return mine.handle;
  }
  draw(link).then(
    (fragment) => {
      if (shown === mine) {
        place.innerHTML = fragment;
        begin();
      }
    },
    () => {
      if (shown === mine) {
        shown = undefined;
        failed(place, () => mount({ checkout, container: place, ...(onCompleted && { onCompleted }) }));
      }
    },
  );
  return mine.handle;
}

async function draw(link: string): Promise<string> {
  const [fragment] = await Promise.all([new Server(link).fragment(), style(link)]);
  return fragment;
}

/** Its style, once for each page. Waited for, so that nothing is seen without it. */
function style(link: string): Promise<void> {
  const href = asset(link, "assets/checkout.css");
  if (document.querySelector(`link[href="${href}"]`)) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = href;
    sheet.onload = sheet.onerror = () => resolve();
    setTimeout(resolve, STYLE_TIMEOUT_MS);
    document.head.appendChild(sheet);
  });
}

function failed(place: HTMLElement, again: () => void): void {
  const text = document.createElement("p");
  text.setAttribute("role", "status");
  text.textContent =
    "The checkout cannot be shown right now. If you have paid already, it is not lost.";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Try again";
  button.addEventListener("click", () => {
    place.replaceChildren();
    again();
  });
  place.replaceChildren(text, button);
}

function mountFrom(script: HTMLScriptElement | null): void {
  const checkout = script?.dataset["checkout"];
  if (script && checkout) {
    const container = script.dataset["container"];
    const begin = (): void => {
      if (container) {
        window.Kvitt?.mount({ checkout, container });
      } else if (!window.Kvitt?.mounted?.(checkout)) {
        window.Kvitt?.mount({ checkout, container: beside(script) });
      }
    };
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", begin);
    } else {
      begin();
    }
  }
}

/** A container right where the script stands. */
function beside(script: HTMLScriptElement): HTMLElement {
  const place = document.createElement("div");
  script.after(place);
  return place;
}

/** Whether the page shows it: a second script tag without a container then adds nothing. */
function mounted(link: string): boolean {
  return shown !== undefined && shown.link === cleanLink(link, location.href) && isThere(shown);
}

window.Kvitt ??= { mount, mounted };
mountFrom(document.currentScript instanceof HTMLScriptElement ? document.currentScript : null);
