# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ends a worker whose controller has been killed.

Ansible runs each task in a process with a session of its own, which a signal to the controller's
group does not reach. Left alone it would go on to write, and the same playbook, run again, would
meet it.
"""

from __future__ import annotations

import functools
import os
import threading
import time

_LOOK = 0.1  # seconds


@functools.cache
def end_with_the_controller(worker: int) -> None:
    """Begins to watch, once in a process; worker: its number."""
    controller = os.getppid()

    def watch() -> None:
        while os.getppid() == controller:
            time.sleep(_LOOK)
        # At once, whatever its other threads are at: nobody is there to be told.
        os._exit(1)

    threading.Thread(target=watch, name=f"watch of {worker}", daemon=True).start()
