// Klarna's script: loaded once for each page, however often it is asked for.

const TIMEOUT_MS = 10_000;
/** Between a script's end and its callback, which an app's web view may put off. */
const GRACE_MS = 500;

const arriving = new Map<string, Promise<KlarnaPayments>>();

/** The SDK, once it is there. What failed or took too long is forgotten, so that the next try begins
 * anew; `late` is called if the script comes after all. */
export function loadSdk(url: string, late: () => void): Promise<KlarnaPayments> {
  const here = window.Klarna?.Payments;
  if (here) {
    return Promise.resolve(here);
  }
  const attempt = arriving.get(url) ?? inject(url);
  arriving.set(url, attempt);
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      arriving.delete(url);
      reject(new Error("Klarna's script took too long"));
    }, TIMEOUT_MS);
    attempt.then(
      (sdk) => {
        clearTimeout(timer);
        if (isLate) {
          late();
        } else {
          resolve(sdk);
        }
      },
      (error: unknown) => {
        clearTimeout(timer);
        arriving.delete(url);
        reject(error);
      },
    );
  });
}

function inject(url: string): Promise<KlarnaPayments> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const done = (): void => {
      if (window.Klarna?.Payments) {
        resolve(window.Klarna.Payments);
      } else {
        reject(new Error("Klarna's script did not bring Klarna.Payments"));
      }
    };
    // Before the script, which calls it once when it is done. The shop's own keeps its turn, and
    // what it throws is the shop's.
    const before = window.klarnaAsyncCallback;
    window.klarnaAsyncCallback = () => {
      done();
      before?.();
    };
    // Where the callback never comes, because the shop's page set its own over it.
    script.onload = () => setTimeout(done, GRACE_MS);
    script.onerror = () => {
      script.remove();
      reject(new Error("Klarna's script could not be loaded"));
    };
    script.src = url;
    script.async = true;
    document.head.appendChild(script);
  });
}
