# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m sandbox`: start, stop and steer the emulated account."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox import connecting, visit
from sandbox.address import ADDRESS
from sandbox.background import ApiOnly, Background, NotStarted
from sandbox.client import Client, Refused
from sandbox.fitting import EmulatorMismatch, fitting
from sandbox.ground import able
from sandbox.ground.commands import CommandFailed
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import sweep
from sandbox.running import CHECKOUT
from sandbox.shims import shims
from sandbox.times import SLOWEST

API_ONLY = "API only: there are no servers behind it"
# What is told in a line, without a traceback.
EXPECTED = (
    *(NotStarted, Refused, EmulatorMismatch, CommandFailed, visit.NobodyThere),
    *(ValueError, OSError),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument(
        "--dir", type=Path, default=CHECKOUT / ".sandbox", help="folder of its number and logs"
    )
    commands = parser.add_subparsers(dest="command", required=True)

    up = commands.add_parser("up", help="start it in the background, if it does not run")
    serving = commands.add_parser("serve", help="serve in the foreground")
    for command in (up, serving):
        command.add_argument("--port", type=int, help="on 127.0.0.1; a free one if not given")
        command.add_argument("--names-port", type=int, help="for DNS queries, on 127.0.0.1")
        command.add_argument("--regions", default="", help="only these, with commas")
        # A text default goes through `type` as well: what cannot be meant is refused in words.
        command.add_argument(
            "--speed",
            type=speed,
            default=os.environ.get("SANDBOX_SPEED"),
            help="AWS seconds in a second; 0: at once; default: SANDBOX_SPEED, or 0",
        )
        command.add_argument(
            "--dir", type=Path, default=argparse.SUPPRESS, help="folder of its number and logs"
        )
    up.add_argument(
        "--real",
        choices=("auto", "yes", "no"),
        default="no",
        help="with real servers; auto: where the machine can",
    )
    serving.add_argument("--real", action="store_true", help="with real servers")
    serving.add_argument("--log", type=Path, help="file for the request log")
    serving.add_argument(
        "--connection", type=Path, help="serve new keys only, and write them into this file"
    )
    serving.add_argument("--prepare", action="store_true", help="load services in advance")
    serving.add_argument("--attached", action="store_true", help="end when stdin ends")

    equipping = commands.add_parser(
        "equip", help="install what the real part needs, where that is possible"
    )
    equipping.add_argument(
        "also", nargs="*", type=_program, metavar="PROGRAM=PACKAGE", help="for a test, say"
    )
    commands.add_parser("down", help="stop it and remove its folder")
    commands.add_parser("status", help="whether it runs, and where")
    page = commands.add_parser("page", help="where a browser on this machine sees a name's page")
    page.add_argument("name", help="for example shop.example.com")
    psql = commands.add_parser("psql", help="a session in a database server, as its superuser")
    psql.add_argument("site", help="name of the instance, its region, or its site")
    psql.add_argument("--database", default="postgres")
    shell = commands.add_parser("shell", help="a session in a host, as who logs in there")
    shell.add_argument("host", help="id of the instance, its address, or its name")
    line = commands.add_parser("connect", help="join stdin and stdout with a public address")
    line.add_argument("address", help="a public address of the sandbox's internet")
    line.add_argument("port", type=int)
    line.add_argument("--timeout", type=float, default=connecting.PATIENCE, help="seconds")
    commands.add_parser("reset", help="forget everything that was made in it")
    commands.add_parser("differences", help="what is mended of the emulator, as a list")
    clock = commands.add_parser("clock", help="show the clock of the schedules, or steer it")
    clock.add_argument("--rate", type=float, help="let it run so many times as fast")
    clock.add_argument("--advance", type=float, help="move it on by so many seconds")
    clock.add_argument("--to", help="move it on to this time, e.g. 2030-01-31T08:00:00Z")
    permissions = commands.add_parser("permissions", help="have IAM policies in force, or not")
    permissions.add_argument("switch", choices=("on", "off"))
    fault = commands.add_parser("fault", help="let something go wrong, or list what can")
    fault.add_argument("words", nargs="*", help="its name, and key=value for what it wants")
    faults = commands.add_parser("faults", help="show the faults on order, or order some")
    faults.add_argument("rules", nargs="?", help="a JSON rule or list of rules; - reads stdin")
    faults.add_argument("--clear", action="store_true", help="lift all")
    faults.add_argument("--fired", action="store_true", help="show what happened")
    return parser


def _program(text: str) -> tuple[str, str]:
    """ "ab=apache2-utils": a program, and the package that has it. Raises ArgumentTypeError."""
    program, sign, package = text.partition("=")
    if not (program and sign and package):
        raise argparse.ArgumentTypeError(f"{text!r} must be PROGRAM=PACKAGE, e.g. ab=apache2-utils")
    return program, package


def speed(text: str) -> float:
    """A speed: 0, or not less than the slowest. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if value and not SLOWEST <= value < float("inf"):
        rule = f"a speed is 0 or a number of at least {SLOWEST:g}, "
        rule += "e.g. SANDBOX_SPEED=60 for a minute in a second"
        raise argparse.ArgumentTypeError(f"{rule}, not {text!r}")
    return value


def _serve(given: argparse.Namespace) -> int:
    # Here, because the emulator takes half a second to import and no other command needs it.
    with fitting():
        from sandbox import credentials  # noqa: PLC0415
        from sandbox.server import facts, forget, make, prepare_meanwhile, serve  # noqa: PLC0415

    regions = frozenset(filter(None, given.regions.split(",")))
    root = credentials.fresh() if given.connection else None
    identity = Identity(given.dir) if given.real else None
    server = make(
        given.port or 0,
        given.speed or 0.0,
        given.log,
        regions,
        root,
        identity,
        names_port=given.names_port or 0,
        branches=given.attached and not identity,
    )
    if root:
        credentials.write(given.connection, f"http://{ADDRESS}:{server.port}", root, facts(server))
    if given.prepare:
        prepare_meanwhile(server)
    if given.attached:

        def wait_for_end() -> None:
            # Not by sys.stdin: a thread that waits there aborts the interpreter when it ends.
            while os.read(0, 4096):
                pass
            server.shutdown()

        threading.Thread(target=wait_for_end, daemon=True).start()
    print(f"http://{ADDRESS}:{server.port}", flush=True)
    serve(server)
    if identity:
        forget(server)
        sweep(identity, Podman(identity))
    return 0


def _up(background: Background, given: argparse.Namespace) -> int:
    real = given.real != "no"
    hindrance = able.hindrance() if real and background.status() is None else ""
    if hindrance and given.real == "yes":
        raise NotStarted(f"no real servers on this machine: {hindrance}")
    if hindrance:
        print(f"API only, there are no servers behind it: {hindrance}")
    words = (given.port, given.speed, given.regions)
    try:
        endpoint = background.up(*words, real and not hindrance, given.names_port)
    except ApiOnly as problem:
        if given.real == "yes":
            raise
        print(problem)
        endpoint = background.up(*words, False, given.names_port)
    print(endpoint)
    return 0


def equip(also: Mapping[str, str]) -> int:
    """Install what the real part needs where that can be; a failure is said and stops nothing.

    also: further programs, each with the package that has it.
    """
    packages = able.missing(also)
    if packages and able.can_install():
        print(f"installing with apt-get: {' '.join(packages)}", flush=True)
        try:
            able.install(packages)
        except CommandFailed as problem:
            print(f"it could not be installed: {problem}")
    if hindrance := able.hindrance():
        print(f"the sandbox stays API-only on this machine: {hindrance}")
    return 0


def _status(background: Background) -> int:
    found = background.status()
    if found is None:
        print("starting" if background.starting() else "not running")
        return 3
    print(f"{found['endpoint']}  {found['requests']} requests  speed {found['speed']:g}")
    if not found["real"]:
        print(f"  {API_ONLY}")
    for label in found["waiting"]:
        print(f"  in progress: {label}")
    for trouble in found["troubles"]:
        print(f"  trouble: {trouble}")
    for name, value in found["facts"].items():
        print(f"  {name} {value}")
    client = background.client(found["endpoint"])
    for name, lines in visit.SERVERS.items():
        for line in lines(client.call("GET", name)):
            print(f"  {line}")
    print(f"  names are asked for with {visit.dig(found['names'])}")
    for line in visit.name_lines(client.call("GET", "names")):
        print(f"  {line}")
    for line in visit.check_lines(client.call("GET", "checks")):
        print(f"  {line}")
    return 0


def _connect(background: Background, given: argparse.Namespace) -> int:
    found = background.status()
    if found and not found["real"]:
        raise visit.NobodyThere(API_ONLY)
    with connecting.connect(Identity(given.dir), given.address, given.port, given.timeout) as line:
        connecting.join(line, 0, 1)
    return 0


def _faults(client: Client, given: argparse.Namespace) -> Any:
    if given.clear:
        return client.call("DELETE", "faults")
    if given.fired:
        return client.call("GET", "faults/fired")
    if given.rules:
        text = sys.stdin.read() if given.rules == "-" else given.rules
        return client.call("POST", "faults", json.loads(text))
    return client.call("GET", "faults")


def _fault(client: Client, words: list[str]) -> None:
    """Order a fault by its name; without one, list them all. Raises ValueError, Refused."""
    if not words:
        for one in client.call("GET", "disasters"):
            print(f"{one['usage']}\n    {one['what']} E.g. {one['example']}")
        print("lifted\n    Lift all faults of requests, and bring back a region that is dark.")
        return
    name, *pairs = words
    if name == "lifted":
        _told(client.call("DELETE", "faults"))
        return
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise ValueError(f"{wrong[0]!r} must be key=value, e.g. region=us-east-1")
    details = dict(pair.split("=", 1) for pair in pairs)
    _told(client.call("POST", "disasters", {"disaster": name, **details}))


def _told(answer: dict[str, Any]) -> None:
    if not answer["settled"]:
        print("it is done, but not all that is real follows it yet; status may say why")


def _clock(client: Client, given: argparse.Namespace) -> Any:
    asked = {name: getattr(given, name) for name in ("rate", "advance", "to")}
    steering = {name: value for name, value in asked.items() if value is not None}
    return client.call("POST" if steering else "GET", "clock", steering or None)


def _differences() -> int:
    for shim in shims():
        print(f"\n### {shim.__name__.rpartition('.')[2]}\n")
        for sentence in shim.MENDED:
            print(f"- {sentence}")
    return 0


def _steer(background: Background, given: argparse.Namespace) -> int:
    found = background.status()
    if found is None:
        raise NotStarted("the sandbox does not run; start it with: python -m sandbox up")
    client = background.client(found["endpoint"])
    if given.command in ("psql", "shell") and not found["real"]:
        raise visit.NobodyThere(API_ONLY)
    if given.command == "page":
        balancers, names = client.call("GET", "balancers"), client.call("GET", "names")
        print(visit.page(balancers, names, given.name))
        return 0
    if given.command == "psql":
        server = visit.chosen(client.call("GET", "databases"), given.site)
        Podman(Identity(given.dir)).become(
            *visit.psql(server, given.database, terminal=os.isatty(0))
        )
    if given.command == "shell":
        host = visit.chosen_host(client.call("GET", "hosts"), given.host)
        Podman(Identity(given.dir)).become(*visit.shell(host, terminal=os.isatty(0)))
    if given.command == "reset":
        client.call("POST", "reset")
    elif given.command == "clock":
        print(json.dumps(_clock(client, given), indent=2))
    elif given.command == "fault":
        _fault(client, given.words)
    elif given.command == "permissions":
        client.call("POST", "permissions", {"enforced": given.switch == "on"})
    else:
        print(json.dumps(_faults(client, given), indent=2))
    return 0


def main() -> int:
    given = _parser().parse_args()
    background = Background(given.dir)
    match given.command:
        case "serve":
            return _serve(given)
        case "up":
            return _up(background, given)
        case "equip":
            return equip(dict(given.also))
        case "down":
            print("stopped" if background.down() else "was not running")
            return 0
        case "status":
            return _status(background)
        case "differences":
            return _differences()
        case "connect":
            return _connect(background, given)
    return _steer(background, given)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # Who read has read enough; the interpreter would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except EXPECTED as problem:
        sys.exit(f"sandbox: {problem}")
