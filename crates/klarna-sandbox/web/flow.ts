// The buyer's part of an authorization: a window, else an overlay, until there is an answer.

import { closeFlow, openFlow, type Operation } from "./endpoints.ts";
import { type Overlay, openOverlay } from "./overlay.ts";
import { type Backdrop, cover, openPopup } from "./popup.ts";
import type { Selection } from "./selection.ts";
import type { Claims } from "./token.ts";
import { type Data, NOT_APPROVED, type Result } from "./types.ts";

/** The window has to show the buyer's first page within this time (seen in Klarna's script). */
const READY_TIMEOUT_MS = 10_000;
const CLOSED_POLL_MS = 200;

/**
 * Leads the buyer through. The pop-up is opened before anything is awaited, so this must be called
 * inside the shopper's click. Never rejects.
 */
export async function buy(
  claims: Claims,
  selection: Selection,
  operation: Operation,
  data: Data,
  auto_finalize: boolean,
): Promise<Result> {
  const popup = openPopup(selection.name);
  let cancelled = false;
  let stop = (): void => {
    cancelled = true;
  };
  const backdrop: Backdrop | undefined = popup
    ? cover(
        () => popup.focus(),
        () => stop(),
      )
    : undefined;
  const closePopup = (): void => popup?.close();
  window.addEventListener("pagehide", closePopup);
  try {
    const flow = await openFlow(claims, selection, operation, data, auto_finalize);
    if ("result" in flow) {
      return flow.result;
    }
    const answer = new Answer(claims, flow.flow_id);
    stop = () => answer.close();
    if (cancelled) {
      answer.close();
    } else {
      lead(answer, flow.url, popup, backdrop);
    }
    return await answer.result;
  } catch (error) {
    console.error("[klarna sandbox] the purchase flow failed", error);
    return NOT_APPROVED;
  } finally {
    window.removeEventListener("pagehide", closePopup);
    closePopup();
    backdrop?.remove();
  }
}

/** Shows the buyer's pages in the pop-up, or in an overlay where that does not work out. */
function lead(
  answer: Answer,
  url: string,
  popup: Window | null,
  backdrop: Backdrop | undefined,
): void {
  const overlay = (): void => {
    popup?.close();
    backdrop?.remove();
    const opened: Overlay = openOverlay(url, () => answer.close());
    answer.listenTo(opened.window);
    answer.onSettled(() => opened.remove());
  };
  if (!popup || popup.closed) {
    overlay();
    return;
  }
  answer.listenTo(popup);
  popup.location.replace(url);
  const began = Date.now();
  const watch = setInterval(() => {
    if (popup.closed && answer.isReady) {
      answer.close();
    } else if (popup.closed || (!answer.isReady && Date.now() - began > READY_TIMEOUT_MS)) {
      clearInterval(watch);
      overlay();
    }
  }, CLOSED_POLL_MS);
  answer.onSettled(() => clearInterval(watch));
}

/** The flow's answer, given once: by the buyer's pages, or by their absence. */
class Answer {
  readonly result: Promise<Result>;
  isReady = false;
  #settle: (result: Result | Promise<Result>) => void = () => undefined;
  #settled = false;
  #source: Window | null = null;
  #after: (() => void)[] = [];

  constructor(
    private readonly claims: Claims,
    private readonly flow_id: string,
  ) {
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
    window.addEventListener("message", this.#receive);
  }

  listenTo(source: Window | null): void {
    this.#source = source;
  }

  onSettled(act: () => void): void {
    this.#after.push(act);
  }

  /** No buyer is left: the sandbox says what came of it. */
  close(): void {
    this.#give(closeFlow(this.claims, this.flow_id));
  }

  #give(result: Result | Promise<Result>): void {
    if (this.#settled) {
      return;
    }
    this.#settled = true;
    window.removeEventListener("message", this.#receive);
    this.#after.forEach((act) => act());
    this.#settle(result);
  }

  readonly #receive = (event: MessageEvent): void => {
    const message = event.data as Partial<Message> | null;
    const ours =
      event.origin === new URL(this.claims.base_url).origin &&
      event.source === this.#source &&
      message?.source === "klarna-sandbox" &&
      message.flow_id === this.flow_id;
    if (!ours) {
      return;
    }
    this.isReady = true;
    if (message.result) {
      this.#give(message.result);
    }
  };
}

/** What the buyer's pages say: that they are there, and at the end what came of it. */
interface Message {
  source: "klarna-sandbox";
  flow_id: string;
  result?: Result;
}
