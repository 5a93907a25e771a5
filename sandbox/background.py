# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process in the background, known by a folder with its number and its logs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.address import ADDRESS, port_for
from sandbox.client import Client
from sandbox.databases import image as database_image
from sandbox.ground import images, processes
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import sweep
from sandbox.hosts import image as host_image
from sandbox.running import CHECKOUT

_PATIENCE = 60.0
RECIPES = (database_image.RECIPE, host_image.RECIPE)
_BAKING = 900.0  # where images are baked first
# What a sandbox makes in its folder, beside its logs and what podman has.
_MADE = ("pid", "connection.json", "acm-ca.pem", "rds-ca.pem", "balancers", "databases")


class NotStarted(RuntimeError):
    """The sandbox is not there, and why."""


class OtherSandbox(NotStarted):
    """One runs that is not what is wanted."""


class ApiOnly(OtherSandbox):
    """One runs that has no real servers."""


class Background:
    """At most one sandbox for each folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record = folder / "pid"
        self._connection = folder / "connection.json"

    def client(self, endpoint: str) -> Client:
        """A client that has the key of this folder's sandbox."""
        try:
            known = json.loads(self._connection.read_text(encoding="ascii"))
        except (OSError, ValueError):
            known = {}
        return Client(endpoint, known.get("secret_key", ""))

    def up(
        self,
        port: int | None,
        speed: float | None,
        regions: str,
        real: bool = False,
        names_port: int | None = None,
    ) -> str:
        """The endpoint of the sandbox of this folder, started if it does not run.

        port, names_port: None takes the one that follows the folder, or a free one where that is
        taken. A sandbox that runs keeps its ports; it gets the speed if one is given. What is left
        of one that ended without `down` is removed first. Raises NotStarted, and OtherSandbox if
        one runs that is not as wanted.
        """
        with self._alone():
            if running := self.status() or self._coming():
                _check(running, regions, real)
                client = self.client(running["endpoint"])
                if speed is not None and speed != running["speed"]:
                    client.call("POST", "speed", {"speed": speed})
                return client.endpoint
            self._clear()
            return self._start(port, speed, regions, real, names_port)

    def starting(self) -> bool:
        """Whether somebody is about to start it."""
        try:
            number = os.open(self.folder, os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(number)
        return False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else start it; whoever is about to do so is waited for."""
        held = False
        while not held:
            self._prepare()
            # The folder is its own lock: so nothing more is there to be left.
            number = os.open(self.folder, os.O_RDONLY)
            try:
                try:
                    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    print("sandbox: it is starting already, and waited for", file=sys.stderr)
                    fcntl.flock(number, fcntl.LOCK_EX)
                # `down` may have removed it, and another may be there by now.
                held = _is(self.folder, number)
                if held:
                    yield
            finally:
                os.close(number)

    def _coming(self) -> dict[str, Any] | None:
        """What somebody started who was stopped before it answered: its health once it does."""
        recorded = self._recorded()
        until = time.monotonic() + _BAKING
        while recorded and recorded[0] in processes.of_server(self.folder):
            if found := self.status():
                return found
            if time.monotonic() > until:
                raise NotStarted(
                    f"its process {recorded[0]} runs and does not answer at {recorded[1]}; "
                    "python -m sandbox down ends it"
                )
            time.sleep(0.2)
        return None

    def _clear(self) -> None:
        """Remove what is left of a sandbox that runs no more."""
        identity = Identity(self.folder)
        sweep(identity, Podman(identity), processes.of_server)
        for name in _MADE:
            place = self.folder / name
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def _start(
        self,
        port: int | None,
        speed: float | None,
        regions: str,
        real: bool,
        names_port: int | None,
    ) -> str:
        port = port or port_for(Identity(self.folder))
        endpoint = f"http://{ADDRESS}:{port}"
        if Client(endpoint).health():
            raise NotStarted(f"another sandbox answers at {endpoint}: choose another --port")
        command = [sys.executable, "-m", "sandbox", "serve", "--port", str(port)]
        command += ["--speed", str(speed or 0.0), "--log", str(self.folder / "requests.jsonl")]
        command += ["--connection", str(self._connection), "--prepare"]
        command += ["--names-port", str(names_port or Identity(self.folder).names_port)]
        if real:
            command += ["--real", "--dir", str(self.folder)]
        if regions:
            command += ["--regions", regions]
        if real and (baked := images.missing(CHECKOUT / ".cache/images", RECIPES)):
            kinds = " and ".join(recipe.kind for recipe in baked)
            print(f"baking {kinds} first, which takes a minute or two", file=sys.stderr)
        with (self.folder / "server.log").open("ab") as log:
            begun = log.tell()
            process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env={**os.environ, **processes.mark(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._record.write_text(f"{process.pid} {endpoint}\n", encoding="ascii")
        self._await(process, endpoint, _BAKING if real else _PATIENCE, begun)
        return endpoint

    def status(self) -> dict[str, Any] | None:
        """Health and endpoint of the sandbox of this folder, None if it does not run."""
        recorded = self._recorded()
        if recorded is None:
            return None
        number, endpoint = recorded
        health = Client(endpoint).health()
        if health is None or health["pid"] != number:
            return None
        return {**health, "endpoint": endpoint}

    def down(self) -> bool:
        """Stop it and remove the folder; whether one ran."""
        recorded = self._recorded()
        # A number alone may by now be that of another program: it must say that it is ours.
        ours = recorded is not None and (self.status() is not None or _is_sandbox(recorded[0]))
        # Killed, because all that it would do for an end in order is swept away all the same.
        if recorded and ours:
            processes.end(lambda: [recorded[0]] if _runs(recorded[0]) else [])
        identity = Identity(self.folder)
        sweep(identity, Podman(identity))
        if self.folder.exists():
            shutil.rmtree(self.folder)
        return ours

    def _recorded(self) -> tuple[int, str] | None:
        try:
            number, endpoint = self._record.read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return None
        return int(number), endpoint

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n", encoding="ascii")

    def _await(
        self, process: subprocess.Popen[bytes], endpoint: str, patience: float, begun: int
    ) -> None:
        """begun: where in the log this start begins."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            health = Client(endpoint).health()
            if health and health["pid"] == process.pid:
                return
            time.sleep(0.05)
        why = f"ended with exit code {process.poll()}"
        if process.poll() is None:
            process.kill()
            process.wait()
            why = f"did not answer for {patience:g} s"
        elif process.returncode < 0:
            why = f"was killed by signal {-process.returncode}"
        log = (self.folder / "server.log").read_bytes()[begun:].decode("utf-8", "replace")
        lines = [f"the sandbox did not start: its process {why}", *log.splitlines()[-15:]]
        raise NotStarted("\n".join(lines))


def _check(running: dict[str, Any], regions: str, real: bool) -> None:
    """Raises OtherSandbox if what runs has not what is wanted."""
    wanted = sorted(set(filter(None, regions.split(","))))
    anew = "python -m sandbox down ends it, with all that is in it"
    if wanted and wanted != running["regions"]:
        there = ",".join(running["regions"]) or "all"
        raise OtherSandbox(f"it runs with the regions {there}, not {','.join(wanted)}; {anew}")
    if real and not running["real"]:
        raise ApiOnly(f"it runs API only, there are no servers behind it; {anew}")


def _is(folder: Path, number: int) -> bool:
    """Whether a folder is the one that is open under a number."""
    try:
        return os.path.samestat(folder.stat(), os.fstat(number))
    except FileNotFoundError:
        return False


def _is_sandbox(number: int) -> bool:
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"sandbox" in words and b"serve" in words


def _runs(number: int) -> bool:
    try:
        if os.waitpid(number, os.WNOHANG)[0] == number:
            return False
    except ChildProcessError:
        pass  # it was started by another process than this one
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
