// A Klarna of your tests' own: starts `kvitt sandbox`, and stops it when they are done.
//
// Copy this file beside your tests. It needs Node.js 18 or newer and the program `kvitt`, on the
// PATH or named by the environment variable KVITT.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const READY = "listening on ";

/** A running sandbox; `url` is where it listens. */
export class Sandbox {
  #process;

  /** Starts a sandbox and waits until it answers. */
  static async start() {
    // Port 0 takes any free port, so that test runs do not get in each other's way.
    const child = spawn(process.env.KVITT ?? "kvitt", ["sandbox", "--listen", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    // The sandbox says where it is once it answers: no polling, no sleeping. If it cannot start,
    // its output ends without a line, and the reason is on stderr.
    const output = createInterface({ input: child.stdout });
    const line = await Promise.race([
      once(output, "line").then(([line]) => line),
      once(output, "close").then(() => ""),
      once(child, "error").then(([error]) => Promise.reject(error)),
    ]);
    if (!line.startsWith(READY)) {
      child.kill("SIGKILL");
      throw new Error(`kvitt sandbox did not start; it said "${line}"`);
    }
    const sandbox = new Sandbox();
    sandbox.#process = child;
    sandbox.url = line.slice(READY.length);
    return sandbox;
  }

  /** Asks the sandbox to end, as `docker stop` would, and expects that it ends well. */
  async stop() {
    const exit = once(this.#process, "exit", { signal: AbortSignal.timeout(10_000) });
    this.#process.kill("SIGTERM");
    const [code, signal] = await exit.catch((error) => {
      this.#process.kill("SIGKILL");
      throw error;
    });
    if (code !== 0) throw new Error(`kvitt sandbox ended with ${code ?? signal}`);
  }

  // What Klarna does not have: the shopper, the clock, faults. It needs no credentials.

  /** Stands in for the shopper, who says yes unless told otherwise (`{ outcome: "denied" }`). */
  authorize(sessionId, wishes = {}) {
    return this.#control(`sessions/${sessionId}/authorize`, wishes);
  }

  /** Moves the sandbox's clock forward by an ISO 8601 duration, such as P28D or PT61M. */
  advance(by) {
    return this.#control("clock/advance", { by });
  }

  /** Makes requests go wrong from now on. */
  addFault(fault) {
    return this.#control("faults", fault);
  }

  /** Forgets everything: sessions, orders, faults, and how far the clock was moved. */
  reset() {
    return this.#control("reset", {});
  }

  async #control(path, body) {
    const url = `${this.url}/sandbox/v1/${path}`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
