// What stands in the merchant's container.

import type { WidgetContent } from "./endpoints.ts";
import { emit } from "./events.ts";
import { domName } from "./selection.ts";

const STYLE = `
:host { all: initial; display: block; }
section { box-sizing: border-box; min-width: 280px; padding: 18px 16px 14px; border-radius: 10px;
  font: 16px/1.45 system-ui, sans-serif; color: #1d2b24; border: 1px solid #8c8a6b;
  background: repeating-linear-gradient(135deg, #0b5d44 0 12px, #d9bf6a 0 24px) 0 0 / 100% 6px
    no-repeat #fffdf7; }
p { margin: 0; }
.label { display: inline-block; margin-bottom: 8px; padding: 1px 8px; border-radius: 4px;
  font-size: 13px; font-weight: 600; color: #fff; background: #0b5d44; }
.heading { font-weight: 650; }
.text { margin-top: 4px; }
@media (prefers-color-scheme: dark) {
  section { color: #e8ece9; border-color: #6f7a74; background-color: #1d2420; }
  .label { color: #08130e; background: #7fd6b2; }
}`;

/** One widget in one container. */
export interface Widget {
  node: HTMLElement;
  container: HTMLElement;
  /** Empties it where the form is not to be shown. */
  show(content: WidgetContent): void;
  remove(): void;
}

function element(name: string, className: string, text: string): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function draw(root: ShadowRoot, name: string, heading: string, text?: string): void {
  const style = document.createElement("style");
  style.textContent = STYLE;
  const section = document.createElement("section");
  section.setAttribute("aria-label", name);
  section.append(element("p", "label", "sandbox"), element("p", "heading", heading));
  if (text) {
    section.append(element("p", "text", text));
  }
  root.replaceChildren(style, section);
}

/** The node of a widget, empty until it is told what to show. */
export function mount(container: HTMLElement, name: string): Widget {
  const node = document.createElement("div");
  node.dataset["cid"] = `klarna-${domName(name)}-static`;
  const root = node.attachShadow({ mode: "closed" });
  container.appendChild(node);
  const heights = new ResizeObserver(() => {
    const height = Math.round(node.getBoundingClientRect().height);
    if (height > 0) {
      emit("heightChanged", height);
    }
  });
  heights.observe(node);
  return {
    node,
    container,
    show({ show_form, heading, text }) {
      if (show_form) {
        draw(root, "Klarna sandbox", heading ?? "Pay with the Klarna sandbox", text);
      } else {
        root.replaceChildren();
      }
    },
    remove() {
      heights.disconnect();
      node.remove();
    },
  };
}

/** The summary of a review page, in place of the one that there was. */
export function mountReview(container: HTMLElement, { show_form, amount_text }: WidgetContent): void {
  document.getElementById("klarna-payment-review-main")?.remove();
  if (!show_form) {
    return;
  }
  const node = document.createElement("div");
  node.id = "klarna-payment-review-main";
  const paid = amount_text ? `You pay ${amount_text} with the Klarna sandbox` : "Klarna sandbox";
  draw(node.attachShadow({ mode: "closed" }), "Klarna sandbox: payment review", paid);
  container.appendChild(node);
}
