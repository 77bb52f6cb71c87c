// The buyer's pages in a frame over the merchant's page, where no window could be opened.

import { emit } from "./events.ts";

/** Class of `html` and `body` while it is open (seen in Klarna's script). */
const OPEN = "klarna-payments-fso-open";

const COVER = `position:fixed;inset:0;z-index:2147483647;display:grid;justify-items:center;
background:rgb(10 20 15 / .88)`;
const FRAME = `border:0;width:100%;max-width:500px;height:100%;background:#fbf9f1`;

export interface Overlay {
  /** The frame's window, from which messages come. */
  window: Window | null;
  remove(): void;
}

/** Opens it and moves the focus into it; Escape asks to close. */
export function openOverlay(url: string, close: () => void): Overlay {
  const before = document.activeElement;
  const cover = document.createElement("div");
  cover.setAttribute("role", "dialog");
  cover.setAttribute("aria-modal", "true");
  cover.setAttribute("aria-label", "Klarna sandbox");
  cover.style.cssText = COVER;
  const frame = document.createElement("iframe");
  frame.id = "klarna-apf-iframe";
  frame.title = "Klarna";
  frame.style.cssText = FRAME;
  frame.src = url;
  cover.append(frame);
  const escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      close();
    }
  };
  // Whoever leaves the frame by the keyboard comes back into it.
  const keep = (event: FocusEvent): void => {
    if (event.target !== frame) {
      frame.focus();
    }
  };
  document.addEventListener("keydown", escape);
  document.addEventListener("focusin", keep);
  document.body.appendChild(cover);
  frame.focus();
  const roots = [document.documentElement, document.body];
  roots.forEach((root) => root.classList.add(OPEN));
  emit("fullscreenOverlayShown");
  return {
    window: frame.contentWindow,
    remove() {
      document.removeEventListener("keydown", escape);
      document.removeEventListener("focusin", keep);
      cover.remove();
      roots.forEach((root) => root.classList.remove(OPEN));
      if (before instanceof HTMLElement) {
        before.focus();
      }
      emit("fullscreenOverlayHidden");
    },
  };
}
