// Payment sessions as one would write them in an afternoon: kept in memory, nothing checked.
import { randomBytes, randomUUID } from "node:crypto";
import express from "express";

const app = express();
app.use(express.json());

const sessions = new Map();
const badge = "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg";
const categories = [
  { identifier: "pay_later", name: "Buy now, pay later" },
  { identifier: "pay_over_time", name: "Monthly financing" },
  { identifier: "pay_now", name: "Pay now" },
];

app.post("/payments/v1/sessions", (request, response) => {
  const session = {
    session_id: randomUUID(),
    // As long as the sandbox's.
    client_token: randomBytes(480).toString("base64url"),
    payment_method_categories: categories.map((category) => ({
      ...category,
      asset_urls: { descriptive: badge, standard: badge },
    })),
  };
  sessions.set(session.session_id, { ...request.body, ...session });
  response.json(session);
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
