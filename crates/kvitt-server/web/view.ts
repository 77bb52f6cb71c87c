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

type Tone = "plain" | "bad" | "good";

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

  /** One place for all states: what may be pressed, typed and seen in each. */
  show(state: Shown, text = "", tone: Tone = "plain"): void {
    this.root.dataset["state"] = state;
    const locked = state === "paying" || state === "placing";
    const over = state === "placed" || state === "closed" || state === "denied";
    for (const input of this.#inputs()) {
      input.readOnly = locked;
    }
    this.#buy.disabled = state !== "ready";
    this.#buy.setAttribute("aria-busy", String(locked));
    this.#buy.hidden = over || state === "unavailable";
    this.again.hidden = state !== "unavailable";
    this.widget.hidden = over || state === "unavailable";
    this.#categories.hidden = this.widget.hidden;
    this.#fieldset().hidden = over;
    this.say(text, tone);
  }

  get state(): Shown {
    return this.root.dataset["state"] as Shown;
  }

  say(text: string, tone: Tone = "plain"): void {
    this.#message.dataset["tone"] = tone;
    this.#message.textContent = text;
  }

  /** What the shopper typed, by the member of the address. */
  typed(): Record<string, string> {
    const pairs = this.#inputs().map((input) => [member(input.name), input.value] as const);
    return Object.fromEntries(pairs);
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
    const unknown: string[] = [];
    let first: HTMLInputElement | undefined;
    for (const path of fields) {
      const input = this.#inputs().find((it) => member(it.name) === member(path));
      if (!input) {
        unknown.push(path);
        continue;
      }
      first ??= input;
      const problem = document.createElement("p");
      problem.id = `${input.id}-problem`;
      problem.className = "kvitt-problem";
      problem.textContent = TEXTS.field;
      input.after(problem);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
    }
    if (unknown.length > 0) {
      const list = document.createElement("ul");
      for (const path of unknown) {
        const item = document.createElement("li");
        item.textContent = path.replace(/[._]/g, " ");
        list.append(item);
      }
      this.#message.append(list);
    }
    (first ?? this.#message).focus();
  }

  /** Several categories are a choice; one is not. Tells which is chosen, now and later. */
  offer(categories: Category[], choose: (identifier: string | undefined) => void): void {
    this.#categories.replaceChildren();
    if (categories.length > 1) {
      const group = document.createElement("fieldset");
      group.setAttribute("aria-label", "Way to pay");
      group.style.gridTemplateColumns = "1fr";
      categories.forEach((category, place) => {
        const label = document.createElement("label");
        label.className = "kvitt-category";
        const radio = document.createElement("input");
        radio.type = "radio";
        radio.name = "payment_method_category";
        radio.value = category.identifier;
        radio.checked = place === 0;
        radio.addEventListener("change", () => choose(category.identifier));
        label.append(radio, category.name || category.identifier);
        group.append(label);
      });
      this.#categories.append(group);
    }
    choose(categories[0]?.identifier);
  }

  focusMessage(): void {
    this.#message.focus();
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
