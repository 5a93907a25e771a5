# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run at a time writes at a site. Two at once would both find nothing, and make it twice.

The lease is a parameter of Systems Manager in the site's own region, so that a site can be built
while another one's region is down. AWS makes a parameter only where there is none of its name: of
two that claim one number one gets it. Who takes over after somebody claims the next number. Whoever
has claimed or renewed looks again, and withdraws where it finds another that lives. It is renewed
while a task writes. A run that was killed renews no more, and its lease lapses.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.scope import pairs
from ..aws.session import Aws
from ..engine.errors import EngineError
from .entries import TRIES, Entries, Entry, Unleased, path
from .holder import NOBODY, Holder, alone

LAPSE = 120.0  # seconds without a sign of life after which the next run takes over
MARGIN = 30.0  # seconds before that in which nothing is written without a new one
RENEW = 15.0  # seconds between signs of life
NOTICED = 5.0  # seconds within which a sign of life that is due tells that the lease was lost
LOOK = 1.0  # seconds between looks at a lease that another run holds
DESCRIPTION = "Held by a run of Phoenix that writes at this site; renewed while it does"


class Held(EngineError):
    """Another run writes at the site, or has taken over."""

    code = "held"


class Lease:
    """The right to write at one site, for the tasks of one run.

    say: takes a line for people when this has to wait. stays: whether something else of the run
    keeps it, so that the end of a task is not that of the lease.
    """

    def __init__(
        self,
        aws: Aws,
        holder: Holder,
        say: Callable[[str], None],
        stays: Callable[[], bool] = lambda: False,
    ) -> None:
        self._aws = aws
        self._entries = Entries(aws)
        self._holder = holder
        self._say = say
        self._stays = stays
        self.kept = False
        # Those from whom it was taken while they lived.
        self.ousted: set[Holder] = set()
        self._number = 0
        self._renewed = 0.0
        self._lost: Entry | None = None
        self._lock = threading.Lock()

    @property
    def run(self) -> str:
        """The run that holds it, told from all others there ever were."""
        return self._holder.run

    @contextlib.contextmanager
    def during(self, *, seizing: bool = False) -> Iterator[bool]:
        """Holds the lease meanwhile, and after a success too where `kept` was set: for later tasks.

        Answers whether it is new: what was read before it was held may be out of date. seizing:
        whether it is taken from a run that lives, which writes no more once it has found that out,
        after RENEW and NOTICED at the most.
        Raises Held, Unleased.
        """
        self.kept = False
        over = threading.Event()
        thread = threading.Thread(target=self._go_on, args=(over,), name="lease", daemon=True)
        try:
            new = self._take(seizing)
            thread.start()
            yield new
        except BaseException:
            self.kept = False
            raise
        finally:
            over.set()
            if thread.ident:
                thread.join()
            # Of a task that is a run of its own nobody could know the lease again.
            if not self.kept or self._holder.run == self._holder.process:
                self.end()

    def check(self) -> None:
        """Raises Held where this run was out of sight for so long that another one took over, and
        Unleased where it could give no sign of life before another one may.
        """
        if self._lost:
            raise _held(self._lost)
        if self._silent():
            with self._lock:
                # Of many threads that ask at once one is enough.
                if self._silent():
                    self._renew_in_time()

    def refuse_others(self) -> None:
        """Raises Held where another run holds it that lives."""
        others = [e for e in self._entries.look() if not self._mine(e) and not _lapsed(e)]
        if others:
            raise _held(others[-1])

    def hold(self) -> None:
        """A sign of life of the run, and no more. Raises Held, Unleased, and what else AWS says."""
        self._take()

    def end(self) -> None:
        """Gives back what this run holds, and clears away what lapsed. Where that fails, it lapses
        by itself. Nothing while something else of the run keeps it.
        """
        if self._stays():
            return
        with contextlib.suppress(Exception):
            for _look in range(TRIES):
                over = [e for e in self._entries.look() if self._mine(e) or _lapsed(e)]
                if all(self._entries.drop(entry) for entry in over):
                    break

    def _take(self, seizing: bool = False) -> bool:
        """Whether another run may have written since this one held the lease last."""
        began, seen, tried = time.monotonic(), None, False
        while True:
            entries = self._entries.look()
            watched = time.monotonic() - began
            own = [entry for entry in entries if self._mine(entry)]
            # Only what has not been renewed since the first look was watched all the time.
            gone = [
                entry
                for entry in entries
                if not self._mine(entry)
                and (seizing or _lapsed(entry, watched if _same(entry, seen) else 0.0))
            ]
            self.ousted |= (
                {entry.holder for entry in gone if not _lapsed(entry)} if seizing else set()
            )
            others = [entry for entry in entries if entry not in own and entry not in gone]
            if others:
                last = others[-1]
                for entry in own:
                    # Another run lives: what this one kept has lapsed, or was claimed too late.
                    tried = True
                    self._entries.drop(entry)
                silent = max(last.age, watched if _same(last, seen) else 0.0)
                if silent >= LAPSE or not (seen is None or _same(last, seen)):
                    raise _held(replace(last, age=silent))
                if seen is None:
                    seen = last
                    self._say(f"site {self._aws.scope.site} {_waits(last)}")
                time.sleep(LOOK * random.uniform(1, 2))
                continue
            if own:
                self._number = own[-1].number
                # Where it was gone, another run has taken over since that look, and ended.
                tried = self._put(Overwrite=True) <= own[-1].version or tried
            else:
                tried = True
                self._number = entries[-1].number + 1 if entries else 1
                self._claim()
            if self._alone({entry.state for entry in gone}):
                for entry in gone:
                    self._entries.drop(entry)
                return tried

    def _alone(self, gone: Set[tuple[int, int, Holder]]) -> bool:
        """Whether this run has it, and nobody else has claimed or renewed meanwhile.

        gone: what had lapsed before.
        """
        entries = self._entries.look()
        others = [entry for entry in entries if not self._mine(entry)]
        mine = len(others) < len(entries)
        return mine and all(e.state in gone or _lapsed(e) for e in others)

    def _claim(self) -> None:
        """Asks for the number; whether it is ours now, the next look tells: another run may have
        been first, or this one by a call whose answer was lost.
        """
        try:
            self._put(Description=DESCRIPTION, Tags=pairs(self._aws.scope.tags))
        except Exception as error:
            if meaning(error) is not Meaning.EXISTS:
                raise
            time.sleep(LOOK)

    def _renew(self) -> None:
        """Gives a sign of life. Raises Held where another run has taken over."""
        last = next(reversed(self._entries.look()), None)
        if last and self._mine(last):
            known, version = last.version, self._put(Overwrite=True)
            last = next(reversed(self._entries.look()), None)
            # Where it was made anew, another run had taken over, and has ended.
            last = last if version > known or not last or not self._mine(last) else None
        if last is None or not self._mine(last):
            self._lost = last or Entry(0, 0, 0.0, NOBODY)
            raise _held(self._lost)

    def _renew_in_time(self) -> None:
        try:
            self._renew()
        except EngineError:
            raise
        except Exception as error:
            # Whoever sends a request meets this, and must not take it for the answer to that.
            raise Unleased(
                f"this run could not renew its lease {path(self._aws.scope)}, so another one may "
                f"take over, and this one went no further: {error}",
                "run the same playbook again when Systems Manager answers in this region",
            ) from error

    def _put(self, **more: Any) -> int:
        """Answers the version that was written: 1 where there was none."""
        began = time.time()
        version = self._entries.put(self._number, self._holder, **more)
        self._renewed = began
        return version

    def _silent(self) -> bool:
        """Whether it is time for a sign of life before anything else is written."""
        # By the clock of the day: that of a machine that slept has gone on.
        return time.time() - self._renewed >= LAPSE - MARGIN

    def _go_on(self, over: threading.Event) -> None:
        while not over.wait(RENEW):
            # What fails now is told by `check`, where it matters.
            with contextlib.suppress(Exception), self._lock:
                self._renew()

    def _mine(self, entry: Entry) -> bool:
        return entry.holder.run == self._holder.run


