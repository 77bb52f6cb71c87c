// Calls to the sandbox that the session lives in.

import type { Selection } from "./selection.ts";
import type { Claims } from "./token.ts";
import type { Data, Result } from "./types.ts";

/** How long the widget may take (seen in Klarna's script). */
const WIDGET_TIMEOUT_MS = 5_000;
const FLOW_TIMEOUT_MS = 15_000;

/** What the widget shows. */
export interface WidgetContent extends Result {
  heading?: string;
  text?: string;
  amount_text?: string;
}

export type Operation = "authorize" | "reauthorize" | "finalize";

/** A flow that waits for the buyer, or an answer that needed none. */
export type Flow = { flow_id: string; url: string } | { result: Result };

async function post<T>(url: string, body: unknown, timeout: number): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      signal: abort.signal,
    });
    const text: unknown = await answer.json();
    if (!answer.ok) {
      const { message } = text as { message?: string };
      throw new Error(`${url} answered ${answer.status}: ${message ?? ""}`);
    }
    return text as T;
  } finally {
    clearTimeout(timer);
  }
}

function wire(selection: Selection): Data {
  const { name: _, ...members } = selection;
  return members;
}

export function widget(
  claims: Claims,
  selection: Selection,
  purchase_amount: unknown,
): Promise<WidgetContent> {
  const amount = typeof purchase_amount === "number" ? { purchase_amount } : {};
  const url = `${claims.base_url}/v1/sessions/${encodeURIComponent(claims.session_id)}/widget`;
  return post(url, { ...wire(selection), ...amount }, WIDGET_TIMEOUT_MS);
}

export function openFlow(
  claims: Claims,
  selection: Selection,
  operation: Operation,
  data: Data,
  auto_finalize: boolean,
): Promise<Flow> {
  const session = encodeURIComponent(claims.session_id);
  const url = `${claims.base_url}/v1/sessions/${session}/purchase-flows`;
  const body = {
    ...wire(selection),
    operation,
    data,
    auto_finalize,
    origin: location.origin,
  };
  return post(url, body, FLOW_TIMEOUT_MS);
}

/** The buyer's window is gone: the flow's answer, which is an abort unless it had one. */
export async function closeFlow(claims: Claims, flow_id: string): Promise<Result> {
  const url = `${claims.base_url}/v1/purchase-flows/${encodeURIComponent(flow_id)}/close`;
  const closed = await post<{ result: Result }>(url, {}, FLOW_TIMEOUT_MS);
  return closed.result;
}
