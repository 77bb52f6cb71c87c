"""Runs schemathesis against the sandbox, with one document of Klarna's after the other."""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import purchases
import requests
import yaml
from documents import operations
from sandbox import Sandbox

# A sandbox that does not serve these is broken; others may be ahead of it.
MUST_BE_SERVED = {
    "klarna-payments-v1",
    "klarna-order-management-v1",
    "klarna-hpp-v1",
    "klarna-customer-token-v1",
}
# What the issue is about. Left out: whether a bad request is refused and a good one is not, since
# Klarna takes numbers as texts and ignores what it does not know, and wants sums to add up.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
NAME = re.compile(r"(?P<api>.+-v\d+)\.(?P<date>\d{4}-\d{2})(\.\w+)?\.(yaml|json)")


def newest(folder):
    """The newest document of each API, by the date in its name."""
    found = {}
    for file in sorted(folder.iterdir()):
        name = NAME.fullmatch(file.name)
        if name and (name["api"] not in found or found[name["api"]][0] < name["date"]):
            found[name["api"]] = (name["date"], file)
    return {api: file for api, (_, file) in found.items()}


def is_served(url, document):
    """Whether the sandbox knows the paths: it answers others with a text of its own."""
    base = document.get("servers", [{"url": ""}])[0]["url"].partition("://")[2]
    prefix = "/" + base.partition("/")[2] if "/" in base else ""
    path = re.sub(r"\{.*?\}", "0", next(iter(document["paths"])))
    answer = requests.get(
        f"{url}{prefix.rstrip('/')}{path}", auth=purchases.CREDENTIALS, timeout=10
    )
    media = answer.headers.get("Content-Type", "")
    return not (answer.status_code == 404 and media.startswith("text/plain"))


def run(url, file, examples, seed, folder):
    """One run; answers with schemathesis's exit code and how often each answer was given."""
    answered = folder / "answered.json"
    answered.unlink(missing_ok=True)
    here = Path(__file__).parent
    command = [
        Path(sys.executable).with_name("schemathesis"),
        *("run", file, "--url", url, "--auth", ":".join(purchases.CREDENTIALS)),
        *("--checks", ",".join(CHECKS), "--max-examples", str(examples)),
        # The same requests in every run with this seed: one by one, and nothing remembered.
        *("--seed", str(seed), "--workers", "1", "--generation-database", "none"),
        *("--continue-on-failure", "--warnings", "off"),
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(here),
        "SCHEMATHESIS_HOOKS": "sandbox_hooks",
        "KVITT_SANDBOX_URL": url,
        "KVITT_ANSWERED": str(answered),
    }
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    return code, json.loads(answered.read_text()) if answered.exists() else {}


def show(document, answered):
    """Prints what each operation answered; returns those that never answered with success."""
    barren = []
    for method, path, _ in operations(document):
        label = f"{method.upper()} {path}"
        statuses = {
            int(it.rpartition(" ")[2]): count
            for it, count in answered.items()
            if it.rpartition(" ")[0] == label
        }
        told = ", ".join(f"{status}: {statuses[status]}" for status in sorted(statuses))
        print(f"  {label}  {told or 'never called'}")
        if not any(status < 300 for status in statuses):
            barren.append(label)
    return barren


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path, help="where files of the run may lie")
    parser.add_argument("--examples", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["KVITT_SANDBOX_CREDENTIALS"] = ":".join(purchases.CREDENTIALS)
    failed, left_out, served = [], [], set()
    for api, file in newest(arguments.folder).items():
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        with Sandbox() as sandbox:
            if not is_served(sandbox.url, document):
                left_out.append(api)
                continue
            served.add(api)
            print(f"\n-- {file.name}", flush=True)
            code, answered = run(
                sandbox.url,
                file.resolve(),
                arguments.examples,
                arguments.seed,
                arguments.work.resolve(),
            )
        barren = show(document, answered)
        if code != 0:
            failed.append(f"{api}: schemathesis found failures")
        failed.extend(f"{api}: {label} never answered with success" for label in barren)
    for api in sorted(MUST_BE_SERVED - served):
        failed.append(f"{api}: no document in the folder, or not served")
    print(f"\nWalked: {', '.join(sorted(served)) or 'nothing'}.")
    if left_out:
        print(f"Left out, since the sandbox does not serve them: {', '.join(left_out)}.")
    for line in failed:
        print(f"FAILED {line}", flush=True)
    wrong = {line.partition(":")[0] for line in failed}
    print(f"schemathesis: {len(served - wrong)} passed, {len(wrong)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
