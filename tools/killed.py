# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill `make site` at many moments, and see that `make down` leaves nothing of it.

It all happens in a copy of the checkout and in a room of its own: the sandbox of the checkout is
not touched, and what is there afterwards and was not before is left by `make down`. First a run
that nobody kills, which says how long it takes; then rounds at moments spread over that time. In
some the images are not baked yet, and in some `make down` is killed too, and called again. In one
`make site` is called again instead, and must have nothing to do with what the killed one left.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.databases import image as database_image
from sandbox.ground import able, images, namespaces
from sandbox.ground.commands import run as command
from sandbox.hosts import image as host_image
from sandbox.running import CHECKOUT
from tools.picture import Picture, difference, picture, processes
from tools.room import in_room
from tools.twin import Twin, twins

Moment = float | int | str

_PATIENCE = 900.0  # seconds until a moment must have come, or a command must have ended
_SETTLING = 30.0  # seconds for the kernel to take away what has ended
# What a run makes for its user.
_KEPT = (".cache/reports", ".cache/tree")


@dataclass(frozen=True, slots=True)
class Course:
    """A run that nobody killed: seconds until the sandbox answered, requests then, seconds down."""

    start: float
    requests: int
    down: float


class Leak(AssertionError):
    """Something is there after a round that was not there before."""


def _group(run: int) -> Iterator[int]:
    """As a terminal or a supervisor kills: those who made sessions of their own live on."""
    for number in _numbers():
        try:
            if os.getpgid(number) == run:
                yield number
        except ProcessLookupError:
            continue


def _with_server(run: int) -> Iterator[int]:
    """The sandbox dies too, and not what it started."""
    yield from _group(run)
    for number in _numbers():
        try:
            words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"sandbox" in words and b"serve" in words:
            yield number


def _everything(_run: int) -> Iterator[int]:
    """As out of memory, at its worst."""
    yield from _numbers()


WAYS: dict[str, Callable[[int], Iterator[int]]] = {
    "run": _group,
    "run and server": _with_server,
    "everything": _everything,
}


@dataclass(frozen=True, slots=True)
class Round:
    """A killing.

    `after` is in seconds (a float), in requests that the sandbox has answered (an int), or the
    pattern of a file of the copy that is awaited. `again` has `make site` called once more.
    """

    after: Moment
    way: str
    baked: bool = True
    down_after: float | None = None  # seconds until `make down` is killed too
    again: bool = False


