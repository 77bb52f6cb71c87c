"""Real ids for the documents' path parameters: whatever must exist at Klarna before a call is sense.

Each name in KINDS stands in the patched document as a value of its parameter; when a request with it
is about to be sent, one is made in the sandbox. So every request finds something in that state,
whatever the ones before it did. Names need no escape in a URL, since they come back as in one.
"""

import copy

import requests

CREDENTIALS = ("PK00000_test", "secret")

ADDRESS = {
    "given_name": "Astrid",
    "family_name": "Lind",
    "email": "customer@email.se",
    "phone": "+46701740615",
    "street_address": "Storgatan 1",
    "postal_code": "12345",
    "city": "Stockholm",
    "country": "SE",
}
LINE = {
    "type": "physical",
    "reference": "shirt",
    "name": "Shirt",
    "quantity": 2,
    "unit_price": 24900,
    "tax_rate": 2500,
    "total_amount": 49800,
    "total_tax_amount": 9960,
}
CART = {
    "purchase_country": "SE",
    "purchase_currency": "SEK",
    "locale": "sv-SE",
    "order_amount": 49800,
    "order_tax_amount": 9960,
    "order_lines": [LINE],
    "billing_address": ADDRESS,
    "shipping_address": ADDRESS,
}
TOKEN_REQUEST = {
    "purchase_country": "SE",
    "purchase_currency": "SEK",
    "locale": "sv-SE",
    "description": "Shirts by the month",
    "intended_use": "SUBSCRIPTION",
}

UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Purchases:
    """Makes sessions, authorizations, orders and what hangs on them."""

    def __init__(self, url):
        self.url = url
        self._http = requests.Session()
        # The sandbox is on this machine, whatever proxy leads out of it.
        self._http.trust_env = False

    def _call(self, method, path, body=None):
        response = self._http.request(
            method, self.url + path, json=body, auth=CREDENTIALS, timeout=10
        )
        response.raise_for_status()
        return response

    def session(self, **members):
        answer = self._call("POST", "/payments/v1/sessions", {**copy.deepcopy(CART), **members})
        return answer.json()["session_id"]

    def authorized(self, session_id, **wishes):
        path = f"/sandbox/v1/sessions/{session_id}/authorize"
        return self._call("POST", path, wishes).json()["authorization_token"]

    def token(self, **members):
        return self.authorized(self.session(**members))

    def order(self, email="customer@email.se", **wishes):
        address = {**ADDRESS, "email": email}
        cart = {**CART, "billing_address": address, "shipping_address": address}
        token = self.authorized(self.session(**cart), **wishes)
        path = f"/payments/v1/authorizations/{token}/order"
        return self._call("POST", path, cart).json()["order_id"]

    def act(self, order_id, operation, body=None):
        return self._call("POST", f"/ordermanagement/v1/orders/{order_id}/{operation}", body)

    def with_captures(self, amount, refunded=0, **wishes):
        order_id = self.order(**wishes)
        self.act(order_id, "captures", {"captured_amount": amount, "order_lines": []})
        if refunded:
            self.act(order_id, "refunds", {"refunded_amount": refunded})
        return order_id

    def cancelled(self):
        order_id = self.order()
        self.act(order_id, "cancel")
        return order_id

    def expired(self):
        order_id = self.order()
        self._call("POST", "/sandbox/v1/clock/advance", {"by": "P28D"})
        return order_id

    def complete(self):
        session_id = self.session()
        path = f"/payments/v1/authorizations/{self.authorized(session_id)}/order"
        self._call("POST", path, CART)
        return session_id

    def used(self):
        token = self.token()
        self._call("POST", f"/payments/v1/authorizations/{token}/order", CART)
        return token

    def opened(self):
        session_id = self.session()
        self.authorized(session_id)
        return session_id

    def customer_token(self):
        token = self.token(intent="tokenize")
        path = f"/payments/v1/authorizations/{token}/customer-token"
        return self._call("POST", path, TOKEN_REQUEST).json()["token_id"]

    def customer_token_with(self, **change):
        token = self.customer_token()
        self._call("PATCH", f"/sandbox/v1/customer-tokens/{token}", change)
        return token

    def cancelled_customer_token(self):
        token = self.customer_token()
        path = f"/customer-token/v1/tokens/{token}/status"
        self._call("PATCH", path, {"status": "CANCELLED"})
        return token

    def page(self, outcome=None, mode="NONE"):
        """A hosted payment page, and what its buyer did there."""
        body = {
            "payment_session_url": self.session_url(self.session()),
            "options": {"place_order_mode": mode},
        }
        page = self._call("POST", "/hpp/v1/sessions", body).json()["session_id"]
        if outcome:
            self._call("POST", f"/sandbox/v1/hpp/{page}", {"outcome": outcome})
        return page

    def disabled_page(self):
        page = self.page()
        self._call("DELETE", f"/hpp/v1/sessions/{page}")
        return page

    def expired_page(self):
        page = self.page()
        self._call("POST", "/sandbox/v1/clock/advance", {"by": "PT47H"})
        return page

    def session_url(self, session_id):
        return f"{self.url}/payments/v1/sessions/{session_id}"

    def first(self, order_id, what):
        """The id of an order's first capture or refund; an unknown one where it has none."""
        order = self._call("GET", f"/ordermanagement/v1/orders/{order_id}").json()
        ids = [it[f"{what}_id"] for it in order[f"{what}s"]]
        return ids[0] if ids else UNKNOWN


