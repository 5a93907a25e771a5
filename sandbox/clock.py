# SPDX-License-Identifier: GPL-3.0-or-later
"""The time by which schedules are kept: it can run faster than the world's, and be moved on."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.world import World

_LAST = datetime(2200, 1, 1, tzinfo=UTC)  # where the clock stands still
_FASTEST = 1e6  # rate
Action = Callable[[], object]
Cancel = Callable[[], None]


class Clock:
    """A clock that only schedules go by, so that a month of them can be seen in a minute.

    It shows the world's time until it is steered. Whoever calls holds the world's lock.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count()
        self._due: list[tuple[datetime, int, Action, str]] = []
        self._unarm: Cancel | None = None
        self._set()
        world.on_reset(self._reset)

    def _set(self) -> None:
        self.rate = 1.0
        self._ahead = timedelta(0)
        self._since: datetime | None = None  # when the rate was set, None: it is 1

    def _reset(self) -> None:
        self._due.clear()
        self._unarm = None  # the world has cancelled all that waits
        self._set()

    def now(self) -> datetime:
        """What the clock shows, with its zone (UTC)."""
        real = self._world.now()
        gained = (real - self._since) * (self.rate - 1.0) if self._since else timedelta(0)
        gained = min(gained, _LAST - real)
        return min(real + self._ahead + gained, _LAST)

    def at(self, moment: datetime, action: Action, label: str) -> Cancel:
        """Run `action` when the clock shows `moment`; returns what cancels it."""
        entry = (moment, next(self._numbers), action, label)
        heapq.heappush(self._due, entry)
        self._arm()

        def cancel() -> None:
            if entry in self._due:
                self._due.remove(entry)
                heapq.heapify(self._due)
                self._arm()

        return cancel

    def steer(
        self, rate: float | None = None, advance: float | None = None, to: str | None = None
    ) -> None:
        """Let the clock run `rate` times as fast, go on by `advance` seconds, or show `to`.

        All that is due on the way is done in its order, each at its own moment. `to` is a time in
        ISO 8601, in UTC where it names no zone. Raises ValueError if the clock were to go back, or
        further than it can.
        """
        if rate is not None and not 0.0 < float(rate) <= _FASTEST:
            raise ValueError(f"rate must be more than 0 and at most {_FASTEST:g}, not {rate!r}")
        far = float(advance or 0.0)
        if far > (_LAST - self.now()).total_seconds():
            raise ValueError(f"advance: the clock goes on to {_LAST.isoformat()}, not {far:g} s")
        target = self.now() + timedelta(seconds=max(far, -1e9))
        if to is not None:
            given = datetime.fromisoformat(str(to))
            target = given if given.tzinfo else given.replace(tzinfo=UTC)
            if target > _LAST:
                raise ValueError(f"to: the clock goes on to {_LAST.isoformat()}, not to {to}")
        if target < self.now() - timedelta(seconds=1) or float(advance or 0.0) < 0:
            raise ValueError(f"the clock shows {self.now().isoformat()} and cannot go back")
        self._pass(target)
        if rate is not None:
            real = self._world.now()
            self._ahead, self._since, self.rate = self.now() - real, real, float(rate)
        self._arm()

    def status(self) -> dict[str, Any]:
        """What it shows, how fast it runs, and what is next."""
        return {
            "now": self.now().isoformat(),
            "rate": self.rate,
            "due": [
                {"at": moment.isoformat(), "what": label}
                for moment, _, _, label in sorted(self._due, key=lambda entry: entry[:2])
            ],
        }

    def _pass(self, target: datetime) -> None:
        while self._due and self._due[0][0] <= target:
            moment, _, action, label = heapq.heappop(self._due)
            self._show(moment)
            self._world.later(0, action, label)
        self._show(target)

    def _show(self, moment: datetime) -> None:
        self._ahead += max(moment - self.now(), timedelta(0))

    def _ring(self) -> None:
        self._unarm = None
        self._pass(self.now())
        self._arm()

    def _arm(self) -> None:
        if self._unarm:
            self._unarm()
            self._unarm = None
        if self._due:
            left = (self._due[0][0] - self.now()).total_seconds()
            # It is looked at again after a day at the latest, so no timer waits longer than it can.
            real = max(min(left, self.rate * 86400) / self.rate, 0.001)
            self._unarm = self._world.later(real, self._ring, "schedules", listed=False)
