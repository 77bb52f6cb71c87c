// Walks the npm package @crystallize/node-klarna, unmodified, against `kvitt sandbox`.
//
// The package covers six operations of Order Management and the reading of an order. What it does
// not cover, and is done with plain HTTP here, says so in its line: placing an order and extending it.
//
// It speaks TLS to port 443 of the host it is given, and the sandbox speaks neither. So for this
// process, the agent behind every `https` request is one that connects to the sandbox without TLS.
// That agent opens a connection for each request, as Node.js did before version 19, when the package
// was written. With GET it sends a body, `{}`, without its length; on a connection that is kept this
// is read as the start of the next request, which is then answered with 400.

import { Agent } from "node:http";
import https from "node:https";

import crystallize from "@crystallize/node-klarna";

import { Sandbox } from "../../examples/node/sandbox.mjs";
import { check, plain, walk } from "./walk.mjs";

const shirt = {
  type: "physical",
  reference: "shirt",
  name: "Shirt",
  quantity: 1,
  unit_price: 24900,
  tax_rate: 2500,
  total_amount: 24900,
  total_tax_amount: 4980,
};
const cart = {
  purchase_country: "SE",
  purchase_currency: "SEK",
  locale: "sv-SE",
  order_amount: 49800,
  order_tax_amount: 9960,
  order_lines: [{ ...shirt, quantity: 2, total_amount: 49800, total_tax_amount: 9960 }],
};

const sandbox = await Sandbox.start();
const { hostname, port } = new URL(sandbox.url);
https.globalAgent = Object.assign(new Agent({ keepAlive: false }), { defaultPort: Number(port) });

const klarnaWith = (password) =>
  new crystallize.Klarna({ username: "PK00000_test", password, apiEndpoint: hostname })
    .orderManagementV1;
const { orders, captures, refunds } = klarnaWith("secret");

async function place() {
  const session = await plain(sandbox, "POST", "/payments/v1/sessions", cart);
  const shopper = await sandbox.authorize(session.body.session_id);
  const path = `/payments/v1/authorizations/${shopper.authorization_token}/order`;
  const { status, body } = await plain(sandbox, "POST", path, cart);
  check("order placed (plain HTTP)", { status: [status, 200] });
  return body.order_id;
}

/** Reads the order with the package and compares what money is where. */
async function amounts(step, id, status, [captured, refunded, remaining]) {
  const { statusCode, response: order } = await orders.getOrder(id);
  check(step, {
    statusCode: [statusCode, 200],
    order_id: [order.order_id, id],
    status: [order.status, status],
    order_amount: [order.order_amount, 49800],
    captured_amount: [order.captured_amount, captured],
    refunded_amount: [order.refunded_amount, refunded],
    remaining_authorized_amount: [order.remaining_authorized_amount, remaining],
  });
  return order;
}

/** The package reads an answer without a body as an empty text. */
function empty(step, { statusCode, response }, status) {
  check(step, { statusCode: [statusCode, status], response: [response, ""] });
}

function refused(step, { statusCode, error }, status, code, text) {
  check(step, {
    statusCode: [statusCode, status],
    error_code: [error.error_code, code],
    error_messages: [error.error_messages, [text]],
  });
}

async function managed() {
  const id = await place();
  await amounts("order read", id, "AUTHORIZED", [0, 0, 49800]);
  empty("order acknowledged", await orders.acknowledge(id), 204);
  const references = { merchant_reference1: "order 17", merchant_reference2: "north" };
  empty("references changed", await orders.updateMerchantReference(id, references), 204);

  const refund = { refunded_amount: 1, order_lines: [] };
  const early = await refunds.create(id, refund);
  const captureless = "Order has no captures. Refund not possible";
  refused("refund before a capture refused", early, 403, "REFUND_NOT_ALLOWED", captureless);

  const parcel = { captured_amount: 24900, description: "First parcel", order_lines: [shirt] };
  empty("part captured", await captures.capture(id, parcel), 201);
  const order = await amounts("order read", id, "PART_CAPTURED", [24900, 0, 24900]);
  const [capture] = order.captures;
  check("  with its capture and references", {
    captures: [order.captures.length, 1],
    captured_amount: [capture.captured_amount, 24900],
    description: [capture.description, "First parcel"],
    klarna_reference: [capture.klarna_reference, `${order.klarna_reference}-1`],
    lines: [capture.order_lines.map((it) => [it.reference, it.quantity]), [["shirt", 1]]],
    merchant_reference1: [order.merchant_reference1, "order 17"],
    merchant_reference2: [order.merchant_reference2, "north"],
  });

  const tooMuch = await captures.capture(id, { captured_amount: 24901 });
  refused(
    "capture above the rest refused",
    tooMuch,
    403,
    "CAPTURE_NOT_ALLOWED",
    "Captured amount is higher than the remaining authorized amount. Capture not possible.",
  );
  const giveBack = { refunded_amount: 4900, description: "Late", order_lines: [] };
  empty("part refunded", await refunds.create(id, giveBack), 201);
  const tooMuchBack = await refunds.create(id, { refunded_amount: 20001, order_lines: [] });
  const over = "Over refund is not allowed. Refund not possible.";
  refused("refund above the rest refused", tooMuchBack, 403, "REFUND_NOT_ALLOWED", over);
  const cancelled = await orders.cancel(id);
  const text = "Order has previous captures. Cancel not possible.";
  refused("cancel after a capture refused", cancelled, 403, "CANCEL_NOT_ALLOWED", text);

  empty("rest released", await orders.releaseRemainingAuthorization(id), 204);
  const end = await amounts("order read", id, "CAPTURED", [24900, 4900, 0]);
  check("  with its refund", {
    refunds: [end.refunds.map((it) => [it.refunded_amount, it.description]), [[4900, "Late"]]],
  });
}

async function extended() {
  const id = await place();
  const before = (await amounts("order read", id, "AUTHORIZED", [0, 0, 49800])).expires_at;
  await sandbox.advance("P10D");
  const path = `/ordermanagement/v1/orders/${id}/extend-authorization-time`;
  const { status } = await plain(sandbox, "POST", path);
  check("extended after ten days (plain HTTP)", { status: [status, 204] });
  const after = (await amounts("order read", id, "AUTHORIZED", [0, 0, 49800])).expires_at;
  const days = (Date.parse(after) - Date.parse(before)) / 86_400_000;
  check("  to ten days later", { days: [days, 10] });

  empty("order cancelled", await orders.cancel(id), 204);
  // A cancelled order goes on showing what remained, as recorded.
  await amounts("order read", id, "CANCELLED", [0, 0, 49800]);
  const late = await captures.capture(id, { captured_amount: 49800 });
  refused("capture after it refused", late, 403, "CAPTURE_NOT_ALLOWED", "Capture not allowed");
  return id;
}

async function strangers(id) {
  const nobody = "00000000-0000-1000-8000-000000000000";
  const unknown = await orders.getOrder(nobody);
  const text = `Order ${nobody} cannot be found.`;
  refused("unknown order refused", unknown, 404, "NO_SUCH_ORDER", text);
  const { statusCode, error } = await klarnaWith("wrong").orders.getOrder(id);
  check("wrong password refused, with a page in place of JSON", {
    statusCode: [statusCode, 401],
    error: [error.startsWith("<html>"), true],
  });
}

await walk("@crystallize/node-klarna", sandbox, async () => {
  await managed();
  await strangers(await extended());
});
