"""Walks the PyPI package klarna-orders, unmodified, against `kvitt sandbox`.

The package covers Klarna Payments: all six operations. What it does not cover, and is done with
plain HTTP here, says so in its line: the shopper's step, which is the sandbox's own, and Order
Management.
"""

import base64
import uuid
from datetime import datetime, timedelta, timezone

import requests
from klarna import Klarna
from klarna.models import operations, shared
from sandbox import Sandbox
from walk import check, done


def line(reference, quantity, unit_price, total_amount, total_tax_amount):
    return shared.OrderLine(
        type="physical",
        reference=reference,
        name=reference.capitalize(),
        quantity=quantity,
        unit_price=unit_price,
        tax_rate=2500,
        total_amount=total_amount,
        total_tax_amount=total_tax_amount,
    )


SHIRTS = line("shirt", 2, 24900, 49800, 9960)
SCARF = line("scarf", 1, 4900, 4900, 980)
SWEDEN = {"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE"}


def basic(password):
    credential = base64.b64encode(f"PK00000_test:{password}".encode()).decode()
    # The package sends what it is given as the whole header.
    return shared.Security(api_key_auth=f"Basic {credential}")


def refused(step, answer, status, code, text):
    """The package reads no refusal; it hands over the response."""
    body = answer.raw_response.json()
    check(
        step,
        status=(answer.status_code, status),
        error_code=(body["error_code"], code),
        error_messages=(body["error_messages"], [text]),
        correlation_id=(
            body["correlation_id"],
            answer.raw_response.headers["Klarna-Correlation-Id"],
        ),
    )


