// The page's elements, and what the shopper sees of each state.

import type { Category } from "./outcome.ts";
import { TEXTS } from "./texts.ts";

export type Shown =
  | "loading"
  | "ready"
  | "paying"
  | "placing"
  | "placed"
  | "denied"
  | "unavailable"
  | "closed";

type Tone = "plain" | "wait" | "bad" | "good";

export class View {
  readonly form: HTMLFormElement;
  readonly widget: HTMLElement;
  readonly again: HTMLButtonElement;
  readonly #buy: HTMLButtonElement;
  readonly #message: HTMLElement;
  readonly #categories: HTMLElement;

  constructor(readonly root: HTMLElement) {
    const part = <T extends HTMLElement>(name: string): T => {
      const found = root.querySelector<T>(`[data-kvitt="${name}"]`);
      if (!found) {
        throw new Error(`the checkout's page lacks ${name}`);
      }
      return found;
    };
    this.form = part("form");
    this.widget = part("widget");
    this.again = part("again");
    this.#buy = part("buy");
    this.#message = part("message");
    this.#categories = part("categories");
  }

  /** One place for all states: what may be pressed, typed and seen in each, and where the keyboard
   * is left. */
  show(state: Shown, text = "", tone: Tone = "plain"): void {
    const changed = this.state !== state;
    const hadFocus = this.form.contains(document.activeElement);
    this.root.dataset["state"] = state;
    const locked = state === "paying" || state === "placing";
    const over = state === "placed" || state === "closed" || state === "denied";
    for (const input of this.#inputs()) {
      input.readOnly = locked;
    }
    for (const radio of this.#categories.querySelectorAll("input")) {
      radio.disabled = locked;
    }
    this.#buy.disabled = state !== "ready";
    this.#buy.setAttribute("aria-busy", String(locked));
    // Once Klarna has approved, there is nothing to do but to wait.
    const idle = over || state === "placing";
    this.#buy.hidden = idle || state === "unavailable";
    this.again.hidden = state !== "unavailable";
    this.widget.hidden = idle || state === "unavailable";
    // Another category may be there where one is not.
    this.#categories.hidden = idle;
    this.#fieldset().hidden = idle || state === "unavailable";
    this.say(text, tone);
    // What had the keyboard is gone or locked, so the message has it; and a page on a phone shows it.
    if (changed && (over || ((locked || state === "unavailable") && hadFocus))) {
      this.#message.focus();
    }
  }

  get state(): Shown {
    return this.root.dataset["state"] as Shown;
  }

  /** The version of the cart that the page shows. */
  get cartVersion(): number {
    return Number(this.root.dataset["cartVersion"]);
  }

  /** The same again is not said again: a screen reader would. */
  say(text: string, tone: Tone = "plain"): void {
    this.#message.dataset["tone"] = tone;
    if (this.#message.textContent !== text) {
      this.#message.textContent = text;
    }
  }

  /** What the shopper typed, by the member of the address. */
  typed(): Record<string, string> {
    const pairs = this.#inputs().map((input) => [member(input.name), input.value] as const);
    return Object.fromEntries(pairs);
  }

  /** Puts back what was typed before the page was drawn anew. */
  fill(typed: Record<string, string>): void {
    for (const input of this.#inputs()) {
      input.value = typed[member(input.name)] ?? input.value;
    }
  }

  clearProblems(): void {
    for (const input of this.#inputs()) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    this.root.querySelectorAll(".kvitt-problem").forEach((problem) => problem.remove());
  }

  /** Marks the fields that Klarna named; those that are not on the page are listed. */
  markProblems(fields: string[]): void {
    this.clearProblems();
    if (fields.length === 0) {
      return;
    }
    const wrong = fields.map(member);
    // In the order in which they stand on the page, whatever Klarna's is.
    const marked = this.#inputs().filter((input) => wrong.includes(member(input.name)));
    for (const input of marked) {
      const problem = document.createElement("p");
      problem.id = `${input.id}-problem`;
      problem.className = "kvitt-problem";
      problem.textContent = TEXTS.field;
      input.after(problem);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
    }
    const names = marked.map((input) => member(input.name));
    const unknown = fields.filter((path) => !names.includes(member(path)));
    if (unknown.length > 0) {
      const list = document.createElement("ul");
      for (const path of unknown) {
        const item = document.createElement("li");
        item.textContent = path.replace(/[._]/g, " ");
        list.append(item);
      }
      this.#message.append(list);
    }
    (marked[0] ?? this.#message).focus();
  }

  /** Several categories are a choice; one is not. Gives the one that is chosen now: the one that
   * was, if it is still there. */
  offer(
    offered: Category[],
    before: string | undefined,
    choose: (identifier: string) => void,
  ): string | undefined {
    const categories = offered.filter((category) => category.identifier);
    const chosen = categories.find(({ identifier }) => identifier === before) ?? categories[0];
    this.#categories.replaceChildren();
    if (categories.length > 1) {
      const group = document.createElement("fieldset");
      const legend = document.createElement("legend");
      legend.textContent = "Way to pay";
      group.append(legend);
      for (const category of categories) {
        const label = document.createElement("label");
        label.className = "kvitt-category";
        const radio = document.createElement("input");
        radio.type = "radio";
        radio.name = "payment_method_category";
        radio.value = category.identifier;
        radio.checked = category === chosen;
        radio.addEventListener("change", () => choose(category.identifier));
        label.append(radio, category.name || category.identifier.replace(/_/g, " "));
        group.append(label);
      }
      this.#categories.append(group);
    }
    return chosen?.identifier;
  }

  /** Back to where the shopper was, with the message beside it. */
  focusBuy(): void {
    this.#buy.focus();
  }

  #inputs(): HTMLInputElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>('input[name^="billing_address."]')];
  }

  #fieldset(): HTMLElement {
    return this.form.querySelector<HTMLElement>(".kvitt-fields") ?? this.form;
  }
}

/** The last part of a dotted path. */
function member(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
