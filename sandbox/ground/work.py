# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that takes real time, done outside the world's lock, and its end told under the lock."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

from sandbox.world import World

Job = Callable[[], object]


def work(
    world: World,
    label: str,
    job: Job,
    done: Job,
    failed: Callable[[Exception], object],
    seconds: float = 0.0,
) -> None:
    """Run `job` in a thread; then, under the lock, `done`, or `failed` with what it raised.

    `done` comes when the job has ended and `seconds` (real ones) have passed since the call: what
    AWS takes an hour for is not there earlier here. After a reset neither of the two is called.
    """
    until = time.monotonic() + seconds
    epoch = world.epoch

    def tell(wait: float, what: Job) -> None:
        with world.lock:
            if world.epoch == epoch:
                world.later(wait, what, label)

    def running() -> None:
        try:
            job()
        except Exception as problem:
            print(f"sandbox: {label} failed", file=sys.stderr)
            traceback.print_exc()
            trouble = problem
            tell(0.0, lambda: failed(trouble))
        else:
            tell(until - time.monotonic(), done)

    threading.Thread(target=running, name=label, daemon=True).start()
