// What the page asks of kvitt's server, under the shopper's link.

import type { State } from "./outcome.ts";

const TIMEOUT_MS = 90_000;

export class Server {
  constructor(private readonly link: string) {}

  state(): Promise<State> {
    return this.#ask<State>("GET", "state");
  }

  /** Makes sure of a session; `unusable`: the one that there is did not work. */
  session(unusable: boolean): Promise<State> {
    return this.#ask<State>("POST", "session", { unusable });
  }

  authorization(authorization_token: string, session_id: string): Promise<State> {
    return this.#ask<State>("POST", "authorization", { authorization_token, session_id });
  }

  async saveAddress(billing_address: Record<string, string>): Promise<void> {
    await this.#send("PUT", "shopper", { billing_address });
  }

  async fragment(): Promise<string> {
    return (await this.#send("GET", "fragment")).text();
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await this.#send(method, path, body)).json()) as T;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const answer = await fetch(`${this.link}/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
        credentials: "omit",
        cache: "no-store",
        // What was begun goes on while the page is left.
        keepalive: method !== "GET",
        signal: abort.signal,
      });
      if (!answer.ok) {
        throw new Error(`${path} was answered with ${answer.status}`);
      }
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }
}
