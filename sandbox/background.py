# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process in the background, known by a folder with its number and its logs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sandbox.address import ADDRESS, port_for
from sandbox.client import Client
from sandbox.ground import processes
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import sweep
from sandbox.running import CHECKOUT

_PATIENCE = 60.0
_BAKING = 900.0  # where images are baked first


class NotStarted(RuntimeError):
    """The sandbox is not there, and why."""


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
        taken. A sandbox that runs keeps its ports; it gets the speed if one is given. Raises
        NotStarted.
        """
        if running := self.status():
            client = self.client(running["endpoint"])
            if speed is not None and speed != running["speed"]:
                client.call("POST", "speed", {"speed": speed})
            return client.endpoint
        port = port or port_for(Identity(self.folder))
        endpoint = f"http://{ADDRESS}:{port}"
        if Client(endpoint).health():
            raise NotStarted(f"another sandbox answers at {endpoint}: choose another --port")
        self._prepare()
        command = [sys.executable, "-m", "sandbox", "serve", "--port", str(port)]
        command += ["--speed", str(speed or 0.0), "--log", str(self.folder / "requests.jsonl")]
        command += ["--connection", str(self._connection), "--prepare"]
        command += ["--names-port", str(names_port or Identity(self.folder).names_port)]
        if real:
            command += ["--real", "--dir", str(self.folder)]
        if regions:
            command += ["--regions", regions]
        with (self.folder / "server.log").open("ab") as log:
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
        self._await(process, endpoint, _BAKING if real else _PATIENCE)
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

    def _await(self, process: subprocess.Popen[bytes], endpoint: str, patience: float) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            health = Client(endpoint).health()
            if health and health["pid"] == process.pid:
                return
            time.sleep(0.05)
        if process.poll() is None:
            process.kill()
            process.wait()
        log = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        raise NotStarted("the sandbox did not start:\n" + "\n".join(log.splitlines()[-15:]))


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
