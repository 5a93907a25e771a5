# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who writes: the run of a playbook and the process of one of its tasks, told across machines."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """run, process: each one process of one machine, as `_named` spells it; the same for all tasks
    of a run, and of this task. who: for people.
    """

    run: str
    process: str
    who: str

    def dumps(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> Holder:
        """Of a text that is none of ours a holder that nobody is."""
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            found = json.loads(text)
            return cls(**{name: str(found.get(name, "")) for name in cls.__slots__})
        return NOBODY

    @property
    def number(self) -> str:
        """The number of the run's process on its machine."""
        return self.run.rsplit("/", 2)[-2]

    @property
    def ended(self) -> bool:
        """Whether the run's process, of this machine, is no more."""
        return _lives(self.run) is False

    @property
    def lives(self) -> bool | None:
        """Whether a process of both is still there; None where that cannot be known, as of another
        machine, or of a process that is hidden from this one.
        """
        here = _machine()
        names = (self.run, self.process)
        if not here or not all(name.startswith(f"{here}/") for name in names):
            return None
        found = {_lives(name) for name in names}
        return True if True in found else None if None in found else False


NOBODY = Holder("", "", "somebody")


def of_run(controller: int) -> Holder:
    """This process, as a task of the run whose controller has this process number."""
    return Holder(_named(controller), _named(os.getpid()), who())


def alone() -> Holder:
    """This process, as a run of its own."""
    return of_run(os.getpid())


def who() -> str:
    """Whoever runs this, and on which machine: "ann@laptop"."""
    name = "unknown"
    # A container may run under a number that no user has.
    with contextlib.suppress(KeyError, OSError):
        name = getpass.getuser()
    return f"{name}@{socket.gethostname()}"


def _named(number: int) -> str:
    """A process, told from all others there ever were: machine, number and when it began."""
    return f"{_machine() or socket.gethostname()}/{number}/{_began(number) or ''}"


def _machine() -> str:
    """This boot of this machine, and in it the processes that see one another; "" if untold."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _lives(name: str) -> bool | None:
    """Whether a process of this machine is there; None where there is one of its number, and it
    cannot be seen whether it is that one.
    """
    _where, text, told = name.rsplit("/", 2)
    number = int(text) if text.isdecimal() else 0
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    began = _began(number)
    return None if began is None or not told else told == began


def _began(number: int) -> str | None:
    """Since when a process runs, in ticks since the machine's start; "" of one that has ended
    and is only still listed, None where nothing is told.
    """
    try:
        text = (_PROC / str(number) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold anything; the 22nd field is the 20th after it.
    state, *rest = text.rpartition(")")[2].split()
    return "" if state in ("Z", "X") else rest[18]
