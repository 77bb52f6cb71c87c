// What Klarna approved and the server has not answered yet, kept over a reload of the page: Klarna's
// callback may be lost too.

export interface Approval {
  token: string;
  session_id: string;
}

export function keep(link: string, approval: Approval): void {
  guarded((storage) => storage.setItem(name(link), JSON.stringify(approval)));
}

export function kept(link: string): Approval | undefined {
  return guarded((storage) => {
    const text = storage.getItem(name(link));
    const { token, session_id } = JSON.parse(text ?? "{}") as Partial<Approval>;
    return token && session_id !== undefined ? { token, session_id } : undefined;
  });
}

export function forget(link: string): void {
  guarded((storage) => storage.removeItem(name(link)));
}

/** By the checkout's id; the link's secret stays out of it. */
function name(link: string): string {
  return `kvitt:${link.split("/").slice(-2, -1).join("")}`;
}

/** A browser may forbid it, or hold something else under this name. */
function guarded<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(window.sessionStorage);
  } catch {
    return undefined;
  }
}
