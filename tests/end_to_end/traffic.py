# SPDX-License-Identifier: GPL-3.0-or-later
"""Visitors of a shop: readers who look again and again, and one who pledges and keeps a ledger."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

READERS = 4
PAUSE = 0.05  # seconds between two requests of a visitor
PATIENCE = 20.0  # seconds that a visitor waits for an answer
HOPE = 60.0  # seconds after which a visitor who is not answered gives up what was begun
AMOUNT = 500


@dataclass(frozen=True)
class Failure:
    """A request that was not answered well. began, ended: seconds of time.monotonic()."""

    began: float
    ended: float
    what: str


class Shop:
    """The application, from outside, over HTTPS only."""

    def __init__(self, url: str, name: str) -> None:
        place = urlsplit(url)
        self._place, self._name = (place.hostname or "", place.port or 443), name
        # The sandbox's authority is known to nobody; what is shown here is not TLS.
        self._context = ssl._create_unverified_context()

    def ask(self, method: str, path: str, content: Any = None, **headers: str) -> tuple[int, bytes]:
        """Status and body. Raises OSError or HTTPException where there is no whole answer."""
        connection = http.client.HTTPSConnection(
            *self._place, timeout=PATIENCE, context=self._context
        )
        is_plain = content is None or isinstance(content, bytes)
        body = content if is_plain else json.dumps(content)
        told = {"Host": self._name, "Content-Type": "application/json", **headers}
        try:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, path: str) -> dict[str, Any]:
        """What a path answers. Raises AssertionError unless it is 200."""
        status, body = self.ask("GET", path)
        assert status == 200, (path, status, body[:200])
        return dict(json.loads(body))


@dataclass
class Traffic:
    """What the visitors saw. ledger: acknowledged pledges, amount by key. at: when each of those
    was acknowledged, in seconds since 1970.
    """

    shop: Shop
    ledger: dict[str, int]
    failures: list[Failure] = field(default_factory=list)
    at: dict[str, float] = field(default_factory=dict)
    answers: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    hopeless: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> None:
        while not self.over.wait(PAUSE):
            self._asked("GET", "/")

    def pledge(self) -> None:
        """Each pledge is sent with its key until it is acknowledged, as a browser would."""
        while not self.over.wait(PAUSE):
            key = str(uuid.uuid4())
            content = {"amount_cents": AMOUNT, "email": "ada@example.com", "name": "Ada"}
            headers = {"Idempotency-Key": key}
            while self._asked("POST", "/pledges", content, headers) not in (200, 201):
                if self.hopeless.wait(PAUSE):
                    return
            self.at[key], self.ledger[key] = time.time(), AMOUNT

    def _asked(
        self, method: str, path: str, content: Any = None, headers: dict[str, str] | None = None
    ) -> int:
        began = time.monotonic()
        try:
            status, body = self.shop.ask(method, path, content, **(headers or {}))
            what = "" if status in (200, 201) else f"{method} {path}: {status} {body[:120]!r}"
        except (OSError, http.client.HTTPException) as error:
            status, what = 0, f"{method} {path}: {error!r}"
        with self.lock:
            self.answers += 1
            if what:
                self.failures.append(Failure(began, time.monotonic(), what))
        return status


@contextmanager
def visitors(
    shop: Shop, ledger: dict[str, int] | None = None, readers: int = READERS
) -> Iterator[Traffic]:
    """Readers, and a writer where there is a ledger, as long as the block runs.

    Then each ends what it has begun, or gives it up where nobody answers.
    """
    traffic = Traffic(shop, {} if ledger is None else ledger)
    threads = [threading.Thread(target=traffic.read) for _ in range(readers)]
    if ledger is not None:
        threads.append(threading.Thread(target=traffic.pledge))
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        traffic.over.set()
        for thread in threads:
            thread.join(HOPE)
        traffic.hopeless.set()
        for thread in threads:
            thread.join()