ORDERS = {
    "authorized": Purchases.order,
    "authorized-by-card": lambda shop: shop.order(payment_method="card"),
    "part-captured": lambda shop: shop.with_captures(10000),
    "captured": lambda shop: shop.with_captures(49800),
    "part-refunded": lambda shop: shop.with_captures(49800, refunded=10000),
    "captured-by-card": lambda shop: shop.with_captures(49800, payment_method="card"),
    "cancelled": Purchases.cancelled,
    "expired": Purchases.expired,
    "pending": lambda shop: shop.order("customer+pend-accept-05@email.se"),
    "rejected": lambda shop: shop.order("customer+pend-reject-00@email.se"),
}
SESSIONS = {
    "open": Purchases.session,
    "authorized": Purchases.opened,
    "complete": Purchases.complete,
}
TOKENS = {
    "approved": Purchases.token,
    "tokenizing": lambda shop: shop.token(intent="tokenize"),
    "for-both": lambda shop: shop.token(intent="buy_and_tokenize"),
    "used": Purchases.used,
}
CUSTOMER_TOKENS = {
    "active": Purchases.customer_token,
    "declining": lambda shop: shop.customer_token_with(declines=True),
    "suspended": lambda shop: shop.customer_token_with(status="SUSPENDED"),
    "cancelled": Purchases.cancelled_customer_token,
}
PAGES = {
    "waiting": Purchases.page,
    "entered": lambda shop: shop.page("entered"),
    "back": lambda shop: shop.page("back"),
    "denied": lambda shop: shop.page("denied"),
    "error": lambda shop: shop.page("error"),
    "cancelled": lambda shop: shop.page("cancelled"),
    "completed": lambda shop: shop.page("approved"),
    "completed-and-placed": lambda shop: shop.page("approved", "PLACE_ORDER"),
    "completed-and-captured": lambda shop: shop.page("approved", "CAPTURE_ORDER"),
    "disabled": Purchases.disabled_page,
    "expired": Purchases.expired_page,
}

# For each parameter the names that stand for real ids, by the paths it is in.
KINDS = {
    ("/ordermanagement/", "order_id"): ORDERS,
    ("/payments/", "session_id"): SESSIONS,
    ("/payments/", "authorizationToken"): TOKENS,
    ("/customer-token/", "customerToken"): CUSTOMER_TOKENS,
    ("/hpp/", "session_id"): PAGES,
}
# These belong to the order of the same request.
PARTS = {"capture_id": "capture", "refund_id": "refund"}


def session_url(name):
    """What stands in a body for the URL of such a payment session."""
    return f"https://api.klarna.com/payments/v1/sessions/{name}"


SESSION_URLS = {session_url(name): name for name in SESSIONS}


def kinds(path, parameter):
    """What stands for real ids of this parameter; nothing where only random ones make sense."""
    if parameter in PARTS:
        return ["first"]
    for (start, name), made in KINDS.items():
        if path.startswith(start) and name == parameter:
            return list(made)
    return []


def fill(shop, path, parameters, body):
    """Puts real ids in the place of the names that stand for them."""
    filled = set()
    for (start, name), made in KINDS.items():
        if path.startswith(start) and parameters.get(name) in made:
            parameters[name] = made[parameters[name]](shop)
            filled.add(name)
    for name, what in PARTS.items():
        if parameters.get(name) == "first":
            real = "order_id" in filled
            parameters[name] = shop.first(parameters["order_id"], what) if real else UNKNOWN
    named = body.get("payment_session_url") if isinstance(body, dict) else None
    if isinstance(named, str) and named in SESSION_URLS:
        session_id = SESSIONS[SESSION_URLS[named]](shop)
        body["payment_session_url"] = shop.session_url(session_id)
