// On each of the buyer's pages: tells the merchant's page that the buyer is there, and at the end
// what came of it.

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

export {};
