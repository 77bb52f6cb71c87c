"""One line for each step; the end at the first thing that is not as expected."""

import sys

_steps = 0


def check(step, **members):
    """Compares each member, given as (what came back, what was written down by hand)."""
    global _steps
    for member, (got, expected) in members.items():
        if got != expected:
            lines = (f"FAILED {step}: {member}", f"expected {expected!r}", f"got      {got!r}")
            print("\n  ".join(lines), file=sys.stderr)
            sys.exit(1)
    _steps += 1
    print(f"ok {step}")


def done(client):
    print(f"{client}: {_steps} steps are as expected.")
