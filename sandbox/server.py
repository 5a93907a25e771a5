# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 on loopback, one thread for each connection, connections kept open."""

from __future__ import annotations

import signal
import socket
import struct
import threading
import traceback
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.address import ADDRESS
from sandbox.application import ASKER, PLACE, Application
from sandbox.branches import Branches
from sandbox.credentials import Credentials
from sandbox.fabric.fabric import Fabric
from sandbox.fabric.names import ENDPOINT
from sandbox.fabric.picture import Vpc
from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.regions import all_regions
from sandbox.request_log import RequestLog
from sandbox.shims import check, install_all
from sandbox.world import World

from moto.moto_server.werkzeug_app import MotoRequestHandler  # isort: skip

CACHE = Path(__file__).resolve().parents[1] / ".cache"


class Handler(MotoRequestHandler):
    """Werkzeug's handler closes the connection after every answer and waits 10 ms before it does.

    Ours keeps it open, which it can because the application always reads the whole body, and sends
    an answer in one packet.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            head[:] = [status, headers]

        try:
            body = b"".join(self.server.app(environ, start_response))  # type: ignore[arg-type]
        except ConnectionError:
            self._cut()
            return
        except Exception:
            # What cannot even be read as a request; the emulator's own failures do not get here.
            traceback.print_exc()
            self.close_connection = True
            head, body = ["400 Bad Request", [("Content-Type", "text/plain")]], b"not understood"
        status, headers = head
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if not any(name.lower() == "content-length" for name, _ in headers):
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"Date: {formatdate(usegmt=True)}", "Server: AmazonEC2"]
        if self.close_connection:
            lines.append("Connection: close")
        sent = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(sent if self.command == "HEAD" else sent + body)

    def _cut(self) -> None:
        """Reset the connection, as a host that went away does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The request log has it already."""


def make(
    port: int,
    speed: float = 0.0,
    log_file: Path | None = None,
    regions: frozenset[str] = frozenset(),
    root: Credentials | None = None,
    real: Identity | None = None,
    cache: Path = CACHE,
    names_port: int = 0,
    branches: bool = False,
) -> BaseWSGIServer:
    """A server that is bound and not yet serving; port 0 takes a free one (see `server.port`).

    root: the keys that are served, None for any. With `real` what the API says is there is there,
    under the names and in the folder of that identity; what is baked and fetched for it is kept in
    `cache`. Names are asked for at `names_port`, or at a free one where that is taken. branches:
    let it have some, of a process that ends when its stdin does.

    Raises CommandFailed, and EmulatorMismatch before anything is made.
    """
    check()
    world, fabric = World(speed), None
    world.regions = regions
    if real:
        # Here, because without it nothing that talks to servers need be loaded.
        from sandbox.real import furnish  # noqa: PLC0415

        fabric = furnish(world, real, regions or all_regions(), cache)
    install_all(world)
    answer_names(world, names_port)
    application: Any = Application(world, RequestLog(log_file), regions, root)
    if fabric:
        serve_in_vpcs(fabric, application)
    if branches:
        world.branch = Branches(world, partial(served, application))
    return make_server(ADDRESS, port, application, threaded=True, request_handler=Handler)


def served(application: Any, tell: Callable[[int], None]) -> None:
    """Serve at a free port, which is told, for as long as this process lives."""
    server = make_server(ADDRESS, 0, application, threaded=True, request_handler=Handler)
    tell(server.port)
    server.serve_forever(poll_interval=0.1)


def serve_in_vpcs(fabric: Fabric, application: Any) -> None:
    """Serve what is in a VPC too, at an address of its router."""
    servers: dict[str, BaseWSGIServer] = {}

    def comes(vpc: Vpc, namespace: str) -> None:
        with namespaces.listener(namespace, ENDPOINT, 80) as there:
            servers[vpc.id] = server = make_server(
                ENDPOINT,
                80,
                seen_from(vpc, application),
                threaded=True,
                request_handler=Handler,
                fd=there.fileno(),
            )
        threading.Thread(target=server.serve_forever, name=f"API in {vpc.id}", daemon=True).start()

    def goes(vpc_id: str) -> None:
        server = servers.pop(vpc_id)
        server.shutdown()
        server.server_close()

    fabric.watch(comes, goes)


def seen_from(vpc: Vpc, application: Any) -> Any:
    """The application for those in a VPC, who may reach some services and others not."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        return application({**environ, PLACE: vpc.id, ASKER: vpc.region}, start_response)

    return answer


def answer_names(world: World, port: int) -> None:
    """Answer DNS queries on loopback, where the API itself is what AWS's endpoints are."""
    world.names.adopt("*.amazonaws.com", ADDRESS, vpc="")
    try:
        world.names.listen(ADDRESS, port)
    except OSError:
        world.names.listen(ADDRESS, 0)


def prepare_meanwhile(server: BaseWSGIServer) -> None:
    """Load the usual services in the background."""
    application: Any = server.app
    threading.Thread(target=application.prepare, daemon=True, name="prepare").start()


def facts(server: BaseWSGIServer) -> dict[str, str]:
    """What clients must know of what is real: see `World.facts`."""
    application: Any = server.app
    return dict(application.facts)


def forget(server: BaseWSGIServer) -> None:
    """Have what is real ended by those who made it."""
    application: Any = server.app
    application.forget()


def serve(server: BaseWSGIServer) -> None:
    """Serve until SIGTERM or SIGINT."""

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
