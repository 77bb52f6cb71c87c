// A shop's payment tests against `kvitt sandbox`. Run: node --test examples/node/payment.test.mjs

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { Sandbox } from "./sandbox.mjs";

// Amounts are minor units with tax inside: 249.00 each, of which 25 % tax.
const cart = {
  purchase_country: "SE",
  purchase_currency: "SEK",
  locale: "sv-SE",
  order_amount: 49800,
  order_tax_amount: 9960,
  order_lines: [
    {
      type: "physical",
      reference: "shirt",
      name: "Shirt",
      quantity: 2,
      unit_price: 24900,
      tax_rate: 2500,
      total_amount: 49800,
      total_tax_amount: 9960,
    },
  ],
};
// Any pair will do, but for the password `wrong`, which is always refused.
const credentials = `Basic ${Buffer.from("PK00000_test:secret").toString("base64")}`;

let sandbox;

// One sandbox for all tests of the file: it starts in milliseconds, but once is enough.
before(async () => {
  sandbox = await Sandbox.start();
});
after(() => sandbox?.stop());
beforeEach(() => sandbox.reset());

/** The least that a shop needs to talk to Klarna; put your own client in its place. */
async function klarna(method, path, body, headers = {}) {
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { authorization: credentials, "content-type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text ? JSON.parse(text) : undefined,
  };
}

async function placeOrder() {
  const session = await klarna("POST", "/payments/v1/sessions", cart);
  assert.equal(session.status, 200);
  // In a browser, client_token goes to Klarna's widget and the shopper decides.
  const shopper = await sandbox.authorize(session.body.session_id);
  assert.equal(shopper.approved, true);
  // The order must say what the session said, or Klarna refuses it.
  const path = `/payments/v1/authorizations/${shopper.authorization_token}/order`;
  const order = await klarna("POST", path, cart);
  assert.equal(order.status, 200);
  assert.equal(order.body.fraud_status, "ACCEPTED");
  return `/ordermanagement/v1/orders/${order.body.order_id}`;
}

async function read(order) {
  const { status, body } = await klarna("GET", order);
  assert.equal(status, 200);
  return body;
}

test("from session to refund", async () => {
  const order = await placeOrder();
  const placed = await read(order);
  assert.equal(placed.status, "AUTHORIZED");
  assert.equal(placed.order_amount, 49800);
  assert.equal(placed.remaining_authorized_amount, 49800);

  // One of two shirts ships. Klarna's answer has no body; the new id is in a header.
  const capture = await klarna("POST", `${order}/captures`, { captured_amount: 24900 });
  assert.equal(capture.status, 201);
  assert.equal(capture.body, undefined);
  const shipped = await read(order);
  assert.equal(shipped.captures[0].capture_id, capture.headers.get("Capture-Id"));
  assert.equal(shipped.status, "PART_CAPTURED");
  assert.equal(shipped.captured_amount, 24900);
  assert.equal(shipped.remaining_authorized_amount, 24900);

  // It comes back, and 10.00 is kept for the return.
  const refund = await klarna("POST", `${order}/refunds`, { refunded_amount: 23900 });
  assert.equal(refund.status, 201);
  const returned = await read(order);
  assert.equal(returned.refunds[0].refund_id, refund.headers.get("Refund-Id"));
  assert.equal(returned.refunded_amount, 23900);
  assert.equal(returned.captured_amount, 24900);
});

test("a lost answer captures once", async () => {
  const order = await placeOrder();
  // The next capture is made, but the connection breaks before its answer.
  await sandbox.addFault({
    match: { method: "POST", path_contains: "/captures" },
    times: 1,
    effect: { kind: "reset_after" },
  });
  // The key belongs to the parcel: the same key, the same capture, however often it is sent.
  const key = { "Klarna-Idempotency-Key": randomUUID() };
  const send = () => klarna("POST", `${order}/captures`, { captured_amount: 24900 }, key);
  await assert.rejects(send, TypeError("fetch failed"));
  const capture = await send();
  assert.equal(capture.status, 201);
  const { captures } = await read(order);
  assert.deepEqual(
    captures.map((it) => it.capture_id),
    [capture.headers.get("Capture-Id")],
  );
  assert.equal(captures[0].captured_amount, 24900);
});

test("an order expires", async () => {
  const order = await placeOrder();
  await sandbox.advance("P28D");
  assert.equal((await read(order)).status, "EXPIRED");
  const refusal = await klarna("POST", `${order}/captures`, { captured_amount: 49800 });
  assert.equal(refusal.status, 403);
  assert.equal(refusal.body.error_code, "CAPTURE_NOT_ALLOWED");
});
