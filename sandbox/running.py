# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox for the length of a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sandbox.address import ADDRESS
from sandbox.client import Client
from sandbox.ground import processes

CHECKOUT = Path(__file__).resolve().parents[1]


class Handle:
    """A sandbox in a process of its own."""

    def __init__(self, endpoint: str, process: subprocess.Popen[bytes] | None = None) -> None:
        """process: None for a branch, which is no child of ours."""
        self.endpoint = endpoint
        self.process = process
        self._client = Client(endpoint)

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """The request log after entry number `since`: see `sandbox/README.md` for the fields."""
        entries: list[dict[str, Any]] = self._client.call("GET", f"log?since={since}")
        return entries

    def mark(self) -> int:
        """Number of the newest entry of the log."""
        return int(self._client.call("POST", "log/mark")["mark"])

    def writes_since(self, mark: int) -> list[dict[str, Any]]:
        """Requests after the mark that change something, whether they were executed or not."""
        return [entry for entry in self.log(mark) if entry["write"]]

    def faults(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Lift the fault rules in force and put these in their place; none lifts all."""
        self._client.call("DELETE", "faults")
        if rules:
            self._client.call("POST", "faults", [dict(rule) for rule in rules])

    def fired(self) -> list[dict[str, Any]]:
        """The faults that happened since the rules were put in force."""
        fired: list[dict[str, Any]] = self._client.call("GET", "faults/fired")
        return fired

    def speed(self, speed: float) -> None:
        """AWS seconds in a second from now on, 0: at once."""
        self._client.call("POST", "speed", {"speed": speed})

    def clock(self, **steering: Any) -> dict[str, Any]:
        """What the clock of the schedules shows; `rate`, `advance` (seconds) or `to` steer it."""
        method = "POST" if steering else "GET"
        shown: dict[str, Any] = self._client.call(method, "clock", steering or None)
        return shown

    def waiting(self) -> list[str]:
        """Labels of what has been begun and is not finished."""
        return list(self._client.call("GET", "health")["waiting"])

    def databases(self) -> list[dict[str, Any]]:
        """Every real database server: name, region, address, port, health, lag and more."""
        found: list[dict[str, Any]] = self._client.call("GET", "databases")
        return found

    def balancers(self) -> list[dict[str, Any]]:
        """Every real load balancer: name, DNS name, nodes, listeners, targets and more."""
        found: list[dict[str, Any]] = self._client.call("GET", "balancers")
        return found

    def names(self) -> list[dict[str, Any]]:
        """Every name with what it answers: name, type, answers, ttl (seconds), vpc."""
        found: list[dict[str, Any]] = self._client.call("GET", "names")
        return found

    def checks(self) -> list[dict[str, Any]]:
        """Every health check of Route 53: id, what it checks, healthy, told (its last report)."""
        found: list[dict[str, Any]] = self._client.call("GET", "checks")
        return found

    def resolver(self) -> tuple[str, int]:
        """The address and the port at which it answers DNS queries."""
        address, _, port = str(self._client.call("GET", "health")["names"]).partition(":")
        return address, int(port)

    def facts(self) -> dict[str, str]:
        """What a client is to know of what is real: see `World.facts`."""
        return dict(self._client.call("GET", "health")["facts"])

    def hosts(self) -> list[dict[str, Any]]:
        """Every real host: id, name, region, zone, address, container, health and more."""
        found: list[dict[str, Any]] = self._client.call("GET", "hosts")
        return found

    def disasters(self) -> list[dict[str, str]]:
        """What can go wrong on order: name, usage, example, what it does."""
        found: list[dict[str, str]] = self._client.call("GET", "disasters")
        return found

    def strike(self, disaster: str, **details: Any) -> None:
        """Let something go wrong, e.g. `database-dies` with region and name. Raises Refused."""
        self._client.call("POST", "disasters", {"disaster": disaster, **details})

    def settle(self) -> None:
        """Return when networks, rules and routes are what the account says by now."""
        if not self._client.call("POST", "settle")["settled"]:
            raise RuntimeError("what is real does not follow; server.log or stderr says why")

    def quota(self, region: str, service: str, code: str, value: float) -> None:
        """Set a quota of the account in a region, e.g. `ec2`, `L-1216C47A`."""
        given = {"region": region, "service": service, "code": code, "value": value}
        self._client.call("POST", "quotas", given)

    def enforce_permissions(self, enforced: bool = True) -> None:
        """Have calls of users and roles refused that their IAM policies do not allow."""
        self._client.call("POST", "permissions", {"enforced": enforced})

    def reset(self) -> None:
        """Forget everything but the log."""
        self._client.call("POST", "reset")

    @contextmanager
    def branch(self) -> Iterator[Handle]:
        """Another sandbox in which all is as it is here now; it ends with the block."""
        made = self._client.call("POST", "branch")
        try:
            yield Handle(f"http://{ADDRESS}:{made['port']}")
        finally:
            with suppress(ProcessLookupError):
                os.kill(made["pid"], signal.SIGTERM)


def connection(endpoint: str, folder: Path) -> Path:
    """The file by which a playbook reaches a sandbox that takes any keys; made in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "connection.json"
    keys = {"access_key": "emulated", "secret_key": "emulated"}
    told = Client(endpoint).call("GET", "health")["facts"]
    place.write_text(json.dumps({"endpoint_url": endpoint, **keys, **told}), encoding="ascii")
    return place


@contextmanager
def running(
    speed: float = 0.0,
    regions: Sequence[str] = (),
    log_file: Path | None = None,
    real: Path | None = None,
) -> Iterator[Handle]:
    """A sandbox on a free port; it ends with the block, or with this process if that dies.

    With `real` what the API says is there is there; its files are in that folder.
    """
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--speed", str(speed)]
    command += ["--attached"]
    if regions:
        command += ["--regions", ",".join(regions)]
    if real:
        command += ["--real", "--dir", str(real)]
    if log_file:
        command += ["--log", str(log_file)]
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, **(processes.mark(real) if real else {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline().decode().strip()
        if not line.startswith("http://"):
            raise RuntimeError(f"the sandbox did not start (exit code {process.wait()})")
        yield Handle(line, process)
    finally:
        process.stdin.close()
        try:
            process.wait(60 if real else 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
