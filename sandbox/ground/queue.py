# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that take real time: one after another for each thing, and their ends told in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from sandbox.ground.turns import Turns
from sandbox.ground.work import work
from sandbox.world import World

Order = TypeVar("Order")


def _nothing(_order: object) -> Iterable[str]:
    return ()


class Queue(Generic[Order]):
    """Carries orders out by `do`; those for which `whose` returns the same, one by one.

    What `removes` returns of an order stays as long as one is carried out, or waits for its turn,
    that was asked for before and for which `reads` returns it. At most `abreast` are carried out at
    once.
    """

    def __init__(
        self,
        world: World,
        do: Callable[[Order], object],
        whose: Callable[[Order], str],
        abreast: int = 1000,
        reads: Callable[[Order], Iterable[str]] = _nothing,
        removes: Callable[[Order], Iterable[str]] = _nothing,
    ) -> None:
        self._world = world
        self._do = do
        self._whose = whose
        self._reads, self._removes = reads, removes
        self._turns = Turns()
        self._room = threading.Semaphore(abreast)
        self._ending = threading.Event()

    def carry_out(
        self,
        order: Order,
        seconds: float,
        label: str,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Have an order carried out; when `seconds` have passed too, `done` is called.

        `failed` is called instead with what went wrong. Both are called under the world's lock.
        """
        ending = self._ending

        def job() -> None:
            with self._room:
                if not ending.is_set():
                    try:
                        self._do(order)
                    except Exception:
                        # What a reset pulls away under a job is no failure of it.
                        if not ending.is_set():
                            raise

        turn = self._turns.take(self._whose(order), job, self._reads(order), self._removes(order))
        work(self._world, label, turn, done, failed, seconds)

    def end(self, kill: Callable[[], object]) -> None:
        """Drop what waits and return when nothing is carried out any more.

        `kill` ends what has been made until now; it is called twice, since what is being made
        meanwhile may have come to be.
        """
        self._ending.set()
        kill()
        self._turns.wait()
        kill()
        self._ending = threading.Event()
