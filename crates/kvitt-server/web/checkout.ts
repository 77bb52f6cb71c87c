// One checkout on a page: what is done when, from loading to paid.

import { address, backOff, outcomeOf, type State } from "./outcome.ts";
import { loadSdk } from "./sdk.ts";
import { Server } from "./server.ts";
import { TEXTS } from "./texts.ts";
import { View } from "./view.ts";

/** How long Klarna's widget may take: a little more than it gives itself. */
const LOAD_TIMEOUT_MS = 35_000;
const POLL_MS = 2_000;
/** After the shopper comes back to the page: how long Klarna's answer may still take. */
const SILENCE_MS = 5_000;

export interface Completed {
  redirect_url: string | null;
}

export class Checkout {
  readonly #server: Server;
  #view: View;
  #klarna: KlarnaPayments | undefined;
  #state: State | undefined;
  #category: string | undefined;
  /** Counts loads: what belongs to an older one is of no interest any more. */
  #generation = 0;
  #left = false;

  constructor(
    link: string,
    private readonly container: HTMLElement,
    private readonly onCompleted: ((completed: Completed) => void) | undefined,
  ) {
    this.#server = new Server(link);
    this.#view = this.#adopt();
    document.addEventListener("visibilitychange", this.#returned);
    window.addEventListener("focus", this.#returned);
    window.addEventListener("pageshow", this.#returned);
    void this.#begin();
  }

  /** The page does not show this checkout any more. */
  leave(): void {
    this.#left = true;
    this.#generation += 1;
    document.removeEventListener("visibilitychange", this.#returned);
    window.removeEventListener("focus", this.#returned);
    window.removeEventListener("pageshow", this.#returned);
  }

  #adopt(): View {
    const root = this.container.querySelector<HTMLElement>('[data-kvitt="checkout"]');
    if (!root) {
      throw new Error("the container holds no checkout");
    }
    const view = new View(root);
    view.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#buy();
    });
    view.again.addEventListener("click", () => void this.#begin());
    return view;
  }

  /** From the start, or from the start again. */
  async #begin(): Promise<void> {
    this.#view.show("loading", TEXTS.loading);
    try {
      this.#apply(await this.#server.session(false));
    } catch {
      this.#view.show("unavailable", TEXTS.server, "bad");
    }
  }

  /** Follows what the server says. `text` is what the shopper is told if they can pay. */
  #apply(state: State, text = ""): void {
    const before = this.#state;
    this.#state = state;
    if (this.#left) {
      return;
    }
    switch (state.status) {
      case "placed":
      case "authorized":
        this.#complete(state);
        break;
      case "placing":
        this.#view.show("placing", TEXTS.placing);
        this.#poll(POLL_MS);
        break;
      case "unknown":
        this.#view.show("placing", TEXTS.unknown, "bad");
        this.#poll(5 * POLL_MS);
        break;
      case "closed":
        this.#view.show("closed", TEXTS.closed);
        break;
      case "open":
        if (before && before.cart_version !== state.cart_version) {
          void this.#redraw();
        } else {
          void this.#load(state, text);
        }
        break;
    }
  }

  #complete(state: State): void {
    this.#view.show("placed", state.status === "placed" ? TEXTS.placed : TEXTS.authorized, "good");
    this.#view.focusMessage();
    const { redirect_url } = state;
    const completed = { redirect_url };
    this.container.dispatchEvent(new CustomEvent("kvitt:completed", { detail: completed }));
    if (this.onCompleted) {
      this.onCompleted(completed);
    } else if (redirect_url) {
      window.location.assign(redirect_url);
    }
  }

  #poll(pause: number): void {
    const generation = (this.#generation += 1);
    setTimeout(() => {
      if (generation !== this.#generation) {
        return;
      }
      this.#server.state().then(
        (state) => this.#apply(state, TEXTS.refused),
        () => this.#poll(pause),
      );
    }, pause);
  }

