// What Klarna approved is brought to the server, until it has answered.

import { backOff, type State } from "./outcome.ts";
import { Refused, type Server } from "./server.ts";
import { type Approval, forget } from "./unsent.ts";

/** What the server says once it knows of the approval, over its own door or Klarna's callback.
 * `offline` is called after each try in vain. */
export async function handIn(
  server: Server,
  link: string,
  approval: Approval,
  offline: () => void,
): Promise<State> {
  for (let tries = 0; ; tries += 1) {
    const state = await attempt(server, approval);
    if (state) {
      forget(link);
      return state;
    }
    offline();
    await new Promise((resolve) => setTimeout(resolve, backOff(tries)));
  }
}

async function attempt(server: Server, approval: Approval): Promise<State | undefined> {
  try {
    return await server.authorization(approval.token, approval.session_id);
  } catch (error) {
    const state = await server.state().catch(() => undefined);
    // A checkout that is still open has not heard of it, unless it was refused there for good.
    return state?.status === "open" && !(error instanceof Refused) ? undefined : state;
  }
}
