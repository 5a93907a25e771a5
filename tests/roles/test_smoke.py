# SPDX-License-Identifier: GPL-3.0-or-later
"""A site is asked through its balancer by its real name, and written to where that is declared."""

from __future__ import annotations

import importlib.util
import json
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import certificate
from sandbox.running import CHECKOUT

SOURCE = CHECKOUT / "roles/dr_site/files/traffic.py"
NAME = "shop.example.com"
BALANCER = "balancer.example"


class Site:
    """What stands behind the balancer: it keeps what it was asked, and answers as it is told."""

    def __init__(self, folder: Path) -> None:
        certificate.write(folder, NAME)
        self.authorities = str(folder / "certificate.pem")
        self.statuses = {"GET": 200, "POST": 200}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                site.asked.append((self.command, self.path, dict(self.headers), body))
                self.send_response(site.statuses[self.command])
                self.end_headers()
                self.wfile.write(b"told\n of it")

            def log_message(self, *_args: Any) -> None:
                """Nothing is printed."""

        # The server's own names for them.
        for method in self.statuses:
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def traffic(site: Site, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, for which the balancer is this machine's own."""
    # Its neighbours ask PostgreSQL, which these tests have nothing to do with.
    neighbours = {"logins": {"Server": object}, "sessions": {"LOOK": 0.1}}
    for name, content in neighbours.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("traffic", SOURCE)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    monkeypatch.setattr(loaded, "PATIENCE", 0.0)
    connect = socket.create_connection

    def near(address: tuple[str, int], **more: Any) -> socket.socket:
        assert address == (BALANCER, 443)
        return connect(("127.0.0.1", site.server.server_address[1]), **more)

    monkeypatch.setattr(loaded.socket, "create_connection", near)
    return loaded


def asked(traffic: ModuleType, site: Site, **more: Any) -> dict[str, Any]:
    given = {
        "domain": NAME,
        "balancer": BALANCER,
        "page": "/health/ready",
        "authorities": site.authorities,
        "operation": "20261128T101500Z-failover-3f2a",
    }
    return dict(traffic.site(None, {**given, **more}))


def test_nothing_is_written_where_no_path_is_declared(traffic: ModuleType, site: Site) -> None:
    assert asked(traffic, site, write="", body={}) == {"status": 200, "said": "told of it"}
    [(method, path, headers, _body)] = site.asked
    assert (method, path, headers["Host"]) == ("GET", "/health/ready", NAME)


def test_what_is_declared_is_posted_under_the_name_of_the_operation(
    traffic: ModuleType, site: Site
) -> None:
    site.statuses["POST"] = 201
    found = asked(traffic, site, write="/ready", body={"kind": "smoke"})
    assert found["write"] == {"status": 201, "said": "told of it"}
    method, path, headers, body = site.asked[1]
    assert (method, path, headers["Host"]) == ("POST", "/ready", NAME)
    assert headers["Idempotency-Key"] == "20261128T101500Z-failover-3f2a"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"kind": "smoke"}


def test_a_site_that_does_not_answer_well_at_first_is_asked_again(
    traffic: ModuleType, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.statuses["GET"] = 503

    def better(_seconds: float) -> None:
        site.statuses["GET"] = 200

    monkeypatch.setattr(traffic, "PATIENCE", 60.0)
    monkeypatch.setattr(traffic.time, "sleep", better)
    assert asked(traffic, site)["status"] == 200
    assert len(site.asked) == 2


def test_a_site_that_does_not_answer_well_is_not_written_to(
    traffic: ModuleType, site: Site
) -> None:
    site.statuses["GET"] = 503
    assert asked(traffic, site, write="/ready")["status"] == 503
    assert [one[0] for one in site.asked] == ["GET"]


def test_a_site_that_is_not_known_by_its_authority_is_told(traffic: ModuleType, site: Site) -> None:
    found = asked(traffic, site, authorities="")
    assert found["status"] == 0 and "certificate verify failed" in found["said"]