  /** The shop changed the cart: the page is drawn anew, and so is the widget. */
  async #redraw(): Promise<void> {
    try {
      this.container.innerHTML = await this.#server.fragment();
      this.#view = this.#adopt();
      if (this.#state) {
        await this.#load(this.#state, TEXTS.changed);
      }
    } catch {
      this.#view.show("unavailable", TEXTS.server, "bad");
    }
  }

  /** Shows the widget for a session. Once it stands, the shopper may buy. */
  async #load(state: State, text: string): Promise<void> {
    const { session } = state;
    if (!session?.client_token) {
      this.#view.show("unavailable", TEXTS.server, "bad");
      return;
    }
    this.#view.show("loading", text || TEXTS.loading);
    const client_token = session.client_token;
    try {
      this.#klarna = await loadSdk(state.sdk_url);
      this.#klarna.init({ client_token });
    } catch {
      this.#view.show("unavailable", TEXTS.unavailable, "bad");
      return;
    }
    this.#view.offer(session.payment_method_categories, (identifier) => {
      this.#category = identifier;
      this.#showWidget(state, text);
    });
  }

  #showWidget(state: State, text: string): void {
    const generation = (this.#generation += 1);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      if (generation === this.#generation) {
        act();
      }
    };
    const unavailable = (): void =>
      settle(() => this.#view.show("unavailable", TEXTS.unavailable, "bad"));
    const timer = setTimeout(unavailable, LOAD_TIMEOUT_MS);
    this.#view.show("loading", text || TEXTS.loading);
    this.#view.widget.replaceChildren();
    this.#view.widget.hidden = false;
    try {
      this.#klarna?.load(
        { container: this.#view.widget, ...this.#options() },
        state.address_at_load ? this.#data() : {},
        (result) =>
          settle(() => {
            if (result.show_form) {
              this.#view.show("ready", text);
            } else {
              void this.#afterDenial();
            }
          }),
      );
    } catch {
      unavailable();
    }
  }

  #options(): { payment_method_category?: string } {
    return this.#category === undefined ? {} : { payment_method_category: this.#category };
  }

  #data(): { billing_address?: Record<string, string> } {
    const { billing_address, purchase_country } = this.#state ?? {};
    const sent = address(billing_address ?? null, this.#view.typed(), purchase_country ?? "");
    return sent ? { billing_address: sent } : {};
  }

  /** The shopper presses Buy. Nothing is awaited before `authorize`: the browser would take its
   * window for an unasked one. */
  #buy(): void {
    if (this.#view.state !== "ready" || !this.#klarna || !this.#state) {
      return;
    }
    const data = this.#data();
    const generation = (this.#generation += 1);
    let answered = false;
    this.#view.clearProblems();
    this.#view.show("paying", TEXTS.paying);
    try {
      this.#klarna.authorize(this.#options(), data, (result) => {
        // A misuse is both told and thrown: the first one counts. A late answer still does.
        if (!answered) {
          answered = true;
          this.#generation = Math.max(this.#generation, generation);
          this.#answered(result);
        }
      });
    } catch {
      if (!answered) {
        answered = true;
        this.#view.show("unavailable", TEXTS.unavailable, "bad");
      }
    }
    const { billing_address } = data;
    if (billing_address) {
      // In time, since the shopper is at Klarna's for longer. Placing repeats what Klarna heard.
      this.#server.saveAddress(billing_address).catch(() => undefined);
    }
  }

  /** One way out for every answer: whatever it is, the page does not stay locked. */
  #answered(result: KlarnaResult): void {
    const outcome = outcomeOf(result);
    switch (outcome.kind) {
      case "approved":
        this.#view.show("placing", TEXTS.placing);
        void this.#handIn(outcome.token, this.#state?.session?.session_id ?? "", 0);
        break;
      case "closed":
        this.#view.show("ready", TEXTS.cancelled);
        this.#view.focusMessage();
        break;
      case "fixable":
        this.#view.show("ready", TEXTS.fixable, "bad");
        this.#view.markProblems(outcome.fields);
        break;
      case "denied":
        void this.#afterDenial();
        break;
    }
  }

  /** Klarna's callback brings the token to the server too, so a lost network loses nothing. */
  async #handIn(token: string, session_id: string, tries: number): Promise<void> {
    try {
      this.#apply(await this.#server.authorization(token, session_id), TEXTS.refused);
    } catch {
      this.#view.show("placing", TEXTS.offline, "bad");
      setTimeout(() => void this.#handIn(token, session_id, tries + 1), backOff(tries));
    }
  }

  /** `show_form` is false where Klarna says no, and where the session is gone: the server asks. */
  async #afterDenial(): Promise<void> {
    const before = this.#state?.session?.session_id;
    try {
      const state = await this.#server.session(true);
      if (state.status !== "open" || state.session?.session_id !== before) {
        this.#apply(state, TEXTS.renewed);
        return;
      }
    } catch {
      // Then it stays Klarna's no.
    }
    this.#view.show("denied", TEXTS.denied, "bad");
    this.#view.focusMessage();
  }

  /** The shopper looks at the page again: another tab may have paid, the shop may have changed
   * the cart, the session may be over, or Klarna's answer may never have come. */
  readonly #returned = (): void => {
    if (document.visibilityState !== "visible" || this.#left) {
      return;
    }
    const generation = this.#generation;
    if (this.#view.state === "ready") {
      this.#server.session(false).then(
        (state) => {
          const same =
            state.status === "open" &&
            state.session?.session_id === this.#state?.session?.session_id &&
            state.cart_version === this.#state?.cart_version;
          if (!same && generation === this.#generation && this.#view.state === "ready") {
            this.#apply(state, TEXTS.renewed);
          }
        },
        () => undefined,
      );
    } else if (this.#view.state === "paying") {
      setTimeout(() => {
        if (generation !== this.#generation || this.#view.state !== "paying") {
          return;
        }
        this.#server.state().then(
          (state) => {
            if (this.#view.state !== "paying") {
              return;
            }
            if (state.status === "open") {
              this.#view.show("ready", TEXTS.silent);
            } else {
              this.#apply(state);
            }
          },
          () => undefined,
        );
      }, SILENCE_MS);
    }
  };
}
