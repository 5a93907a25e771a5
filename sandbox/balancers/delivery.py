# SPDX-License-Identifier: GPL-3.0-or-later
"""Access logs: gathered from the nodes, and delivered as AWS does."""

from __future__ import annotations

import gzip
import secrets
import selectors
import socket
import string
import sys
import threading
from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox.balancers.access_log import FORMAT, entry
from sandbox.balancers.settings import LOG_ADDRESS, LOG_PORT
from sandbox.balancers.wanted import Balancer
from sandbox.ground import namespaces

PERIOD = 300.0  # AWS seconds; "every 5 minutes"
TEST_FILE = "ELBAccessLogTestFile"
TEST_TEXT = b"Enable AccessLog for ELB: "
_BUFFER = 8 * 2**20  # bytes that wait in the kernel while nobody reads
_LONGEST = 65536
_REQUEST = FORMAT[:1].encode()


class Gatherer:
    """Reads what the HAProxys of a sandbox log; a thread of its own."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lines: dict[str, list[str]] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="access logs", daemon=True).start()

    def listen(self, namespace: str) -> None:
        """Gather what is logged in a namespace from now on."""
        made = namespaces.listener(namespace, LOG_ADDRESS, LOG_PORT, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, _force_buffer(), _BUFFER)
        made.setblocking(False)
        with self._lock:
            self._lines[namespace] = []
            self._sockets[namespace] = made
            self._selector.register(made, selectors.EVENT_READ, namespace)

    def listens(self, namespace: str) -> bool:
        return namespace in self._sockets

    def take(self, namespace: str) -> list[str]:
        """What has been logged in a namespace since the last time."""
        with self._lock:
            self._drain(namespace)
            taken, self._lines[namespace] = self._lines.get(namespace, []), []
            return taken

    def close(self, namespace: str) -> None:
        """Gather there no more; what was not taken is gone."""
        with self._lock:
            made = self._sockets.pop(namespace, None)
            self._lines.pop(namespace, None)
            if made is not None:
                self._selector.unregister(made)
                made.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(1.0):
                with self._lock:
                    self._drain(key.data)

    def _drain(self, namespace: str) -> None:
        made = self._sockets.get(namespace)
        while made is not None:
            try:
                line = made.recv(_LONGEST)
            except BlockingIOError:
                return
            # What HAProxy says of itself comes here too.
            if line.startswith(_REQUEST):
                self._lines[namespace].append(line.decode("utf-8", "replace"))


def key_of(balancer: Balancer, address: str, at: datetime) -> str:
    """Where a log file of a node is put."""
    name = balancer.suffix.replace("/", ".")
    letters = string.ascii_lowercase + string.digits
    chance = "".join(secrets.choice(letters) for _ in range(8))
    file = (
        f"{balancer.account_id}_elasticloadbalancing_{balancer.region}_{name}_"
        f"{at:%Y%m%dT%H%MZ}_{address}_{chance}.log.gz"
    )
    return f"{_folder(balancer)}/elasticloadbalancing/{balancer.region}/{at:%Y/%m/%d}/{file}"


def test_key(balancer: Balancer) -> str:
    """Where AWS writes a file when logs are switched on."""
    return f"{_folder(balancer)}/{TEST_FILE}"


def content(balancer: Balancer, lines: list[str]) -> bytes:
    """A log file, packed; lines that cannot be read are told on stderr."""
    groups = {group.name: group.arn for group in balancer.groups}
    chosen = fingerprints(balancer)
    entries = []
    for line in lines:
        try:
            entries.append(entry(line, balancer.suffix, groups, chosen) + "\n")
        except ValueError as problem:
            print(f"sandbox: access log of {balancer.name}: {problem}", file=sys.stderr)
    return gzip.compress("".join(entries).encode())


def fingerprints(balancer: Balancer) -> Mapping[str, str]:
    """The ARNs of a load balancer's certificates by their SHA-1."""
    found = {}
    for listener in balancer.listeners:
        for certificate in listener.certificates:
            known = x509.load_pem_x509_certificate(certificate.pem.encode())
            found[known.fingerprint(hashes.SHA1()).hex()] = certificate.arn
    return found


def _folder(balancer: Balancer) -> str:
    prefix = balancer.attributes.get("access_logs.s3.prefix", "").strip("/")
    return f"{prefix}/AWSLogs/{balancer.account_id}".lstrip("/")


def _force_buffer() -> int:
    return int(getattr(socket, "SO_RCVBUFFORCE", 33))