class Sweep:
    """Rounds in one copy."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def whole(self) -> Course:
        """A run that nobody kills, and `make down` after it. Raises Leak."""
        self._twin.give_images()
        before = self.look()
        begun = time.monotonic()
        log = self._twin.logs / "site.log"
        with self._twin.start("site", log) as run:
            self._await(run, 1)
            start = time.monotonic() - begun
        if run.returncode:
            raise RuntimeError(f"make site ended with {run.returncode}: {_last_line(log)}")
        requests, ready = self._requests(), time.monotonic()
        self._twin.make("down")
        down = time.monotonic() - ready
        self._check(before)
        return Course(start, requests, down)

    def _requests(self) -> int:
        try:
            return (self._twin.folder / ".sandbox/requests.jsonl").read_bytes().count(b"\n")
        except OSError:
            return 0

    def round(self, one: Round) -> str:
        """Kill a run and clear away; what the run was at. Raises Leak."""
        if one.baked:
            self._twin.give_images()
        before = self.look()
        log = self._twin.logs / "site.log"
        with self._twin.start("site", log) as run:
            self._await(run, one.after)
            self._kill(one.way, run.pid)
            run.wait(_PATIENCE)
        at = _last_line(log)
        if one.again:
            self._again()
            at += "; make site was called again"
        if one.down_after is not None:
            with self._twin.start("down", self._twin.logs / "down.log") as down:
                self._await(down, one.down_after)
                ended = down.poll() is not None
                self._kill("run", down.pid)
            at += f"; make down {'had ended' if ended else 'was killed'} by {one.down_after:.1f} s"
        self._twin.make("down")
        self._check(before)
        return at

    def _again(self) -> None:
        """Call `make site` once more. Raises Leak if it takes over a network of the killed one."""
        prefix = self._twin.identity.prefix
        for name in namespaces.listed(prefix):
            command("ip", "-n", name, "link", "add", "old", "type", "veth", "peer", "name", "older")
        self._twin.make("site")
        if old := [name for name in namespaces.listed(prefix) if "old" in namespaces.links(name)]:
            raise Leak(f"the new site runs on networks of the old one: {', '.join(old)}")

    def look(self) -> Picture:
        own = (self._twin.folder, self._twin.home)
        found = dict(picture(own, self._twin.identity.prefix, CHECKOUT))
        kept = tuple(str(self._twin.folder / name) for name in (*_KEPT, ".cache/images"))
        # Of these there may be what there was before: images that the copy was given.
        found["files"] = frozenset(
            name
            for name in found["files"]
            if not name.startswith(kept) and name != str(self._twin.folder / ".cache")
        )
        found["images"] = frozenset(
            map(str, (self._twin.folder / ".cache/images").glob("*"))
        ) - frozenset(self._given())
        return found

    def _given(self) -> Iterator[str]:
        for archive in (CHECKOUT / ".cache/images").glob("*.tar"):
            yield str(self._twin.folder / ".cache/images" / archive.name)

    def _check(self, before: Picture) -> None:
        end = time.monotonic() + _SETTLING
        while found := difference(before, self.look()):
            if time.monotonic() > end:
                raise Leak("\n".join(found))
            time.sleep(0.2)

    def _await(self, run: subprocess.Popen[bytes], moment: Moment) -> None:
        start = time.monotonic()
        while run.poll() is None:
            passed = time.monotonic() - start
            if isinstance(moment, str):
                if any(self._twin.folder.glob(moment)):
                    return
                if passed > _PATIENCE:
                    raise TimeoutError(f"after {passed:.0f} s there is no {moment}")
            elif moment <= (self._requests() if isinstance(moment, int) else passed):
                return
            time.sleep(0.01)
        if isinstance(moment, str):
            raise RuntimeError(f"the run ended and there is no {moment}")

    @staticmethod
    def _kill(way: str, run: int) -> None:
        while numbers := list(WAYS[way](run)):
            for number in numbers:
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.01)


def _numbers() -> Iterator[int]:
    """All processes of the room but those of the sweep."""
    for line in processes():
        yield int(line.split()[0])


def _last_line(log: Path) -> str:
    lines = [
        line.strip(" *")
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.startswith(("TASK", "PLAY", "ansible-playbook"))
    ]
    return lines[-1] if lines else "starting"


def _rounds(rounds: int, baking: int, course: Course) -> Iterator[Round]:
    """Evenly over a run: a third of them until the sandbox answers, then by what it has answered.

    The time of a run changes with what else the machine does; its requests do not. Three ways in
    turn, and each other round kills `make down` too.
    """
    ways, early = list(WAYS), rounds // 3
    for number in range(rounds):
        half = course.down * ((number * 0.31) % 1) if number % 2 else None
        if number < early:
            moment: Moment = course.start * (number + 0.5) / early
            # There is little to take down yet.
            half = half and half / 5
        else:
            moment = round(course.requests * (number - early + 0.5) / (rounds - early))
        yield Round(moment, ways[number % 3], down_after=half)
    if rounds:
        yield Round(round(course.requests / 2), "run and server", again=True)
    for number in range(baking):
        # The images alone take longer than a start that has them.
        share = (number + 0.5) / baking
        half = 0.2 if number % 2 else None
        yield Round(2 * share * course.start, ways[number % 3], baked=False, down_after=half)


def _told(number: int, one: Round, at: str, seconds: float) -> str:
    match one.after:
        case float():
            when = f"after {one.after:.1f} s"
        case int():
            when = f"after {one.after} requests"
        case str():
            when = f"at {one.after}"
    baking = "" if one.baked else ", nothing baked"
    return f"round {number}: {one.way} killed {when}{baking} ({at}); {seconds:.0f} s"


def _sweep(given: argparse.Namespace) -> int:
    leaks = 0
    with twins("copy") as (twin,):
        sweep = Sweep(twin)
        if given.at:
            rounds: Iterator[Round] = iter([Round(given.at, given.way, again=given.again)])
        else:
            course = sweep.whole()
            print(f"not killed, and nothing left: {course}", flush=True)
            rounds = _rounds(given.rounds, given.baking, course)
        for number, one in enumerate(rounds, 1):
            start = time.monotonic()
            try:
                at = sweep.round(one)
            except (Leak, RuntimeError, OSError) as problem:
                leaks += 1
                at = f"LEFT BEHIND:\n{problem}\n"
            print(_told(number, one, at, time.monotonic() - start), flush=True)
    return 1 if leaks else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.killed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="with images that are baked")
    parser.add_argument("--baking", type=int, default=3, help="rounds without")
    parser.add_argument("--at", help="one round: when there is a file with this pattern in .")
    parser.add_argument("--way", choices=WAYS, default="everything", help="what --at kills")
    parser.add_argument("--again", action="store_true", help="call make site again after --at")
    given = parser.parse_args()
    if hindrance := able.hindrance():
        sys.exit(f"killed: nothing can be real on this machine: {hindrance}")
    if given.at or given.rounds:
        recipes = (database_image.RECIPE, host_image.RECIPE)
        images.bake_missing(CHECKOUT / ".cache/images", recipes)
    return in_room(CHECKOUT, lambda: _sweep(given))


if __name__ == "__main__":
    sys.exit(main())
