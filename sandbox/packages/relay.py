# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's archives over HTTP, in the sandbox's internet."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import unquote

from sandbox.ground import namespaces
from sandbox.packages.mirrors import Absent, Unreachable
from sandbox.packages.store import Store

# What is to be had at which name, as it is at Debian.
NAMES = {
    "deb.debian.org": ("debian", "debian-security"),
    "security.debian.org": ("debian-security",),
}
_PORT = 80
_PATH = re.compile(r"/(?P<archive>[a-z-]+)(/[A-Za-z0-9._+~%:=-]+)+")


class Forbidden(PermissionError):
    """Asked for what is not there to be had."""


def path_of(host: str, target: str) -> str:
    """The path of a file of an archive, out of a request's host and target. Raises Forbidden."""
    archives = NAMES.get(host.lower().removesuffix(f":{_PORT}"), ())
    asked = _PATH.fullmatch(target)
    if not asked or asked["archive"] not in archives or ".." in unquote(target).split("/"):
        raise Forbidden(target)
    return target.removeprefix("/")


class Relay:
    """Answers at an address of the internet, as long as there is one."""

    def __init__(self, store: Store, address: str) -> None:
        self._store = store
        self._address = address
        self._server: _Server | None = None

    def open(self, namespace: str) -> None:
        """Answer in a network namespace. Raises OSError."""
        server = _Server(self._store)
        server.socket.close()
        server.socket = namespaces.listener(namespace, self._address, _PORT)
        self._server = server
        threading.Thread(
            target=server.serve_forever, args=(0.2,), name="packages", daemon=True
        ).start()

    def close(self) -> None:
        """Answer no more."""
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, store: Store) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.store = store


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 60.0
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        hosts = self.headers.get_all("Host", [])
        with contextlib.suppress(ConnectionError, TimeoutError):  # Whoever asked has given up.
            try:
                found = self.server.store.get(
                    path_of(hosts[0] if len(hosts) == 1 else "", self.path)
                )
                with found.open("rb") as content:
                    self._send(content, found.stat().st_size)
            except Forbidden:
                self.send_error(403)
            except Absent:
                self.send_error(404)
            except Unreachable as problem:
                print(f"sandbox: packages: {problem}", flush=True)
                self.send_error(502)
            except (ConnectionError, TimeoutError):
                raise
            except Exception:
                traceback.print_exc()
                self.send_error(500)

    def _send(self, content: BinaryIO, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "GET":
            shutil.copyfileobj(content, self.wfile)

    # As the standard library looks them up.
    do_GET = do_HEAD = _answer  # noqa: N815

    def version_string(self) -> str:
        return "packages"

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""
