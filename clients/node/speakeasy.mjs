// Walks the npm package @speakeasy-sdks/klarna-orders, unmodified, against `kvitt sandbox`.
//
// The package covers Klarna Payments: all six operations. What it does not cover, and is done with
// plain HTTP here, says so in its line: the shopper's step, which is the sandbox's own, and Order
// Management, of which one read shows what was placed.
//
// The package reads Klarna's names, but sends its own: `orderAmount` for `order_amount`. Klarna takes
// no notice of members that it does not know and misses the ones it needs, so used as its read-me
// says, the package can open no session at Klarna. The walk looks at that, and then hands it request
// objects whose members bear Klarna's names.

import speakeasy from "@speakeasy-sdks/klarna-orders";
import operations from "@speakeasy-sdks/klarna-orders/dist/sdk/models/operations/index.js";
import shared from "@speakeasy-sdks/klarna-orders/dist/sdk/models/shared/index.js";

import { Sandbox } from "../../examples/node/sandbox.mjs";
import { basic, check, plain, walk } from "./walk.mjs";

const line = (reference, quantity, unit_price, total_amount, total_tax_amount) => ({
  type: "physical",
  reference,
  name: `The ${reference}`,
  quantity,
  unit_price,
  tax_rate: 2500,
  total_amount,
  total_tax_amount,
});
const shirts = line("shirt", 2, 24900, 49800, 9960);
const scarf = line("scarf", 1, 4900, 4900, 980);
const sweden = { purchase_country: "SE", purchase_currency: "SEK", locale: "sv-SE" };
const small = { ...sweden, order_amount: 49800, order_tax_amount: 9960, order_lines: [shirts] };
const larger = { order_amount: 54700, order_tax_amount: 10940, order_lines: [shirts, scarf] };
const large = { ...sweden, ...larger };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-6][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const sandbox = await Sandbox.start();
const klarnaWith = (password) =>
  // The package sends what it is given as the whole header.
  new speakeasy.Klarna({ serverURL: sandbox.url, security: { apiKeyAuth: basic(password) } });
const klarna = klarnaWith("secret");

/** A line as the package reads it: its own names, and undefined for what is absent. */
const named = (it) => ({
  type: it.type,
  reference: it.reference,
  name: it.name,
  quantity: it.quantity,
  unit_price: it.unitPrice,
  tax_rate: it.taxRate,
  total_amount: it.totalAmount,
  total_tax_amount: it.totalTaxAmount,
});
const create = (members) =>
  klarna.sessions.create(Object.assign(new shared.SessionCreateInput(), members));
const read = async (sessionId) => (await klarna.sessions.read({ sessionId })).sessionRead;
function place(authorizationToken, cart) {
  const request = new operations.CreateOrderRequest({ authorizationToken });
  request.createOrderRequestInput = { ...cart, merchant_reference1: "order 17" };
  return klarna.orders.create(request);
}

async function authorize(sessionId) {
  const shopper = await sandbox.authorize(sessionId);
  check("shopper approves (the sandbox's own)", { approved: [shopper.approved, true] });
  return shopper.authorization_token;
}

/** The package throws what its HTTP library throws; the refusal is in there. */
async function refused(step, call, status, code, text) {
  const { response } = await call.then(
    () => ({ response: { data: {}, headers: {} } }),
    (error) => error,
  );
  const { data, headers } = response;
  check(step, {
    status: [response.status, status],
    error_code: [data.error_code, code],
    error_messages: [data.error_messages, [text]],
    correlation_id: [data.correlation_id, headers["klarna-correlation-id"]],
  });
}

async function session() {
  const before = Date.now();
  const answer = await create(small);
  const created = answer.merchantSession;
  const categories = created.paymentMethodCategories.map((it) => it.identifier).sort();
  check("session created", {
    status: [answer.statusCode, 200],
    session_id: [uuid.test(created.sessionId), true],
    // Three parts, as a JSON Web Token has.
    client_token: [created.clientToken.split(".").length, 3],
    categories: [categories, ["pay_later", "pay_now", "pay_over_time"]],
  });
  const first = await read(created.sessionId);
  const late = first.expiresAt.getTime() - before - 48 * 3_600_000;
  check("session read", {
    status: [first.status, "incomplete"],
    purchase_country: [first.purchaseCountry, "SE"],
    purchase_currency: [first.purchaseCurrency, "SEK"],
    locale: [first.locale, "sv-SE"],
    order_amount: [first.orderAmount, 49800],
    order_tax_amount: [first.orderTaxAmount, 9960],
    order_lines: [first.orderLines.map(named), [shirts]],
    client_token: [first.clientToken, created.clientToken],
    authorization_token: [first.authorizationToken, undefined],
    // A minute for a slow machine.
    expires_at: [late >= 0 && late < 60_000, true],
  });
  const request = new operations.UpdateCreditSessionRequest({ sessionId: created.sessionId });
  request.sessionInput = larger;
  const update = await klarna.sessions.update(request);
  const second = await read(created.sessionId);
  check("session updated", {
    status: [update.statusCode, 204],
    body: [update.rawResponse.data, ""],
    order_amount: [second.orderAmount, 54700],
    order_tax_amount: [second.orderTaxAmount, 10940],
    order_lines: [second.orderLines.map(named), [shirts, scarf]],
  });
  return created.sessionId;
}

async function sessionRefusals(sessionId) {
  const misnamed = klarna.sessions.create({ purchaseCountry: "SE", purchaseCurrency: "SEK" });
  const missing = "Bad value: purchase_currency, purchase_country";
  await refused("session with the package's names refused", misnamed, 400, "BAD_VALUE", missing);
  const wrong = create({ ...small, order_amount: 49801 });
  const text = "Bad value: order_amount";
  await refused("session with a wrong sum refused", wrong, 400, "BAD_VALUE", text);
  const unknown = read("00000000-0000-1000-8000-000000000000");
  await refused("unknown session refused", unknown, 404, "NOT_FOUND", "Invalid session id");
  const stranger = klarnaWith("wrong").sessions.read({ sessionId });
  const { response } = await stranger.catch((error) => error);
  check("wrong password refused, with a page in place of JSON", {
    status: [response.status, 401],
    content_type: [response.headers["content-type"].split(";")[0], "text/html"],
  });
}

async function order(sessionId) {
  const token = await authorize(sessionId);
  const authorized = await read(sessionId);
  check("session shows the authorization", { token: [authorized.authorizationToken, token] });
  const answer = await place(token, large);
  check("order placed", {
    status: [answer.statusCode, 200],
    order_id: [uuid.test(answer.order.orderId), true],
    fraud_status: [answer.order.fraudStatus, "ACCEPTED"],
    authorized_payment_method: [answer.order.authorizedPaymentMethod.type, "invoice"],
  });
  const again = await place(token, large);
  check("order placed again is the same", { order: [again.order, answer.order] });
  const text = "The order has been already completed with different request body";
  const other = place(token, small);
  await refused("another order with its token refused", other, 409, "BAD_VALUE", text);
  const complete = await read(sessionId);
  check("session is complete", { status: [complete.status, "complete"] });
  const path = `/ordermanagement/v1/orders/${answer.order.orderId}`;
  const { body } = await plain(sandbox, "GET", path);
  check("order read (plain HTTP)", {
    status: [body.status, "AUTHORIZED"],
    order_amount: [body.order_amount, 54700],
    remaining: [body.remaining_authorized_amount, 54700],
    reference: [body.merchant_reference1, "order 17"],
    lines: [body.order_lines.map((it) => it.total_amount), [49800, 4900]],
  });
}

async function givenBack() {
  const { sessionId } = (await create(small)).merchantSession;
  const authorizationToken = await authorize(sessionId);
  const answer = await klarna.authorizations.cancel({ authorizationToken });
  check("authorization given back", { status: [answer.statusCode, 204] });
  const placed = place(authorizationToken, small);
  const text = "Invalid authorization token";
  await refused("order with it refused", placed, 404, "NOT_FOUND", text);
}

async function customerToken() {
  const purchase = async (intent) => {
    const { sessionId } = (await create({ ...small, intent })).merchantSession;
    const authorizationToken = await authorize(sessionId);
    const request = new operations.PurchaseTokenRequest({ authorizationToken });
    request.customerTokenCreationRequest = {
      ...sweden,
      description: "Shirts by the month",
      intended_use: shared.CustomerTokenCreationRequestIntendedUseEnum.Subscription,
    };
    return request;
  };
  const tokenize = await purchase(shared.SessionCreateIntentEnum.Tokenize);
  const answer = await klarna.tokens.purchase(tokenize);
  check("customer token made", {
    status: [answer.statusCode, 200],
    token_id: [uuid.test(answer.customerTokenCreationResponse.tokenId), true],
  });
  const buy = klarna.tokens.purchase(await purchase(shared.SessionCreateIntentEnum.Buy));
  const text = "Not allowed to create customer tokens for intent buy.";
  await refused("customer token for intent buy refused", buy, 403, "INVALID_OPERATION", text);
}

await walk("@speakeasy-sdks/klarna-orders", sandbox, async () => {
  const opened = await session();
  await sessionRefusals(opened);
  await order(opened);
  await givenBack();
  await customerToken();
});
