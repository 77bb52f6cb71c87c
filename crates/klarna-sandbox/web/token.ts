// The client token: a JWT of which only the payload is read. Its signature is not checked, as in
// Klarna's own script.

import { SdkError } from "./errors.ts";

export interface Claims {
  session_id: string;
  /** Where the session lives, such as `http://127.0.0.1:4010/kp`. */
  base_url: string;
  purchase_country: string;
  session_type: string;
  /** Newer sessions: naming a category is optional. */
  scheme: boolean;
}

/** The claims of a token that can be decoded; anything else is an `InvalidClientTokenError`. */
export function decode(token: unknown): Claims {
  const claims = payload(token);
  const text = (name: string): string => {
    const value = claims?.[name];
    return typeof value === "string" ? value : "";
  };
  if (!claims) {
    throw new SdkError(
      "InvalidClientTokenError",
      "The client token is invalid. Make sure that it comes from POST /payments/v1/sessions and " +
        "has not been tampered with.",
    );
  }
  return {
    session_id: text("session_id"),
    base_url: text("base_url").replace(/\/+$/, ""),
    purchase_country: text("purchase_country").toUpperCase(),
    session_type: text("session_type"),
    scheme: claims["scheme"] === true,
  };
}

function payload(token: unknown): Record<string, unknown> | undefined {
  const part = typeof token === "string" ? token.split(".")[1] : undefined;
  if (!part) {
    return undefined;
  }
  try {
    const base64 = part.replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const LOCAL_HOSTS = ["localhost", "0.0.0.0", "127.0.0.1", "[::1]", "dev-proxy"];

/**
 * Whether a session can live there. Klarna's own script takes Klarna's hosts and a few local ones;
 * this one takes local ones and the place that it was loaded from, and never calls Klarna.
 */
export function isSandbox(base_url: string, scriptOrigin: string | undefined): boolean {
  try {
    const url = new URL(base_url);
    const local = url.protocol === "http:" && LOCAL_HOSTS.includes(url.hostname);
    return local || url.origin === scriptOrigin;
  } catch {
    return false;
  }
}
