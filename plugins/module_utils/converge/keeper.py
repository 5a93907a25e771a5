# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps the lease of a site while none of a run's tasks writes there, and others must not.

A builder works for many minutes, longer than a lease lasts. A task cannot give its signs of life,
for each has ended before the next one begins. So a process of its own does: it is begun by a task
of the run, and ends when a later one says so, or with the run's controller.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from ..aws.scope import Scope
from ..aws.session import Aws, Connection
from .holder import alone, of_run
from .intake import Refusal
from .lease import RENEW, Held, Lease

BEGUN = b"kept\n"  # what it says when it has given its first sign of life
PATIENCE = 60.0  # seconds for it to give back the lease, which else lapses
LOOK = 0.2  # seconds between looks whether the keeper is still wanted
# The folder in which Python finds this collection.
_ROOT = Path(__file__).parents[6]


@dataclass(frozen=True, slots=True)
class Keeper:
    """That of one site, for the tasks of one run on one machine.

    mark: a file in a folder of the run's own. The keeper has it locked as long as it lives, writes
    its errors there, and is wanted as long as the file is there.
    """

    mark: Path

    @property
    def lives(self) -> bool:
        """Whether the lease is kept, so that the end of a task must not give it back."""
        try:
            number = os.open(self.mark, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _locked(number)
        finally:
            os.close(number)

    def begin(self, aws: Aws, controller: int, renew: float = RENEW) -> None:
        """Has the lease kept from now on, where it is not; a task has it by now.

        aws: clients of the site. controller: number of the process with which the run ends. renew:
        seconds between signs of life. Raises Refusal where it cannot begin.
        """
        number = os.open(self.mark, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _locked(number):
                return
            order = {
                "scope": asdict(aws.scope),
                "connection": asdict(aws.connection),
                "run": of_run(controller).run,
                "renew": renew,
            }
            paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            keeper = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(number), str(self.mark)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=number,
                # The lock is of the open file, and goes when the last process has closed it.
                pass_fds=(number,),
                start_new_session=True,
            )
            # Not by arguments or environment, which others on the machine may read.
            sending, telling = cast(IO[bytes], keeper.stdin), cast(IO[bytes], keeper.stdout)
            with contextlib.suppress(BrokenPipeError), sending:
                sending.write(json.dumps(order).encode())
            with telling as told:
                begun = told.readline()
            if begun != BEGUN:
                why = self.mark.read_text(errors="replace").strip()
                raise Refusal(f"site {aws.scope.site}: nothing keeps its lease: {why}")
        finally:
            os.close(number)

    def end(self) -> str:
        """Has it give back the lease, and waits until it has; nothing where none is kept.

        Answers what it said where it had ended by itself, and "" else.
        """
        try:
            number = os.open(self.mark, os.O_RDWR)
        except FileNotFoundError:
            return ""
        try:
            had_ended = _locked(number)
            said = self.mark.read_text(errors="replace").strip() if had_ended else ""
            self.mark.unlink(missing_ok=True)
            end = time.monotonic() + PATIENCE
            while not had_ended and time.monotonic() < end and not _locked(number):
                time.sleep(LOOK)
            return said
        finally:
            os.close(number)


def _locked(number: int) -> bool:
    """Locks an open file, or answers that another process has."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep(lease: Lease, wanted: Callable[[], bool], renew: float) -> None:
    """Gives signs of life as long as `wanted`, `renew` seconds apart; the next one makes good for
    one that failed.

    Raises Held where another run has taken over.
    """
    while wanted():
        end = time.monotonic() + renew
        while wanted() and time.monotonic() < end:
            time.sleep(LOOK)
        if wanted():
            try:
                lease.hold()
            except Held:
                raise
            except Exception as error:
                sys.stderr.write(f"{error}\n")


def main(number: int, mark: Path, order: dict[str, Any]) -> None:
    """number: of the open file. order: as `begin` writes it."""
    run = replace(alone(), run=order["run"])
    aws = Aws(Scope(**order["scope"]), Connection(**order["connection"]))
    lease = Lease(aws, run, lambda line: None)

    def told() -> bool:
        # Not by its count of names: where the folder is of another machine, one that is open stays.
        try:
            return mark.stat().st_ino != os.fstat(number).st_ino
        except FileNotFoundError:
            return True

    lease.hold()
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), BEGUN)
    keep(lease, lambda: not told() and not run.ended, order["renew"])
    # Of a run that was killed a request may be under way: its lease lapses, as without a keeper.
    if told():
        lease.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), json.load(sys.stdin))
