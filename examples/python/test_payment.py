"""A shop's payment tests against `kvitt sandbox`. Run: python3 examples/python/test_payment.py"""

import base64
import http.client
import json
import unittest
import uuid

from sandbox import Sandbox

# Amounts are minor units with tax inside: 249.00 each, of which 25 % tax.
CART = {
    "purchase_country": "SE",
    "purchase_currency": "SEK",
    "locale": "sv-SE",
    "order_amount": 49800,
    "order_tax_amount": 9960,
    "order_lines": [
        {
            "type": "physical",
            "reference": "shirt",
            "name": "Shirt",
            "quantity": 2,
            "unit_price": 24900,
            "tax_rate": 2500,
            "total_amount": 49800,
            "total_tax_amount": 9960,
        }
    ],
}
# Any pair will do, but for the password `wrong`, which is always refused.
CREDENTIALS = "Basic " + base64.b64encode(b"PK00000_test:secret").decode()


class Klarna:
    """The least that a shop needs to talk to Klarna; put your own client in its place."""

    def __init__(self, address):
        self.address = address

    def call(self, method, path, body=None, **headers):
        """Answers with status, headers and what the JSON says, or None where there is no body."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            sent = None if body is None else json.dumps(body)
            headers = {"Authorization": CREDENTIALS, "Content-Type": "application/json", **headers}
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        return response.status, response.headers, json.loads(text) if text else None


class PaymentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # One sandbox for all tests of the class: it starts in milliseconds, but once is enough.
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.klarna = Klarna(cls.sandbox.address)

    def setUp(self):
        self.sandbox.reset()

    def place_order(self):
        status, _, session = self.klarna.call("POST", "/payments/v1/sessions", CART)
        self.assertEqual(status, 200)
        # In a browser, session["client_token"] goes to Klarna's widget and the shopper decides.
        shopper = self.sandbox.authorize(session["session_id"])
        self.assertTrue(shopper["approved"])
        token = shopper["authorization_token"]
        # The order must say what the session said, or Klarna refuses it.
        status, _, order = self.klarna.call(
            "POST", f"/payments/v1/authorizations/{token}/order", CART
        )
        self.assertEqual((status, order["fraud_status"]), (200, "ACCEPTED"))
        return f"/ordermanagement/v1/orders/{order['order_id']}"

    def read(self, order):
        status, _, body = self.klarna.call("GET", order)
        self.assertEqual(status, 200)
        return body

    def test_from_session_to_refund(self):
        order = self.place_order()
        placed = self.read(order)
        self.assertEqual(placed["status"], "AUTHORIZED")
        self.assertEqual(placed["order_amount"], 49800)
        self.assertEqual(placed["remaining_authorized_amount"], 49800)

        # One of two shirts ships. Klarna's answer has no body; the new id is in a header.
        status, headers, body = self.klarna.call(
            "POST", f"{order}/captures", {"captured_amount": 24900}
        )
        self.assertEqual((status, body), (201, None))
        shipped = self.read(order)
        self.assertEqual(shipped["captures"][0]["capture_id"], headers["Capture-Id"])
        self.assertEqual(shipped["status"], "PART_CAPTURED")
        self.assertEqual(shipped["captured_amount"], 24900)
        self.assertEqual(shipped["remaining_authorized_amount"], 24900)

        # It comes back, and 10.00 is kept for the return.
        status, headers, _ = self.klarna.call(
            "POST", f"{order}/refunds", {"refunded_amount": 23900}
        )
        self.assertEqual(status, 201)
        returned = self.read(order)
        self.assertEqual(returned["refunds"][0]["refund_id"], headers["Refund-Id"])
        self.assertEqual(returned["refunded_amount"], 23900)
        self.assertEqual(returned["captured_amount"], 24900)

    def test_a_lost_answer_captures_once(self):
        order = self.place_order()
        # The next capture is made, but the connection breaks before its answer.
        self.sandbox.add_fault(
            {
                "match": {"method": "POST", "path_contains": "/captures"},
                "times": 1,
                "effect": {"kind": "reset_after"},
            }
        )
        capture = {"captured_amount": 24900}
        # The key belongs to the parcel: the same key, the same capture, however often it is sent.
        key = {"Klarna-Idempotency-Key": str(uuid.uuid4())}
        with self.assertRaises(ConnectionError):
            self.klarna.call("POST", f"{order}/captures", capture, **key)
        status, headers, _ = self.klarna.call("POST", f"{order}/captures", capture, **key)
        self.assertEqual(status, 201)
        captures = self.read(order)["captures"]
        self.assertEqual([it["capture_id"] for it in captures], [headers["Capture-Id"]])
        self.assertEqual(captures[0]["captured_amount"], 24900)

    def test_an_order_expires(self):
        order = self.place_order()
        self.sandbox.advance("P28D")
        self.assertEqual(self.read(order)["status"], "EXPIRED")
        status, _, refusal = self.klarna.call(
            "POST", f"{order}/captures", {"captured_amount": 49800}
        )
        self.assertEqual((status, refusal["error_code"]), (403, "CAPTURE_NOT_ALLOWED"))


if __name__ == "__main__":
    unittest.main()
