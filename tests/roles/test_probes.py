# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of a staging copy sends a mail and finds it, and tells whom it gets to."""

from __future__ import annotations

import importlib.util
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandbox.running import CHECKOUT

SOURCE = CHECKOUT / "roles/dr_site/files/probes.py"
ID = "20261128T101500Z-refresh-3f2a"
HOST = "127.0.0.1"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nothing is printed."""


def taking(folder: Path) -> type[socketserver.StreamRequestHandler]:
    """As much of SMTP as one mail needs, which is kept in a folder."""

    class Taking(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 sink")
            while word := self.rfile.readline().decode().strip()[:4].upper():
                if word == "DATA":
                    self.say("354 go on")
                    text = b"".join(iter(self.rfile.readline, b".\r\n"))
                    (folder / f"{len(list(folder.iterdir()))}.sink").write_bytes(text)
                self.say("221 bye" if word == "QUIT" else "250 well")

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    return Taking


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    """Its port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # Its neighbours ask PostgreSQL, which these tests have nothing to do with.
    neighbours = {"logins": {"Server": object}, "sessions": {"LOOK": 0.01}}
    for name, content in neighbours.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("probes", SOURCE)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    monkeypatch.setattr(loaded, "PATIENCE", 0.2)
    monkeypatch.setattr(loaded, "SILENCE", 0.5)
    return loaded


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        mail = socketserver.ThreadingTCPServer((HOST, 0), taking(tmp_path))
        letters = ThreadingHTTPServer((HOST, 0), partial(Quiet, directory=str(tmp_path)))
        ports = [stack.enter_context(serving(one)) for one in (mail, letters)]
        yield {"host": HOST, "mail": ports[0], "letters": ports[1]}


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as kept:
        kept.bind((HOST, 0))
        yield int(kept.getsockname()[1])


def probed(program: ModuleType, sink: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"operation": ID, "sink": sink, "outside": [], "production": [], **more}
    return dict(program.probes(None, given))


def test_a_mail_of_the_operation_is_sent_once_and_found(
    program: ModuleType, sink: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "before.sink").write_text("Message-ID: <of-another@phoenix.invalid>\n")
    mail = probed(program, sink)["mail"]
    assert (mail["operation"], mail["arrived"], mail["letters"]) == (ID, True, 2)
    [sent] = [path for path in tmp_path.iterdir() if path.name != "before.sink"]
    assert f"<{ID}@phoenix.invalid>" in sent.read_text()


def test_a_mail_that_is_taken_and_does_not_arrive_is_told(
    program: ModuleType, sink: dict[str, Any], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with serving(ThreadingHTTPServer((HOST, 0), partial(Quiet, directory=str(elsewhere)))) as port:
        mail = probed(program, {**sink, "letters": port})["mail"]
    assert mail == {
        "operation": ID,
        "arrived": False,
        "letters": 0,
        "said": "it is not among the 0 that did",
    }


def test_a_sink_that_is_not_there_is_told(
    program: ModuleType, sink: dict[str, Any], nobody: int
) -> None:
    mail = probed(program, {**sink, "mail": nobody})["mail"]
    assert not mail["arrived"]
    assert mail["said"].startswith("127.0.0.1: ")


def test_who_answers_is_told_apart_from_who_does_not(
    program: ModuleType, sink: dict[str, Any], nobody: int
) -> None:
    here, gone = f"{HOST}:{sink['mail']}", f"{HOST}:{nobody}"
    nameless = "nobody.phoenix.invalid:443"
    found = probed(program, sink, outside=[here, nameless], production=[gone])
    [answers, unknown] = found["outside"]
    assert answers == {"to": here, "address": HOST, "how": "connected"}
    assert (unknown["to"], unknown["address"]) == (nameless, "")
    assert unknown["how"] not in ("connected", "refused")
    assert found["production"] == [{"to": gone, "address": HOST, "how": "refused"}]


def test_silence_is_told_after_a_while(
    program: ModuleType, sink: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_address: Any, timeout: float) -> None:
        assert timeout == 0.5
        raise TimeoutError

    monkeypatch.setattr(program.socket, "create_connection", silent)
    assert program.tried([f"{HOST}:443"]) == [
        {"to": f"{HOST}:443", "address": HOST, "how": "silence"}
    ]
