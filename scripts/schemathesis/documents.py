"""Klarna's published documents, as they have to be read for a generator to make sense of them.

Each patch says why. None of them changes what a request or a successful answer looks like, but where
a recorded exchange shows that the document is wrong.
"""

import purchases

METHODS = ("get", "post", "put", "patch", "delete")

ENVELOPE = {
    "type": "object",
    "required": ["correlation_id", "error_code", "error_messages"],
    "properties": {
        "correlation_id": {"type": "string", "format": "uuid"},
        "error_code": {"type": "string", "pattern": "^[A-Z0-9_]+$"},
        "error_messages": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
}
REFUSAL = {"description": "Refused", "content": {"application/json": {"schema": ENVELOPE}}}
PAGE = {"description": "Refused", "content": {"text/html": {"schema": {"type": "string"}}}}
EMPTY = {"description": "Without a body"}

# Klarna answers with these, and no document says so, or not everywhere.
UNDECLARED = {
    "401": PAGE,  # recorded: the edge's page
    "405": REFUSAL,  # recorded
    "413": REFUSAL,  # documented: REQUEST_TOO_LARGE
    "429": EMPTY,  # recorded
}
# In paths that hold these texts:
UNDECLARED_IN = {
    "/ordermanagement/": {
        "400": REFUSAL,  # documented: INVALID_ORDER_ID; its status is inferred
        "404": REFUSAL,  # documented: NO_SUCH_ORDER; declared for some operations only
        "422": REFUSAL,  # recorded: UNPROCESSABLE_ENTITY
    },
}

# What a request may say so that it fits what purchases.py made; where one is not enough, several.
EXAMPLES = {
    ("post", "/payments/v1/sessions"): purchases.CART,
    ("post", "/payments/v1/sessions/{session_id}"): purchases.CART,
    ("post", "/payments/v1/authorizations/{authorizationToken}/order"): purchases.CART,
    (
        "post",
        "/payments/v1/authorizations/{authorizationToken}/customer-token",
    ): purchases.TOKEN_REQUEST,
    ("post", "/ordermanagement/v1/orders/{order_id}/captures"): {
        "captured_amount": 24900,
        "reference": "parcel 1",
        "shipping_info": [{"shipping_company": "PostNord", "tracking_number": "63456415674545"}],
    },
    ("post", "/ordermanagement/v1/orders/{order_id}/refunds"): {"refunded_amount": 9900},
    ("patch", "/ordermanagement/v1/orders/{order_id}/authorization"): {
        "order_amount": 49800,
        "order_lines": [purchases.LINE],
    },
    ("patch", "/ordermanagement/v1/orders/{order_id}/captures/{capture_id}/extend-due-date"): {
        "number_of_days": 14
    },
    ("patch", "/ordermanagement/v1/orders/{order_id}/customer-details"): {
        "shipping_address": {**purchases.ADDRESS, "street_address": "Storgatan 2"}
    },
    ("post", "/customer-token/v1/tokens/{customerToken}/order"): {
        name: purchases.CART[name]
        for name in ("purchase_currency", "order_amount", "order_tax_amount", "order_lines")
    },
    ("patch", "/customer-token/v1/tokens/{customerToken}/status"): {"status": "CANCELLED"},
    ("post", "/hpp/v1/sessions"): [
        {"payment_session_url": purchases.session_url("open")},
        {
            "payment_session_url": purchases.session_url("authorized"),
            "merchant_urls": {
                "success": "https://shop.example/thanks?order={{order_id}}",
                "back": "https://shop.example/cart?page={{session_id}}",
            },
            "options": {
                "place_order_mode": "CAPTURE_ORDER",
                "payment_method_categories": ["PAY_NOW", "PAY_LATER"],
                "purchase_type": "BUY",
            },
        },
    ],
    ("post", "/hpp/v1/sessions/{session_id}/distribution"): [
        {"method": "email", "contact_information": {"email": "customer@email.se"}},
        {
            "method": "sms",
            "contact_information": {"phone": "07000212345", "phone_country": "SE"},
        },
        {"method": "token", "contact_information": {"access_id": "467521087419"}},
    ],
}


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def schemas(node):
    """Every schema and whatever else is an object, deep in the document."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from schemas(child)
    elif isinstance(node, list):
        for child in node:
            yield from schemas(child)


def security(document):
    """Basic everywhere: Payments, Customer Token and Hosted Payment Page declare no security, and
    Order Management names a scheme `basicAuth` that it declares as `Basic-authorization`."""
    document["components"]["securitySchemes"] = {"basicAuth": {"type": "http", "scheme": "basic"}}
    document["security"] = [{"basicAuth": []}]
    for _, _, operation in operations(document):
        operation.pop("security", None)


def null_enums(document):
    """Prices and rates of type integer whose only allowed value is said to be null, which no integer
    is; what is meant is that they may be absent."""
    for schema in schemas(document["components"]["schemas"]):
        if schema.get("enum") == [None]:
            del schema["enum"]


def joined_enums(document):
    """The type of a line has one allowed value, which is all of them joined by `|`."""
    for schema in schemas(document["components"]["schemas"]):
        match schema.get("enum"):
            case [str(only)] if "|" in only:
                schema["enum"] = only.split("|")


def empty_answers(document):
    """Some 201 and 204 are said to hold a JSON text. A 204 cannot, and captures and refunds were
    recorded as empty."""
    for _, _, operation in operations(document):
        for status in ("201", "204"):
            answer = operation["responses"].get(status, {})
            media = answer.get("content", {}).get("application/json", {})
            if status == "204" or media.get("schema") == {"type": "string"}:
                answer.pop("content", None)


def no_redirect_of_token_orders(document):
    """Orders by customer token are said to have a `redirect_url`; recorded ones have none."""
    order = document["components"]["schemas"].get("order", {})
    if any(path.startswith("/customer-token/") for path in document["paths"]):
        order["required"] = [it for it in order["required"] if it != "redirect_url"]


def envelopes(document):
    """Refusals whose content is not declared are one and the same object, as recorded."""
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith("4") and status not in UNDECLARED and "content" not in answer:
                answer["content"] = REFUSAL["content"]


def undeclared_statuses(document):
    """The exceptions: what Klarna answers with, and does not declare."""
    for _, path, operation in operations(document):
        answers = operation["responses"]
        for part, more in (("/", UNDECLARED), *UNDECLARED_IN.items()):
            if part in path:
                for status, answer in more.items():
                    # Where a document declares a status without content, ours says more.
                    if "content" not in answers.get(status, {}):
                        answers[status] = answer


def real_ids(document):
    """Random ids find nothing. Beside them, names that stand for ids made for the request: as
    examples, so that each is tried, and as values, so that they meet other requests. A page's payment
    session is named by its URL, in the body."""
    for _, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            names = purchases.kinds(path, parameter.get("name"))
            if parameter["in"] == "path" and names:
                real = {"type": "string", "enum": names}
                parameter["schema"] = {"anyOf": [real, parameter["schema"]]}
                parameter["examples"] = {name: {"value": name} for name in names}
                parameter.pop("example", None)
    for schema in schemas(document["components"]["schemas"]):
        member = schema.get("properties", {}).get("payment_session_url")
        if member:
            member["anyOf"] = [{"enum": list(purchases.SESSION_URLS)}, {"type": "string"}]
            member.pop("example", None)


def examples(document):
    """The documents' own examples do not add up (an amount of 2000 beside other lines)."""
    for method, path, operation in operations(document):
        example = EXAMPLES.get((method, path))
        if example is not None:
            media = operation["requestBody"]["content"]["application/json"]
            several = example if isinstance(example, list) else [example]
            media["examples"] = {f"good-{index}": {"value": it} for index, it in enumerate(several)}
            media.pop("example", None)


PATCHES = (
    security,
    null_enums,
    joined_enums,
    empty_answers,
    no_redirect_of_token_orders,
    envelopes,
    undeclared_statuses,
    real_ids,
    examples,
)


def patch(document):
    for each in PATCHES:
        each(document)
