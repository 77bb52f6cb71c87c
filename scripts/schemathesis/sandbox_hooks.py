"""What schemathesis loads: patched documents, real ids, and a count of what was answered."""

import atexit
import json
import os
from collections import Counter

import documents
import purchases
import schemathesis

SHOP = purchases.Purchases(os.environ["KVITT_SANDBOX_URL"])
ANSWERED = Counter()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    documents.patch(raw_schema)


@schemathesis.hook
def before_call(context, case, kwargs):
    # One object may stand in many cases: what is filled in for one would stay in the others.
    case.path_parameters = dict(case.path_parameters or {})
    if isinstance(case.body, dict):
        case.body = dict(case.body)
    purchases.fill(SHOP, case.operation.path, case.path_parameters, case.body)


@schemathesis.hook
def after_call(context, case, response):
    ANSWERED[f"{case.operation.label} {response.status_code}"] += 1


@atexit.register
def write_answered():
    with open(os.environ["KVITT_ANSWERED"], "w", encoding="utf-8") as file:
        json.dump(ANSWERED, file)
