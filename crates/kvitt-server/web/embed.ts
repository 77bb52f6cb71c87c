// The checkout for any page: kvitt's own, and a shop's by one script tag. Loading it twice, or
// mounting the same checkout twice, changes nothing.
//
//   <script src="https://pay.shop.example/embed.js" data-checkout="LINK" data-container="#pay" async>

import { Checkout, type Completed } from "./checkout.ts";
import { Server } from "./server.ts";

interface MountOptions {
  /** The checkout's link, as the merchant API tells it. */
  checkout: string;
  /** Where it is shown: an element, or a selector of one. */
  container: string | HTMLElement;
  /** Called when the order is there, in place of leaving for the confirmation page. */
  onCompleted?: (completed: Completed) => void;
}

interface Mounted {
  /** For a single-page app that moves on. */
  unmount(): void;
}

declare global {
  interface Window {
    Kvitt?: { mount(options: MountOptions): Mounted };
  }
}

const mounted = new Map<HTMLElement, { link: string; handle: Mounted }>();

function mount({ checkout, container, onCompleted }: MountOptions): Mounted {
  const place =
    typeof container === "string" ? document.querySelector<HTMLElement>(container) : container;
  if (!place) {
    throw new Error(`kvitt: nothing on the page matches ${JSON.stringify(container)}`);
  }
  const link = new URL(checkout, location.href).href.replace(/\/+$/, "");
  const known = mounted.get(place);
  if (known?.link === link) {
    return known.handle;
  }
  known?.handle.unmount();
  let running: Checkout | undefined;
  let gone = false;
  const handle: Mounted = {
    unmount() {
      gone = true;
      running?.leave();
      mounted.delete(place);
      place.replaceChildren();
    },
  };
  mounted.set(place, { link, handle });
  void draw(place, link).then(
    () => {
      if (!gone) {
        running = new Checkout(link, place, onCompleted);
      }
    },
    () => {
      place.textContent = "The checkout cannot be shown right now. Nothing was paid. Try again later.";
      mounted.delete(place);
    },
  );
  return handle;
}

/** Puts the checkout there, unless the page came with it. */
async function draw(place: HTMLElement, link: string): Promise<void> {
  if (place.querySelector('[data-kvitt="checkout"]')) {
    return;
  }
  const style = new URL("/assets/checkout.css", link).href;
  if (!document.querySelector(`link[href="${style}"]`)) {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = style;
    document.head.appendChild(sheet);
  }
  place.innerHTML = await new Server(link).fragment();
}

function mountFrom(script: HTMLScriptElement | null): void {
  const checkout = script?.dataset["checkout"];
  if (script && checkout) {
    const container = script.dataset["container"];
    const begin = (): void => {
      window.Kvitt?.mount({ checkout, container: container ?? beside(script) });
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

window.Kvitt ??= { mount };
mountFrom(document.currentScript instanceof HTMLScriptElement ? document.currentScript : null);
