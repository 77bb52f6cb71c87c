// Klarna's script: loaded once for each page, however many checkouts ask for it.

const TIMEOUT_MS = 10_000;

const loading = new Map<string, Promise<KlarnaPayments>>();

/** The SDK, once it is there. A failed try is forgotten, so that the next begins anew. */
export function loadSdk(url: string): Promise<KlarnaPayments> {
  const known = loading.get(url);
  if (known) {
    return known;
  }
  const attempt = load(url).catch((error: unknown) => {
    loading.delete(url);
    throw error;
  });
  loading.set(url, attempt);
  return attempt;
}

function load(url: string): Promise<KlarnaPayments> {
  if (window.Klarna?.Payments) {
    return Promise.resolve(window.Klarna.Payments);
  }
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const fail = (why: string): void => {
      clearTimeout(timer);
      script.remove();
      reject(new Error(why));
    };
    const timer = setTimeout(() => fail("Klarna's script took too long"), TIMEOUT_MS);
    // Before the script, which calls it once when it is done. The shop's own keeps its turn.
    const before = window.klarnaAsyncCallback;
    window.klarnaAsyncCallback = () => {
      clearTimeout(timer);
      before?.();
      if (window.Klarna?.Payments) {
        resolve(window.Klarna.Payments);
      } else {
        fail("Klarna's script did not bring Klarna.Payments");
      }
    };
    script.src = url;
    script.async = true;
    script.onerror = () => fail("Klarna's script could not be loaded");
    document.head.appendChild(script);
  });
}
