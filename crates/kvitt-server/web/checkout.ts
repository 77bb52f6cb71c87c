// One checkout on a page: what is done when, from loading to paid.

import { authorize } from "./authorize.ts";
import { handIn } from "./hand_in.ts";
import { address, type Outcome, type State } from "./outcome.ts";
import { loadSdk } from "./sdk.ts";
import { Server } from "./server.ts";
import { TEXTS } from "./texts.ts";
import { type Approval, keep, kept } from "./unsent.ts";
import { View } from "./view.ts";
import { loadWidget } from "./widget.ts";

const POLL_MS = 2_000;
/** After the shopper comes back to the page: how long Klarna's answer may still take. */
const SILENCE_MS = 5_000;

export interface Completed {
  redirect_url: string | null;
}

/** Those on the page, and those that left it with something still to be told. */
const living = new Set<Checkout>();

export class Checkout {
  readonly #server: Server;
  #view: View;
  #klarna: KlarnaPayments | undefined;
  #state: State | undefined;
  #category: string | undefined;
  /** Counts beginnings: what belongs to an older one is of no interest any more. */
  #generation = 0;
  #left = false;
  #completed = false;
  #comparing = false;
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #saved: Promise<void> = Promise.resolve();

  constructor(
    private readonly link: string,
    private readonly container: HTMLElement,
    private readonly onCompleted: ((completed: Completed) => void) | undefined,
  ) {
    this.#server = new Server(link);
    this.#view = this.#adopt();
    document.addEventListener("visibilitychange", this.#returned);
    window.addEventListener("focus", this.#returned);
    window.addEventListener("pageshow", this.#returned);
    living.add(this);
    void this.#begin();
  }

  /** The page does not show this checkout any more. What Klarna still approves is handed in. */
  leave(): void {
    this.#left = true;
    this.#next();
    living.delete(this);
    document.removeEventListener("visibilitychange", this.#returned);
    window.removeEventListener("focus", this.#returned);
    window.removeEventListener("pageshow", this.#returned);
  }

  /** A new beginning. Its answer tells whether it is still the newest. */
  #next(): () => boolean {
    const mine = (this.#generation += 1);
    clearTimeout(this.#doubt);
    return () => mine === this.#generation && !this.#left;
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
    const current = this.#next();
    const approval = kept(this.link);
    if (approval) {
      this.#view.show("placing", TEXTS.placing);
      void this.#handIn(approval);
      return;
    }
    this.#view.show("loading", TEXTS.loading);
    try {
      const state = await this.#server.session(false);
      if (current()) {
        this.#apply(state, "");
      }
    } catch {
      if (current()) {
        this.#view.show("unavailable", TEXTS.server, "bad");
      }
    }
  }

  /** Follows what the server says. `text` is what the shopper is told if they can pay. */
  #apply(state: State, text: string): void {
    if (this.#left || this.#completed) {
      return;
    }
    this.#state = state;
    switch (state.status) {
      case "placed":
      case "authorized":
        this.#complete(state);
        break;
      case "placing":
        this.#view.show("placing", TEXTS.placing);
        this.#poll(POLL_MS, TEXTS.refused);
        break;
      case "unknown":
        this.#view.show("placing", TEXTS.unknown, "wait");
        this.#poll(5 * POLL_MS, TEXTS.refused);
        break;
      case "closed":
        this.#next();
        this.#view.show("closed", TEXTS.closed);
        break;
      case "open":
        if (this.#view.cartVersion === state.cart_version) {
          void this.#load(state, text);
        } else {
          void this.#redraw(state);
        }
        break;
    }
  }

  /** Told once, whatever else is still under way. */
  #complete(state: State): void {
    this.#completed = true;
    this.#next();
    this.#view.show("placed", state.status === "placed" ? TEXTS.placed : TEXTS.authorized, "good");
    const { redirect_url } = state;
    const completed = { redirect_url };
    this.container.dispatchEvent(new CustomEvent("kvitt:completed", { detail: completed }));
    if (this.onCompleted) {
      try {
        this.onCompleted(completed);
      } catch (error) {
        // The shop's fault, told as such. It is no reason to doubt the payment.
        setTimeout(() => {
          throw error;
        });
      }
    } else if (redirect_url) {
      window.location.assign(redirect_url);
    }
  }

  #poll(pause: number, text: string): void {
    const current = this.#next();
    setTimeout(() => {
      if (!current()) {
        return;
      }
      this.#server.state().then(
        (state) => (current() ? this.#apply(state, text) : undefined),
        () => (current() ? this.#poll(pause, text) : undefined),
      );
    }, pause);
  }

  /** The cart is another one than the page shows: the page is drawn anew, and so is the widget. */
  async #redraw(state: State): Promise<void> {
    const current = this.#next();
    const typed = this.#view.typed();
    this.#view.show("loading", TEXTS.loading);
    try {
      const fragment = await this.#server.fragment();
      if (!current()) {
        return;
      }
      this.container.innerHTML = fragment;
      this.#view = this.#adopt();
      this.#view.fill(typed);
    } catch {
      if (current()) {
        this.#view.show("unavailable", TEXTS.server, "bad");
      }
      return;
    }
    if (this.#view.cartVersion === state.cart_version) {
      await this.#load(state, TEXTS.changed);
    } else {
      await this.#begin();
    }
  }

  /** Shows the widget for a session. Once it stands, the shopper may buy. */
  async #load(state: State, text: string): Promise<void> {
    const current = this.#next();
    const { session } = state;
    if (!session?.client_token) {
      this.#view.show("unavailable", TEXTS.server, "bad");
      return;
    }
    this.#view.show("loading", TEXTS.loading);
    const late = (): void => {
      if (current()) {
        void this.#begin();
      }
    };
    let klarna: KlarnaPayments;
    try {
      klarna = await loadSdk(state.sdk_url, late);
      if (!current()) {
        return;
      }
      klarna.init({ client_token: session.client_token });
      this.#klarna = klarna;
    } catch {
      if (current()) {
        this.#view.show("unavailable", TEXTS.unavailable, "bad");
      }
      return;
    }
    const show = (identifier: string | undefined, said: string): void => {
      this.#category = identifier;
      this.#showWidget(klarna, state, said, true);
    };
    const categories = session.payment_method_categories;
    show(this.#view.offer(categories, this.#category, (chosen) => show(chosen, "")), text);
  }

  #showWidget(klarna: KlarnaPayments, state: State, text: string, isFirst: boolean): void {
    const current = this.#next();
    this.#view.show("loading", TEXTS.loading);
    const options = { container: this.#view.widget, ...this.#options() };
    // Elsewhere Klarna hears of the shopper when they press Buy, and not before.
    const data = state.address_at_load ? this.#data() : {};
    loadWidget(klarna, options, data, (shown) => {
      if (!current()) {
        return;
      }
      switch (shown.kind) {
        case "shown":
          this.#view.show("ready", shown.fields.length > 0 ? TEXTS.fixable : text);
          this.#view.markProblems(shown.fields);
          break;
        case "hidden":
          void this.#notShown(klarna, text, isFirst);
          break;
        case "failed":
          this.#view.show("unavailable", TEXTS.unavailable, "bad");
          break;
      }
    });
  }

  /** No widget: the session may be over, or something did not answer in time. Klarna's no to the
   * purchase comes with `authorize`. */
  async #notShown(klarna: KlarnaPayments, text: string, isFirst: boolean): Promise<void> {
    const state = await this.#heal();
    if (state && isFirst) {
      this.#showWidget(klarna, state, text, false);
    } else if (state) {
      this.#view.show("unavailable", TEXTS.unavailable, "bad");
    }
  }

  /** Has the server look whether the session still works. Gives the state to go on with in it;
   * otherwise the page goes another way already. */
  async #heal(): Promise<State | undefined> {
    const current = this.#next();
    const before = this.#state;
    let state = before;
    try {
      state = await this.#server.session(true);
    } catch {
      // Then it stays what Klarna said.
    }
    if (!current() || !state) {
      return undefined;
    }
    if (state.status === "open" && state.session?.session_id === before?.session?.session_id) {
      return state;
    }
    this.#apply(state, TEXTS.renewed);
    return undefined;
  }

  #options(): { payment_method_category?: string } {
    return this.#category === undefined ? {} : { payment_method_category: this.#category };
  }

  #data(): Record<string, Record<string, string>> {
    const { billing_address, shipping_address, customer, purchase_country } = this.#state ?? {};
    const billing = address(billing_address ?? null, this.#view.typed(), purchase_country ?? "");
    return {
      ...(billing && { billing_address: billing }),
      ...(shipping_address && { shipping_address }),
      ...(customer && { customer }),
    };
  }

  /** The shopper presses Buy. Nothing is awaited before `authorize`: the browser would take its
   * window for an unasked one. */
  #buy(): void {
    const { session } = this.#state ?? {};
    if (this.#view.state !== "ready" || !this.#klarna || !session) {
      return;
    }
    const data = this.#data();
    this.#next();
    this.#view.clearProblems();
    this.#view.show("paying", TEXTS.paying);
    authorize(this.#klarna, this.#options(), data, (outcome) =>
      this.#answered(outcome, session.session_id),
    );
    const { billing_address } = data;
    if (billing_address) {
      // In time, since the shopper is at Klarna's for longer. Placing repeats what Klarna heard.
      this.#saved = this.#server.saveAddress(billing_address).catch(() => undefined);
    }
  }

