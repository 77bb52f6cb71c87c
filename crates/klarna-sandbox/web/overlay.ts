// The buyer's pages in a frame over the merchant's page, where no window could be opened.

import { emit } from "./events.ts";
import { keepInside } from "./focus.ts";

/** Class of `html` and `body` while it is open (seen in Klarna's script). */
const OPEN = "klarna-payments-fso-open";

const COVER = `position:fixed;inset:0;z-index:2147483647;display:grid;justify-items:center;
grid-template-rows:0 1fr 0;background:rgb(10 20 15 / .88)`;
const FRAME = `border:0;width:100%;max-width:500px;height:100%;background:#efe9d6`;

export interface Overlay {
  /** The frame's window, from which messages come. */
  window: Window | null;
  remove(): void;
}

/** Opens it and moves the focus into it; Escape asks to close. */
export function openOverlay(url: string, close: () => void): Overlay {
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
  cover.append(edge(), frame, edge());
  document.body.appendChild(cover);
  const release = keepInside(frame, () => frame.focus(), close);
  const letScroll = holdScroll();
  const roots = [document.documentElement, document.body];
  roots.forEach((root) => root.classList.add(OPEN));
  emit("fullscreenOverlayShown");
  return {
    window: frame.contentWindow,
    remove() {
      release();
      cover.remove();
      roots.forEach((root) => root.classList.remove(OPEN));
      letScroll();
      emit("fullscreenOverlayHidden");
    },
  };
}

/** What the keyboard meets where it leaves the frame, instead of the browser's own buttons. */
function edge(): HTMLElement {
  const made = document.createElement("div");
  made.tabIndex = 0;
  return made;
}

/** The page behind neither moves nor forgets where it was. */
function holdScroll(): () => void {
  const { style } = document.body;
  const before = style.cssText;
  const [x, y] = [scrollX, scrollY];
  style.position = "fixed";
  style.inset = `${-y}px 0 auto ${-x}px`;
  return () => {
    style.cssText = before;
    scrollTo(x, y);
  };
}
