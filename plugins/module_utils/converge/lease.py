# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run at a time writes at a site. Two at once would both find nothing, and make it twice.

The lease is a parameter of Systems Manager in the site's own region, so that a site can be built
while another one's region is down. AWS makes a parameter only where there is none of its name, so
of two that claim one number one gets it; and who takes over after somebody claims the next number,
so that of two that do one gets it as well. It is renewed while a task writes. A run that was killed
renews no more, and its lease lapses.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.scope import Scope, pairs
from ..aws.session import Aws
from ..engine.errors import EngineError
from .holder import Holder, alone

LAPSE = 60.0  # seconds without a sign of life after which the next run takes over
RENEW = 15.0  # seconds between signs of life
LOOK = 1.0  # seconds between looks at a lease that another run holds
DESCRIPTION = "Held by a run of Phoenix that writes at this site; renewed while it does"


class Held(EngineError):
    """Another run writes at the site, or has taken over."""

    code = "held"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written of a lease. version: grows with each renewal. age: seconds since that."""

    number: int
    version: int
    age: float
    holder: Holder


class Lease:
    """The right to write at one site, for the tasks of one run.

    say: takes a line for people when this has to wait.
    """

    def __init__(self, aws: Aws, holder: Holder, say: Callable[[str], None]) -> None:
        self._aws = aws
        self._holder = holder
        self._say = say
        self._number = 0
        self._renewed = 0.0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def during(self, *, keep: bool = False) -> Iterator[bool]:
        """Holds the lease meanwhile. keep: also after a success, for later tasks of the run.

        Answers whether it is new: what was read before it was held may be out of date. Raises Held.
        """
        new = self._take()
        over = threading.Event()
        thread = threading.Thread(target=self._go_on, args=(over,), name="lease", daemon=True)
        thread.start()
        kept = False
        try:
            yield new
            kept = keep
        finally:
            over.set()
            thread.join()
            if not kept or self._holder.run == self._holder.process:
                self.end()

    def check(self) -> None:
        """Raises Held where this run was out of sight for so long that another one took over."""
        with self._lock:
            # By the clock of the day: that of a machine that slept has gone on.
            if time.time() - self._renewed >= LAPSE:
                self._renew()

    def end(self) -> None:
        """Gives back what this run holds. Where that fails, it lapses by itself."""
        with contextlib.suppress(Exception):
            for entry in self._entries():
                if entry.holder.run == self._holder.run:
                    self._drop(entry)

    def _take(self) -> bool:
        """Whether another run may have written since this one held the lease last."""
        began, seen, tried = time.monotonic(), None, False
        while True:
            entries = self._entries()
            last = entries[-1] if entries else None
            if last and last.holder.run == self._holder.run:
                self._number = last.number
                self._sign()
                return tried
            if last and not _lapsed(last, time.monotonic() - began):
                if seen is None:
                    seen = last
                    self._say(f"site {self._aws.scope.site} {_waits(last)}")
                elif (seen.number, seen.version) != (last.number, last.version):
                    raise _held(last)
            else:
                tried = True
                if self._claim(last.number + 1 if last else 1):
                    for entry in entries:
                        self._drop(entry)
                    return True
            time.sleep(LOOK)

    def _claim(self, number: int) -> bool:
        """Whether this number is ours now."""
        try:
            self._ssm.put_parameter(
                Name=self._name(number),
                Value=self._holder.dumps(),
                Type="String",
                Description=DESCRIPTION,
                Tags=pairs(self._aws.scope.tags),
            )
        except Exception as error:
            # It may have been made by a call whose answer was lost: then the next look finds ours.
            if meaning(error) is Meaning.EXISTS:
                return False
            raise
        self._number, self._renewed = number, time.time()
        return True

    def _renew(self) -> None:
        """Gives a sign of life. Raises Held where another run has taken over."""
        last = next(reversed(self._entries()), None)
        if last is None or last.holder.run != self._holder.run:
            raise _held(last)
        self._sign()

    def _sign(self) -> None:
        name, value = self._name(self._number), self._holder.dumps()
        self._ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        self._renewed = time.time()

    def _go_on(self, over: threading.Event) -> None:
        while not over.wait(RENEW):
            # What fails now is told by `check`, where it matters.
            with contextlib.suppress(Exception), self._lock:
                self._renew()

    def _entries(self) -> list[Entry]:
        answer = self._ssm.get_parameters_by_path(Path=path(self._aws.scope))
        return sorted(
            (_entry(item, _now(answer)) for item in answer["Parameters"]),
            key=lambda entry: entry.number,
        )

    def _drop(self, entry: Entry) -> None:
        try:
            self._ssm.delete_parameter(Name=self._name(entry.number))
        except Exception as error:
            if meaning(error) is not Meaning.ABSENT:
                raise

    @property
    def _ssm(self) -> Any:
        return self._aws.client("ssm")

    def _name(self, number: int) -> str:
        return f"{path(self._aws.scope)}/{number}"


Taker = Callable[[Aws], Lease]


def taken_alone(aws: Aws) -> Lease:
    """For a task that is not known to belong to a run."""
    return Lease(aws, alone(), lambda line: None)


def path(scope: Scope) -> str:
    """Below it are the site's leases, by number: the highest one counts."""
    return f"/phoenix/{scope.environment}/{scope.site}/lease"


def _entry(item: dict[str, Any], now: float) -> Entry:
    number = item["Name"].rpartition("/")[2]
    return Entry(
        number=int(number) if number.isdecimal() else 0,
        version=int(item["Version"]),
        age=now - item["LastModifiedDate"].timestamp(),
        holder=Holder.loads(item["Value"]),
    )


def _now(answer: dict[str, Any]) -> float:
    """The time on AWS's clock: those of two machines that run playbooks need not agree."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time()


def _lapsed(entry: Entry, watched: float) -> bool:
    """watched: seconds for which it was seen unchanged, by our own clock."""
    return max(entry.age, watched) >= LAPSE or entry.holder.known_dead


def _held(last: Entry | None) -> Held:
    whose = f"that of {last.holder.who}, which gave its last sign of life" if last else "it ended"
    since = f" {last.age:.0f} s ago" if last else " meanwhile"
    return Held(
        f"another run writes at this site: {whose}{since}; this one went no further",
        "wait for it to end, then run the same playbook again: one run at a time writes at a site",
    )


def _waits(entry: Entry) -> str:
    return (
        f"waits for the run of {entry.holder.who}: where that gives no sign of life for "
        f"{LAPSE:.0f} s this one takes over, and where it does this one ends"
    )
