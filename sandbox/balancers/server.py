# SPDX-License-Identifier: GPL-3.0-or-later
"""An HAProxy in a network namespace, from its first start to its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from sandbox.balancers.settings import CONTROL, MAIN, STATES, Rendered
from sandbox.ground import namespaces
from sandbox.ground.able import find
from sandbox.ground.commands import run

_PATIENCE = 60.0  # real seconds until it must answer
_SESSION = re.compile(r"(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) ")


class ProxyFailed(RuntimeError):
    """An HAProxy that does not run as it should; the last lines of its log are the message."""


class Proxy:
    """A process that takes new settings without losing a request. Used by one thread at a time."""

    def __init__(self, namespace: str, folder: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self.rendered = Rendered({})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, rendered: Rendered, states: str) -> None:
        """Start it; `states` is what it knows of its servers. Raises ProxyFailed, CommandFailed."""
        self._write(rendered, states)
        with (self.folder / "log").open("ab") as log:
            command = [find("haproxy") or "haproxy", "-W", "-f", MAIN, "-S", f"unix@{CONTROL}"]

            def begin() -> subprocess.Popen[bytes]:
                return subprocess.Popen(
                    command,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

            self._process = namespaces.within(self.namespace, begin)
        self._await(lambda: bool(self.workers()))
        self.rendered = rendered

    def change(self, rendered: Rendered, states: Callable[[str], str]) -> None:
        """Have new requests served by new settings; those that are under way go on.

        `states` makes of what its servers are what they are to be. Raises ProxyFailed,
        CommandFailed, with which the old settings stay in force.
        """
        self._write(rendered, states(self.ask("@1 show servers state")))
        before = self.workers()
        assert self._process
        self._process.send_signal(signal.SIGUSR2)
        self._await(lambda: bool(set(self.workers()[:1]) - set(before)))
        self.rendered = rendered

    def hold(self, servers: Iterable[tuple[str, str]]) -> None:
        """Let nothing new go to servers, named with their backends."""
        for backend, server in servers:
            self.ask(f"@1 set server {backend}/{server} state maint")

    def cut(self, servers: Collection[tuple[str, str]]) -> None:
        """Cut what still goes on with servers, also in processes of before changes."""
        for worker in self.workers() if servers else ():
            for session in self.ask(f"@!{worker} show sess").splitlines():
                found = _SESSION.match(session)
                if found and (found[2], found[3]) in servers:
                    self.ask(f"@!{worker} shutdown session {found[1]}")

    def workers(self) -> list[int]:
        """The numbers of its processes, the one that takes new requests first."""
        found = []
        for line in self.ask("show proc").splitlines():
            words = line.split()
            if len(words) > 1 and words[1] == "worker":
                found.append(int(words[0]))
        return found

    def ask(self, command: str) -> str:
        """Its answer to a command. Raises OSError."""
        with self._line() as line:
            line.sendall(f"{command}\n".encode())
            line.shutdown(socket.SHUT_WR)
            parts = []
            while part := line.recv(65536):
                parts.append(part)
        return b"".join(parts).decode("utf-8", "replace")

    def kill(self) -> None:
        """End it with all its connections; one that does not run is no error."""
        if self._process is None:
            return
        if namespaces.exists(self.namespace):
            namespaces.end(self.namespace)
        self._process.kill()
        self._process.wait()
        self._process = None

    def remove(self) -> None:
        """End it, and remove its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, rendered: Rendered, states: str) -> None:
        """Settings that HAProxy does not take never replace those in force."""
        trial = self.folder / "trial"
        shutil.rmtree(trial, ignore_errors=True)
        trial.mkdir(parents=True)
        self.folder.chmod(0o700)
        files = {**rendered.files, STATES: states.encode()}
        for name, content in files.items():
            (trial / name).write_bytes(content)
            (trial / name).chmod(0o600)
        run(find("haproxy") or "haproxy", "-c", "-f", str(trial / MAIN))
        for name in files:
            (trial / name).rename(self.folder / name)
        trial.rmdir()
        for old in set(self.rendered.files) - set(files):
            (self.folder / old).unlink(missing_ok=True)

    def _line(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(_PATIENCE)
        # The path of a socket has 107 bytes at most, and that of a checkout may be longer.
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY)
        try:
            made.connect(f"/proc/self/fd/{folder}/{CONTROL}")
        except OSError:
            made.close()
            raise
        finally:
            os.close(folder)
        return made

    def _await(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                if true():
                    return
            except OSError:
                pass  # It is not there yet, or not again.
            if not self.alive or time.monotonic() > until:
                log = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
                last = "\n".join(log.splitlines()[-8:])
                raise ProxyFailed(f"HAProxy in {self.namespace} does not answer:\n{last}")
            time.sleep(0.02)
