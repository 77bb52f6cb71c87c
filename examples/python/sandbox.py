"""A Klarna of your tests' own: starts `kvitt sandbox`, and stops it when they are done.

Copy this file beside your tests. It needs Python 3.9 or newer and the program `kvitt`, on the PATH
or named by the environment variable KVITT.
"""

import http.client
import json
import os
import signal
import subprocess

READY = "listening on http://"


class Sandbox:
    """A running sandbox; `url` is where it listens. Use it in a `with`, or call `stop()`."""

    def __init__(self):
        # Port 0 takes any free port, so that test runs do not get in each other's way.
        command = [os.environ.get("KVITT", "kvitt"), "sandbox", "--listen", "127.0.0.1:0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # The sandbox says where it is once it answers: no polling, no sleeping. If it cannot start,
        # this line is empty and the reason is on stderr.
        line = self._process.stdout.readline().strip()
        if not line.startswith(READY):
            self._process.kill()
            raise RuntimeError(f"kvitt sandbox did not start; it said {line!r}")
        self.address = line[len(READY) :]
        self.url = f"http://{self.address}"

    def stop(self):
        """Asks the sandbox to end, as `docker stop` would, and expects that it ends well."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process.stdout.close()
        if code != 0:
            raise RuntimeError(f"kvitt sandbox ended with exit code {code}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # What Klarna does not have: the shopper, the clock, faults. It needs no credentials.

    def authorize(self, session_id, **wishes):
        """Stands in for the shopper, who says yes unless told otherwise (`outcome="denied"`)."""
        return self._control("POST", f"sessions/{session_id}/authorize", wishes)

    def advance(self, by):
        """Moves the sandbox's clock forward by an ISO 8601 duration, such as P28D or PT61M."""
        return self._control("POST", "clock/advance", {"by": by})

    def add_fault(self, fault):
        """Makes requests go wrong from now on."""
        return self._control("POST", "faults", fault)

    def reset(self):
        """Forgets everything: sessions, orders, faults, and how far the clock was moved."""
        return self._control("POST", "reset", {})

    def _control(self, method, path, body):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, f"/sandbox/v1/{path}", json.dumps(body))
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text}")
        return json.loads(text) if text else None
