# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt is judged as Route 53 judges it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox.databases.certificates import Authority
from sandbox.health.endpoint import Endpoint, NotReal, Outcome, attempt, loopback
from sandbox.health.verdict import Verdict

HERE = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """Answers with what it is told, and keeps the headers it was asked with."""

    status, body, delay = 200, b"", 0.0

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            server: Server

            def do_GET(self) -> None:
                self.server.asked.append((self.path, dict(self.headers)))
                if self.server.delay:
                    self.server.released.wait(self.server.delay)
                self.send_response(self.server.status)
                self.end_headers()
                self.wfile.write(self.server.body)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        super().__init__((HERE, 0), Handler)


@contextmanager
def serving(server: Server) -> Iterator[Endpoint]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Endpoint("HTTP", HERE, "www.example.org", server.server_port, "/ready?a=b")
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.mark.parametrize(
    ("status", "healthy"), [(200, True), (302, True), (399, True), (404, False), (503, False)]
)
def test_a_status_of_2xx_or_3xx_is_healthy(server: Server, status: int, healthy: bool) -> None:
    with serving(server) as endpoint:
        server.status = status
        found = attempt(endpoint, HERE, loopback)
    assert found.healthy is healthy
    assert f"HTTP Status Code {status}" in found.text


def test_the_path_and_the_host_with_its_unusual_port_are_asked_for(server: Server) -> None:
    with serving(server) as endpoint:
        attempt(endpoint, HERE, loopback)
        attempt(replace(endpoint, host="", path="bare"), HERE, loopback)
    (path, headers), (bare, nameless) = server.asked
    assert path == "/ready?a=b" and bare == "/bare"
    assert headers["Host"] == f"www.example.org:{endpoint.port}"
    assert nameless["Host"] == f"{HERE}:{endpoint.port}"
    assert replace(endpoint, port=80).host_header == "www.example.org"
    assert replace(endpoint, kind="HTTPS_STR_MATCH", port=443).host_header == "www.example.org"


@pytest.mark.parametrize(
    ("body", "healthy"),
    [
        (b"all is Well", True),
        (b"all is well", False),
        (b"x" * 5116 + b"Well", True),
        (b"x" * 5117 + b"Well", False),
    ],
)
def test_a_string_is_searched_in_the_first_5120_bytes(
    server: Server, body: bytes, healthy: bool
) -> None:
    with serving(server) as endpoint:
        server.body = body
        matching = replace(endpoint, kind="HTTP_STR_MATCH", search="Well")
        assert attempt(matching, HERE, loopback).healthy is healthy


def test_an_answer_that_takes_more_than_two_seconds_is_none(server: Server) -> None:
    with serving(server) as endpoint:
        server.delay = 60.0
        found = attempt(endpoint, HERE, loopback)
    assert not found.healthy and "within 2 seconds" in found.text


def test_tcp_is_healthy_where_somebody_listens(server: Server) -> None:
    with serving(server) as endpoint:
        tcp = replace(endpoint, kind="TCP")
        assert attempt(tcp, HERE, loopback).healthy
    found = attempt(tcp, HERE, loopback)
    assert not found.healthy and "refused" in found.text


def test_https_looks_at_no_certificate_and_tells_the_name_where_it_may(
    server: Server, tmp_path: Path
) -> None:
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*chain(tmp_path))
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as endpoint:
        https = replace(endpoint, kind="HTTPS")
        assert attempt(replace(https, sni=True), HERE, loopback).healthy
        assert attempt(https, HERE, loopback).healthy
        plain = attempt(endpoint, HERE, loopback)
    assert names == ["www.example.org", None]
    assert not plain.healthy


def chain(folder: Path) -> tuple[Path, Path]:
    """A certificate of somebody else, and its key."""
    certificate, key = Authority("us-east-1").issue("other.example.org")
    for name, text in (("cert", certificate), ("key", key)):
        (folder / name).write_bytes(text)
    return folder / "cert", folder / "key"


def test_an_endpoint_that_speaks_no_http_is_unhealthy() -> None:
    with socket.create_server((HERE, 0)) as listener:

        def babble() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example.org ready\r\n")

        threading.Thread(target=babble, daemon=True).start()
        endpoint = Endpoint("HTTP", HERE, "", listener.getsockname()[1])
        assert not attempt(endpoint, HERE, loopback).healthy


def test_nothing_but_loopback_is_asked_unless_somebody_reaches_more() -> None:
    for address in ("10.0.0.1", "192.0.2.1", "8.8.8.8"):
        with pytest.raises(NotReal):
            attempt(Endpoint("TCP", address, "", 80), address, loopback)
    asked: list[tuple[str, int]] = []

    def reach(address: str, port: int, timeout: float) -> socket.socket:
        asked.append((address, port))
        raise TimeoutError

    found = attempt(Endpoint("TCP", "10.0.0.1", "", 80), "10.0.0.1", reach)
    assert asked == [("10.0.0.1", 80)]
    assert not found.healthy and "timed out" in found.text


NOW = datetime(2026, 1, 1, tzinfo=UTC)
Row = Callable[[str], list[bool]]


def verdicts(row: str, threshold: int) -> str:
    """What is thought after each attempt: `+` is healthy, `-` is not."""
    verdict, found = Verdict(), ""
    for sign in row:
        verdict = verdict.after(Outcome(sign == "+", sign), threshold, NOW)
        found += "+" if verdict.healthy else "-"
    return found


@pytest.mark.parametrize(
    ("row", "threshold", "expected"),
    [
        ("---", 3, "++-"),
        ("--+---+++", 3, "+++++---+"),
        ("-+-+", 1, "-+-+"),
        ("---++-+++", 3, "++------+"),
    ],
)
def test_an_endpoint_turns_after_as_many_attempts_in_a_row(
    row: str, threshold: int, expected: str
) -> None:
    assert verdicts(row, threshold) == expected


def test_the_last_failure_is_kept_after_a_success() -> None:
    verdict: Any = Verdict()
    for healthy, text in ((False, "Failure: a"), (False, "Failure: b"), (True, "Success: c")):
        verdict = verdict.after(Outcome(healthy, text), 3, NOW)
    assert (verdict.last_failure.text, verdict.last.text) == ("Failure: b", "Success: c")
