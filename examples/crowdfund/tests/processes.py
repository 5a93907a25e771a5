# SPDX-License-Identifier: GPL-3.0-or-later
"""The application as it runs on a host: gunicorn, and alembic, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.postgres import free_port

TREE = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds until a condition must hold; only a failure takes so long


def until(condition: Callable[[], bool], what: str) -> None:
    """Return when it holds. Raises AssertionError when it does not come to that."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.05)


def environment(url: str, **more: str) -> dict[str, str]:
    """The variables of a process: the database's, and nothing of the surroundings."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "DATABASE_URL": url, **more}


def alembic(
    *words: str, url: str, tree: Path = TREE, env: Path = Path(sys.executable).parent
) -> subprocess.CompletedProcess[str]:
    """Run the migrations' tool where a version is laid out."""
    return subprocess.run(
        [env / "alembic", *words],
        cwd=tree,
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True)
class Running:
    """An application that runs."""

    process: subprocess.Popen[bytes]
    url: str

    def get(self, path: str, patience: float = 60, **headers: str) -> requests.Response:
        """Ask for a path."""
        return requests.get(self.url + path, headers=headers, timeout=patience)

    def post(self, pledge: Mapping[str, object], key: str) -> requests.Response:
        """Send a pledge."""
        headers = {"Idempotency-Key": key}
        return requests.post(self.url + "/pledges", json=pledge, headers=headers, timeout=60)

    def write(self) -> requests.Response:
        """Have a write committed by which nothing changes."""
        return requests.post(self.url + "/ready", timeout=60)

    def answers(self, path: str, status: int = 200, patience: float = 10) -> bool:
        """Whether a path is answered with a status, in that many seconds."""
        try:
            return self.get(path, patience).status_code == status
        except (requests.ConnectionError, requests.Timeout):
            return False

    def await_answer(self, path: str, status: int = 200) -> None:
        """Return when a path is answered with a status."""
        until(
            lambda: self.process.poll() is not None or self.answers(path, status),
            f"{path} answers {status}",
        )
        assert self.process.poll() is None, f"gunicorn ended with {self.process.poll()}"

    def terminate(self) -> None:
        """Tell it to end, as systemd does."""
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def serving(
    url: str, tree: Path = TREE, env: Path = Path(sys.executable).parent, /, **variables: str
) -> Iterator[Running]:
    """The application of a tree, with one worker, when it is live; ended afterwards."""
    port = free_port()
    told = {"PORT": str(port), "WEB_CONCURRENCY": "1", **variables}
    process = subprocess.Popen([env / "gunicorn"], cwd=tree, env=environment(url, **told))
    try:
        running = Running(process, f"http://127.0.0.1:{port}")
        running.await_answer("/live")
        yield running
    finally:
        process.terminate()
        status = process.wait(PATIENCE)
    assert status == 0  # where nothing else went wrong, which would be hidden by it