Taker = Callable[[Aws], Lease]


def taken_alone(aws: Aws) -> Lease:
    """For a task that is not known to belong to a run."""
    return Lease(aws, alone(), lambda line: None)


def _same(entry: Entry, seen: Entry | None) -> bool:
    """Whether an entry is the one that was seen, and not renewed since."""
    return seen is not None and entry.state == seen.state


def _lapsed(entry: Entry, watched: float = 0.0) -> bool:
    """watched: seconds for which it was seen unchanged, by our own clock.

    Of a process that is there never: if it was stopped, it may be in the midst of a request.
    """
    lives = entry.holder.lives
    return not lives if lives is not None else max(entry.age, watched) >= LAPSE


def _held(entry: Entry) -> Held:
    whose = f"that of {entry.holder.who}, which gave its last sign of life {entry.age:.0f} s ago"
    stopped = entry.holder.lives and entry.age >= LAPSE
    return Held(
        f"another run writes at this site: {whose}; this one went no further here"
        if entry.holder.run
        else "another run wrote at this site meanwhile; this one went no further here",
        f"its process {entry.holder.number} of this machine is still there: let it go on (kill "
        f"-CONT {entry.holder.number}) or end it, then run the same playbook again"
        if stopped
        else "wait for it to end, then run the same playbook again: one run at a time writes at a "
        "site",
    )


def _waits(entry: Entry) -> str:
    silent = "ends too, because its process is there" if entry.holder.lives else "takes over"
    return (
        f"waits for the run of {entry.holder.who}: where that gives no sign of life for "
        f"{LAPSE:.0f} s this one {silent}, and where it does this one ends"
    )
