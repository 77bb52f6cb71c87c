// The buyer's pages in a window of their own.

import { keepInside } from "./focus.ts";
import { domName } from "./selection.ts";

const WIDTH = 500;
const HEIGHT = 700;

/** What the window shows until it is known where to go. */
const LOADING = `<!doctype html><html lang="en"><head><title>Klarna sandbox</title>
<meta name="color-scheme" content="light dark"></head>
<body style="font:1rem/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh">
<main><h1 style="font-size:1.25rem">Klarna sandbox</h1><p role="status">One moment …</p></main>
</body></html>`;

/** Opens it. To be called inside the shopper's click; `null`: the browser refused. */
export function openPopup(name: string): Window | null {
  const left = Math.max(0, Math.round(screenX + (outerWidth - WIDTH) / 2));
  const top = Math.max(0, Math.round(screenY + (outerHeight - HEIGHT) / 2));
  const features = `popup,width=${WIDTH},height=${HEIGHT},left=${left},top=${top},resizable=no`;
  let popup: Window | null = null;
  try {
    popup = window.open("about:blank", `klarna-${domName(name)}-popup`, features);
    popup?.document.write(LOADING);
    popup?.document.close();
  } catch {
    // A window of that name that shows another site already is used all the same.
  }
  return popup && !popup.closed ? popup : null;
}

/** What covers the merchant's page while the window is open. */
export interface Backdrop {
  remove(): void;
}

const STYLE = `
:host { all: initial; }
div { position: fixed; inset: 0; z-index: 2147483646; display: grid; place-content: center;
  justify-items: center; gap: 12px; padding: 16px; text-align: center;
  font: 16px/1.5 system-ui, sans-serif; color: #fff; background: rgb(10 20 15 / .88); }
p { margin: 0; max-width: 22rem; }
button { font: inherit; min-height: 44px; padding: 0 20px; border-radius: 8px; cursor: pointer;
  border: 2px solid #fff; color: #0a140f; background: #fff; }
button + button { color: #fff; background: transparent; }
button:focus-visible { outline: 3px solid #7fd6b2; outline-offset: 2px; }`;

/** Covers the page, with a way back to the window and a way out. */
export function cover(show: () => void, cancel: () => void): Backdrop {
  const host = document.createElement("div");
  host.dataset["sandbox"] = "backdrop";
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = STYLE;
  const dialog = document.createElement("div");
  dialog.setAttribute("role", "dialog");
  dialog.setAttribute("aria-modal", "true");
  dialog.setAttribute("aria-label", "Klarna sandbox");
  const text = document.createElement("p");
  text.textContent = "You pay in a window of the Klarna sandbox.";
  const first = button("Show the window", show);
  dialog.append(text, first, button("Cancel", cancel));
  root.append(style, dialog);
  document.body.appendChild(host);
  const release = keepInside(host, () => first.focus(), cancel);
  return {
    remove() {
      release();
      host.remove();
    },
  };
}

function button(text: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
