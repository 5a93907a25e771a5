# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to the control endpoints of a sandbox that runs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

# Seconds, more than the sandbox itself waits until networks and balancers follow: what took effect
# must not be told as timed out. Where nothing listens that is told at once.
_PATIENCE = 300.0


class Refused(RuntimeError):
    """The sandbox did not do it; the text is its reason."""


class Client:
    """The control endpoints under `endpoint`, e.g. http://127.0.0.1:5570."""

    def __init__(self, endpoint: str, key: str = "") -> None:
        self.endpoint = endpoint
        self._key = key
        # Never through a proxy of the environment: it is this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, name: str, content: Any = None, timeout: float = _PATIENCE) -> Any:
        """The JSON answer of an endpoint; raises Refused, or OSError if there is no sandbox."""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(
            f"{self.endpoint}/_sandbox/{name}",
            data=body,
            method=method,
            headers={"X-Sandbox-Key": self._key} if self._key else {},
        )
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as problem:
            text = problem.read().decode("utf-8", "replace")
            raise Refused(f"{method} {name}: {_reason(text)}") from None

    def health(self) -> dict[str, Any] | None:
        """What the sandbox says of itself, None if nothing answers there or something else does."""
        try:
            # A machine that is busy answers late; where nothing listens, that is told at once.
            answer = self.call("GET", "health", timeout=20.0)
        except (OSError, ValueError, Refused):
            return None
        return answer if isinstance(answer, dict) and "pid" in answer else None


def _reason(text: str) -> str:
    """What a refusal says, which may come from another server than a sandbox."""
    try:
        return str(json.loads(text)["error"])
    except (ValueError, TypeError, KeyError):
        return text
