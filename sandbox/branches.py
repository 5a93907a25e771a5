# SPDX-License-Identifier: GPL-3.0-or-later
"""More sandboxes from one: each in a process of its own, and all in it as it was in the first.

To build an environment takes seconds, and to have it again takes a fork. It is for a sandbox that
has nothing real, nothing that is still to happen, and nobody who asks it anything meanwhile.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from sandbox.world import World

# Serves at a free port of its own until the process ends; tells the port first.
Serve = Callable[[Callable[[int], None]], None]


class Branches:
    """Called, it makes one more, and tells its port and its process (`port`, `pid`).

    One ends by SIGTERM, and with the sandbox it is from. Raises ValueError where something waits.
    """

    def __init__(self, world: World, serve: Serve) -> None:
        self._world = world
        self._serve = serve
        self._pids: set[int] = set()

    def __call__(self) -> dict[str, Any]:
        self._reap()
        if waiting := self._world.waiting():
            raise ValueError(f"no branch while this is still to happen: {', '.join(waiting)}")
        heard, told = os.pipe()
        # Under the lock no other thread is in the midst of anything; in the child there is none.
        with self._world.lock:
            pid = os.fork()
            if not pid:
                self._world.revive()
        if not pid:
            os.close(heard)
            self._live(told)
        os.close(told)
        self._pids.add(pid)
        with os.fdopen(heard) as port:
            return {"port": int(port.read()), "pid": pid}

    def _live(self, told: int) -> None:
        """The whole life of a branch. Never returns."""
        self._pids = set()
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            threading.Thread(target=_end_with_stdin, daemon=True).start()
            self._serve(lambda port: _tell(told, port))
        finally:
            os._exit(1)

    def _reap(self) -> None:
        self._pids = {pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0] == 0}


def _tell(told: int, port: int) -> None:
    os.write(told, str(port).encode())
    os.close(told)


def _end_with_stdin() -> None:
    """The sandbox that this is from ends when its stdin does, which is this one's, too."""
    while os.read(0, 4096):
        pass
    os._exit(0)