  /** One way out for every answer: whatever it is, the page does not stay locked. */
  #answered(outcome: Outcome, session_id: string): void {
    if (outcome.kind === "approved") {
      // Whatever has become of the page since: it is handed in, or given back by the server.
      const approval = { token: outcome.token, session_id };
      keep(this.link, approval);
      if (!this.#completed && !this.#left) {
        this.#next();
        this.#view.show("placing", TEXTS.placing);
      }
      void this.#handIn(approval);
      return;
    }
    if (this.#left || (this.#view.state !== "paying" && this.#view.state !== "ready")) {
      return;
    }
    this.#next();
    switch (outcome.kind) {
      case "closed":
        this.#view.show("ready", TEXTS.cancelled);
        this.#view.focusBuy();
        // It may have been closed because another tab has paid.
        void this.#compare();
        break;
      case "fixable":
        this.#view.show("ready", TEXTS.fixable, "bad");
        this.#view.markProblems(outcome.fields);
        break;
      case "denied":
        void this.#denied();
        break;
      case "failed":
        this.#view.show("unavailable", TEXTS.unavailable, "bad");
        break;
      default:
        this.#view.show("placing", TEXTS.placing);
        this.#poll(SILENCE_MS, TEXTS.silent);
        break;
    }
  }

  /** `show_form` is false where Klarna says no, and where the session is gone: the server asks. */
  async #denied(): Promise<void> {
    this.#view.show("loading", TEXTS.asking);
    if (await this.#heal()) {
      this.#view.show("denied", TEXTS.denied, "bad");
    }
  }

  /** Klarna's callback brings the token to the server too, so a lost network loses nothing. */
  async #handIn(approval: Approval): Promise<void> {
    // Placing repeats the address, so the server has to know it first.
    await this.#saved;
    const state = await handIn(this.#server, this.link, approval, () => {
      if (!this.#left && !this.#completed) {
        this.#next();
        this.#view.show("placing", TEXTS.offline, "wait");
      }
    });
    // A single-page app may have shown the same checkout anew meanwhile.
    for (const checkout of new Set([this, ...living])) {
      if (checkout.link === this.link) {
        checkout.#apply(state, TEXTS.refused);
      }
    }
  }

  /** The shopper looks at the page again: another tab may have paid, the shop may have changed
   * the cart, the session may be over, or Klarna's answer may never have come. */
  readonly #returned = (): void => {
    if (document.visibilityState !== "visible" || this.#left) {
      return;
    }
    if (this.#view.state === "ready") {
      void this.#compare();
    } else if (this.#view.state === "paying") {
      const generation = this.#generation;
      clearTimeout(this.#doubt);
      this.#doubt = setTimeout(() => void this.#unlock(generation), SILENCE_MS);
    }
  };

  /** Whether the page still shows what is so. */
  async #compare(): Promise<void> {
    if (this.#comparing) {
      return;
    }
    this.#comparing = true;
    const generation = this.#generation;
    try {
      const state = await this.#server.session(false);
      const same =
        state.status === "open" &&
        state.session?.session_id === this.#state?.session?.session_id &&
        state.cart_version === this.#view.cartVersion;
      if (!same && generation === this.#generation) {
        this.#apply(state, TEXTS.renewed);
      }
    } catch {
      // Nothing is known, so nothing is changed.
    } finally {
      this.#comparing = false;
    }
  }

  /** Klarna's answer never came. */
  async #unlock(generation: number): Promise<void> {
    const state = await this.#server.state().catch(() => undefined);
    if (!state || generation !== this.#generation) {
      return;
    }
    if (state.status === "open") {
      this.#view.show("ready", TEXTS.silent);
      this.#view.focusBuy();
    } else {
      this.#apply(state, "");
    }
  }
}
