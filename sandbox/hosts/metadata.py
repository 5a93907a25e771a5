# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instance asks about itself at 169.254.169.254, in version 2 and, if it may, in version 1.

Each VPC has one such server, in its router; who asks is known by the address, which the router
believes of nobody else.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.fabric.fabric import Fabric
from sandbox.fabric.names import METADATA
from sandbox.fabric.picture import Vpc
from sandbox.ground import namespaces

Leaf = str | bytes
Tree = Mapping[str, "Leaf | Tree"]
_LONGEST = 21600  # seconds that a token lives at most
_PORT = 80


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an instance may know. `tree` is what is below /latest; a folder is a mapping.

    `enabled` and `tokens_required` are its metadata options.
    """

    instance: str
    tree: Tree
    enabled: bool = True
    tokens_required: bool = True


# The facts of the instance that has an address in a VPC; None if there is none.
Look = Callable[[str, str], "Facts | None"]


class Tokens:
    """Tokens that were given out; each is good for one instance, until its time is over."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def give(self, instance: str, seconds: int) -> str:
        token = secrets.token_urlsafe(40)
        now = time.monotonic()
        with self._lock:
            self._known = {t: kept for t, kept in self._known.items() if kept[1] > now}
            self._known[token] = (instance, now + seconds)
        return token

    def good(self, token: str, instance: str) -> bool:
        with self._lock:
            owner, until = self._known.get(token, ("", 0.0))
        return owner == instance and time.monotonic() < until


def find(tree: Tree, path: str) -> Leaf | None:
    """What is at a path: its content, the names in a folder, or None if there is nothing."""
    place: Leaf | Tree = tree
    for part in filter(None, path.split("/")):
        if isinstance(place, Leaf) or part not in place:
            return None
        place = place[part]
    if isinstance(place, Leaf):
        return place
    return "\n".join(
        name if isinstance(below, Leaf) else f"{name}/" for name, below in place.items()
    )


def answer(
    facts: Facts | None, tokens: Tokens, method: str, path: str, headers: Mapping[str, str]
) -> tuple[int, Leaf]:
    """Status and body of the answer to a request; header names are in lower case."""
    if facts is None:
        return 404, "Not Found"
    if not facts.enabled:
        return 403, "Forbidden"
    parts = [part for part in path.partition("?")[0].split("/") if part]
    if method == "PUT":
        return _token(facts, tokens, parts, headers)
    if method != "GET":
        return 405, "Method Not Allowed"
    token = headers.get("x-aws-ec2-metadata-token", "")
    if (token or facts.tokens_required) and not tokens.good(token, facts.instance):
        return 401, "Unauthorized"
    if not parts:
        return 200, "latest"
    found = find(facts.tree, "/".join(parts[1:])) if parts[0] == "latest" else None
    return (404, "Not Found") if found is None else (200, found)


def _token(
    facts: Facts, tokens: Tokens, parts: list[str], headers: Mapping[str, str]
) -> tuple[int, str]:
    if parts != ["latest", "api", "token"]:
        return 404, "Not Found"
    # A proxy that lets strangers in must not be able to fetch a token for them.
    if "x-forwarded-for" in headers:
        return 403, "Forbidden"
    text = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
    if not text.isdigit() or not 1 <= int(text) <= _LONGEST:
        return 400, "Bad Request"
    return 200, tokens.give(facts.instance, int(text))


class Metadata:
    """The servers of all VPCs, one for each router as long as it is there."""

    def __init__(self, fabric: Fabric, look: Look) -> None:
        self._look = look
        self._tokens = Tokens()
        self._servers: dict[str, ThreadingHTTPServer] = {}
        fabric.watch(self._comes, self._goes)

    def _comes(self, vpc: Vpc, namespace: str) -> None:
        server = _Server(vpc.id, self._look, self._tokens)
        server.socket.close()
        server.socket = namespaces.listener(namespace, METADATA, _PORT)
        self._servers[vpc.id] = server
        threading.Thread(
            target=server.serve_forever, args=(0.2,), name=f"metadata {vpc.id}", daemon=True
        ).start()

    def _goes(self, vpc_id: str) -> None:
        server = self._servers.pop(vpc_id, None)
        if server:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, vpc_id: str, look: Look, tokens: Tokens) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.vpc_id = vpc_id
        self.look = look
        self.tokens = tokens


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30.0
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length") or 0))
        try:
            facts = self.server.look(self.server.vpc_id, self.client_address[0])
            status, text = answer(facts, self.server.tokens, self.command, self.path, headers)
        except Exception:
            traceback.print_exc()
            status, text = 500, "Internal Server Error"
        body = text.encode() if isinstance(text, str) else text
        with contextlib.suppress(ConnectionError):  # Whoever asked has given up, and asks again.
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    # As the standard library looks them up.
    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815

    def version_string(self) -> str:
        return "EC2ws"

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""
