// On each of the buyer's pages: tells the merchant's page that the buyer is there, and at the end
// what came of it; and helps those who use the keyboard.

const main = document.querySelector<HTMLElement>("main[data-flow]");
const flow_id = main?.dataset["flow"];
const origin = main?.dataset["origin"];
const result = main?.dataset["result"];
const merchant: Window | null =
  (window.opener as Window | null) ?? (window.parent === window ? null : window.parent);

if (main && merchant && flow_id && origin) {
  const message = { source: "klarna-sandbox", flow_id };
  merchant.postMessage(result ? { ...message, result: JSON.parse(result) as unknown } : message, origin);
}
if (result && window.opener) {
  window.close();
}

// Browsers do not honour `autofocus` in the frame of another site, and read out nothing where a
// page has no input.
document.querySelector<HTMLElement>("[autofocus], h1[tabindex]")?.focus();

// Escape: to the question whether to leave, and from it back. What is over is left.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const ways = ["close", "stay", "leave"].map((action) => `button[value=${action}]`);
    document.querySelector<HTMLButtonElement>(ways.join(","))?.click();
  }
});

// A second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  if (main?.ariaBusy === "true") {
    event.preventDefault();
  } else if (main) {
    main.ariaBusy = "true";
  }
});

// A page that the browser kept and shows again waits for nothing.
addEventListener("pageshow", () => main?.removeAttribute("aria-busy"));

export {};