class Walk:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.klarna = Klarna(server_url=sandbox.url, security=basic("secret"))

    def create(self, **members):
        purchase = {"order_amount": 49800, "order_tax_amount": 9960, "order_lines": [SHIRTS]}
        request = shared.SessionCreateInput(**{**SWEDEN, **purchase, **members})
        return self.klarna.sessions.create(request)

    def read(self, session_id):
        return self.klarna.sessions.read(operations.ReadCreditSessionRequest(session_id))

    def authorize(self, session_id):
        shopper = self.sandbox.authorize(session_id)
        check("shopper approves (the sandbox's own)", approved=(shopper["approved"], True))
        return shopper["authorization_token"]

    def place(self, token, amount, tax, lines):
        request = shared.CreateOrderRequestInput(
            **SWEDEN,
            order_amount=amount,
            order_tax_amount=tax,
            order_lines=lines,
            merchant_reference1="order 17",
        )
        return self.klarna.orders.create(operations.CreateOrderRequest(token, request))

    def orders(self, method, path, body=None):
        """Order Management, which the package does not cover."""
        url = f"{self.sandbox.url}/ordermanagement/v1/orders/{path}"
        return requests.request(method, url, json=body, auth=("PK00000_test", "secret"), timeout=10)

    def session(self):
        before = datetime.now(timezone.utc)
        answer = self.create()
        created = answer.merchant_session
        session_id = created.session_id
        categories = sorted(it.identifier for it in created.payment_method_categories)
        check(
            "session created",
            status=(answer.status_code, 200),
            session_id=(str(uuid.UUID(session_id)), session_id),
            # Three parts, as a JSON Web Token has.
            client_token=(created.client_token.count("."), 2),
            categories=(categories, ["pay_later", "pay_now", "pay_over_time"]),
        )
        read = self.read(session_id).session_read
        lives = read.expires_at - before
        check(
            "session read",
            status=(read.status.value, "incomplete"),
            purchase_country=(read.purchase_country, "SE"),
            purchase_currency=(read.purchase_currency, "SEK"),
            locale=(read.locale, "sv-SE"),
            order_amount=(read.order_amount, 49800),
            order_tax_amount=(read.order_tax_amount, 9960),
            order_lines=(read.order_lines, [SHIRTS]),
            client_token=(read.client_token, created.client_token),
            authorization_token=(read.authorization_token, None),
            # A minute for a slow machine.
            expires_at=(timedelta(0) <= lives - timedelta(hours=48) < timedelta(minutes=1), True),
        )
        update = shared.SessionInput(
            order_amount=54700, order_tax_amount=10940, order_lines=[SHIRTS, SCARF]
        )
        request = operations.UpdateCreditSessionRequest(session_id, update)
        answer = self.klarna.sessions.update(request)
        read = self.read(session_id).session_read
        check(
            "session updated",
            status=(answer.status_code, 204),
            body=(answer.raw_response.text, ""),
            order_amount=(read.order_amount, 54700),
            order_tax_amount=(read.order_tax_amount, 10940),
            order_lines=(read.order_lines, [SHIRTS, SCARF]),
        )
        return session_id

    def session_refusals(self, session_id):
        answer = self.create(order_amount=49801)
        text = "Bad value: order_amount"
        refused("session with a wrong sum refused", answer, 400, "BAD_VALUE", text)
        answer = self.read("00000000-0000-1000-8000-000000000000")
        refused("unknown session refused", answer, 404, "NOT_FOUND", "Invalid session id")
        stranger = Klarna(server_url=self.sandbox.url, security=basic("wrong"))
        answer = stranger.sessions.read(operations.ReadCreditSessionRequest(session_id))
        check(
            "wrong password refused, with a page in place of JSON",
            status=(answer.status_code, 401),
            content_type=(answer.content_type.split(";")[0], "text/html"),
            session_read=(answer.session_read, None),
        )

    def order(self, session_id):
        token = self.authorize(session_id)
        read = self.read(session_id).session_read
        check("session shows the authorization", token=(read.authorization_token, token))
        answer = self.place(token, 54700, 10940, [SHIRTS, SCARF])
        order = answer.order
        check(
            "order placed",
            status=(answer.status_code, 200),
            order_id=(str(uuid.UUID(order.order_id)), order.order_id),
            fraud_status=(order.fraud_status, "ACCEPTED"),
            authorized_payment_method=(order.authorized_payment_method.type.value, "invoice"),
        )
        again = self.place(token, 54700, 10940, [SHIRTS, SCARF])
        check("order placed again is the same", order=(again.order, order))
        other = self.place(token, 49800, 9960, [SHIRTS])
        text = "The order has been already completed with different request body"
        refused("another order with its token refused", other, 409, "BAD_VALUE", text)
        read = self.read(session_id).session_read
        check("session is complete", status=(read.status.value, "complete"))
        return order.order_id

    def management(self, order_id):
        order = self.orders("GET", order_id).json()
        check(
            "order read (plain HTTP)",
            status=(order["status"], "AUTHORIZED"),
            order_amount=(order["order_amount"], 54700),
            remaining=(order["remaining_authorized_amount"], 54700),
            reference=(order["merchant_reference1"], "order 17"),
            lines=([it["total_amount"] for it in order["order_lines"]], [49800, 4900]),
        )
        answer = self.orders("POST", f"{order_id}/captures", {"captured_amount": 24900})
        check("part captured (plain HTTP)", status=(answer.status_code, 201))
        answer = self.orders("POST", f"{order_id}/refunds", {"refunded_amount": 4900})
        check("refunded (plain HTTP)", status=(answer.status_code, 201))
        answer = self.orders("POST", f"{order_id}/extend-authorization-time")
        check("extended (plain HTTP)", status=(answer.status_code, 204))
        answer = self.orders("POST", f"{order_id}/release-remaining-authorization")
        check("rest released (plain HTTP)", status=(answer.status_code, 204))
        order = self.orders("GET", order_id).json()
        check(
            "order read again (plain HTTP)",
            captured_amount=(order["captured_amount"], 24900),
            refunded_amount=(order["refunded_amount"], 4900),
            remaining=(order["remaining_authorized_amount"], 0),
        )
        answer = self.orders("POST", f"{order_id}/cancel")
        code = answer.json()["error_code"]
        check(
            "cancel after a capture refused (plain HTTP)",
            status=(answer.status_code, 403),
            error_code=(code, "CANCEL_NOT_ALLOWED"),
        )

    def given_back(self):
        token = self.authorize(self.create().merchant_session.session_id)
        answer = self.klarna.authorizations.cancel(operations.CancelAuthorizationRequest(token))
        check("authorization given back", status=(answer.status_code, 204))
        answer = self.place(token, 49800, 9960, [SHIRTS])
        text = "Invalid authorization token"
        refused("order with it refused", answer, 404, "NOT_FOUND", text)

    def customer_token(self):
        intended_use = shared.CustomerTokenCreationRequestIntendedUseEnum.SUBSCRIPTION
        request = shared.CustomerTokenCreationRequest(
            **SWEDEN, description="Shirts by the month", intended_use=intended_use
        )
        session = self.create(intent=shared.SessionCreateIntentEnum.TOKENIZE).merchant_session
        token = self.authorize(session.session_id)
        answer = self.klarna.tokens.purchase(operations.PurchaseTokenRequest(token, request))
        token_id = answer.customer_token_creation_response.token_id
        check(
            "customer token made",
            status=(answer.status_code, 200),
            token_id=(str(uuid.UUID(token_id)), token_id),
        )
        token = self.authorize(self.create().merchant_session.session_id)
        answer = self.klarna.tokens.purchase(operations.PurchaseTokenRequest(token, request))
        text = "Not allowed to create customer tokens for intent buy."
        refused("customer token for intent buy refused", answer, 403, "INVALID_OPERATION", text)


with Sandbox() as running:
    walk = Walk(running)
    opened = walk.session()
    walk.session_refusals(opened)
    walk.management(walk.order(opened))
    walk.given_back()
    walk.customer_token()
done("klarna-orders")
