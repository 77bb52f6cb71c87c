// What the page asks of kvitt's server, under the shopper's link.

import type { State } from "./outcome.ts";

/** Placing an order may take the server as long as it takes Klarna. */
const TIMEOUT_MS = 90_000;
/** Where the shopper waits for nothing but the answer. */
export const SHORT_TIMEOUT_MS = 15_000;

/** The server said no, and would say it again. */
export class Refused extends Error {}

export class Server {
  constructor(private readonly link: string) {}

  state(): Promise<State> {
    return this.#ask<State>("GET", "state", undefined, SHORT_TIMEOUT_MS);
  }

  /** Makes sure of a session; `unusable`: the one that there is did not work. */
  session(unusable: boolean): Promise<State> {
    return this.#ask<State>("POST", "session", { unusable }, SHORT_TIMEOUT_MS);
  }

  authorization(authorization_token: string, session_id: string): Promise<State> {
    const body = { authorization_token, session_id };
    return this.#ask<State>("POST", "authorization", body, TIMEOUT_MS);
  }

  async saveAddress(billing_address: Record<string, string>): Promise<void> {
    await this.#send("PUT", "shopper", { billing_address }, SHORT_TIMEOUT_MS);
  }

  async fragment(): Promise<string> {
    return (await this.#send("GET", "fragment", undefined, SHORT_TIMEOUT_MS)).text();
  }

  async #ask<T>(method: string, path: string, body: unknown, timeout: number): Promise<T> {
    return (await (await this.#send(method, path, body, timeout)).json()) as T;
  }

  async #send(method: string, path: string, body: unknown, timeout: number): Promise<Response> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
      const answer = await fetch(`${this.link}/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        // What was begun goes on while the page is left.
        keepalive: method !== "GET",
        signal: abort.signal,
      });
      const { status } = answer;
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        throw new Refused(`${path} was answered with ${status}`);
      }
      if (!answer.ok) {
        throw new Error(`${path} was answered with ${status}`);
      }
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }
}
