# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operations by name: what each is made of, and what it may ask."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..converge.active import Active
from .drill import DRILL
from .errors import SPARED
from .journal import FAILED, LEFT, Journal
from .planned import ABANDON, REPROTECT, ROLLBACK, SWITCHOVER
from .refresh import REFRESH, RETURN
from .step import OPEN, StepOf
from .steps import FAILOVER

OPERATIONS: Mapping[str, tuple[StepOf, ...]] = MappingProxyType(
    {
        "failover": FAILOVER,
        "switchover": SWITCHOVER,
        "reprotect": REPROTECT,
        "rollback": ROLLBACK,
        "drill": DRILL,
        "refresh": REFRESH,
        "return": RETURN,
    }
)
# Those that ask nothing of the other region, but to fence it.
ISOLATED = frozenset({"failover", "rollback"})
# Those of the site that serves, which it does for the other one.
OF_ACTIVE = frozenset({"reprotect"})
# Those that take place in a copy, which has one site only and nobody to move from.
IN_A_COPY = frozenset({"drill", "refresh", "return"})
# Those of staging, by the playbooks that do them; staging_abandon gives them up.
OF_STAGING: Mapping[str, str] = MappingProxyType({"refresh": "staging", "return": "staging_back"})
# Those that move the environment to the site that carries them out.
MOVES = frozenset({"failover", "switchover"})
# The step until which one that has failed is begun anew; nothing binds it before that.
BINDING: Mapping[str, str] = MappingProxyType(
    {"failover": "fence", "switchover": "hold", "rollback": "claim"}
)
# Those that touch nothing before that step, and have ended where they fail.
UNTOUCHING = frozenset({"rollback"})

# The records of who serves that an operation writes are of its own epoch and of so many after it:
# that it moves, that it is about to send visitors over, that it has moved, or that it was given up.
ANNOUNCED, MOVED, GIVEN_UP = 1, 2, 3
# A failover sees the record of the region that takes over only. Its own are newer than all that the
# other one may have been told meanwhile.
UNSEEN = 100


def playbook(journal: Journal) -> str:
    """The playbook that ends an operation, with the options that it needs: the one that goes on
    with it, or that gives it up where somebody has begun to.
    """
    opened = journal.opened
    if given_up(journal):
        stands = " -e dr_stands=home" if opened.get("playbook") == "dr_failback" else ""
        return f"dr_abandon -e dr_operation={opened.get('operation')}{stands}"
    return str(opened.get("playbook") or f"dr_{opened.get('operation')}")


def given_up(journal: Journal) -> bool:
    """Whether somebody has begun to let the old site write again, so that nobody goes on with it:
    what was compared before is not all by then.
    """
    return journal.attempts(ABANDON.name) > 0


def is_bound(journal: Journal, active: Active) -> bool:
    """Whether an operation has done that from which on it is gone on with, and not begun anew. The
    record tells so, too, of one that was cut off before it could write that down.
    """
    binding = BINDING.get(str(journal.opened.get("operation")), OPEN)
    named = active.operation == journal.id
    return binding == OPEN or named or journal.done(binding) is not None


def holds(journal: Journal, active: Active) -> bool:
    """Whether an operation, or one that it took over, has begun to move the environment."""
    bound = journal.opened.get("operation") in BINDING and is_bound(journal, active)
    return bound or bool(journal.opened.get("bound"))


def leaves_nothing(journal: Journal, active: Active) -> bool:
    """Whether an operation to which nobody agrees can just end: neither it nor one that it took
    over has anything to be gone on with or given up.
    """
    return not (holds(journal, active) or fenced(journal) or frozen(journal))


def touches_nothing(journal: Journal, active: Active) -> bool:
    """Whether an operation has touched nothing yet, so that nobody has to go on with it."""
    return str(journal.opened.get("operation")) in UNTOUCHING and not is_bound(journal, active)


def left(journal: Journal) -> dict[str, str]:
    """What the last entry of an operation that touched nothing says of the one that it took over,
    which is gone on with as if there had been no other.
    """
    over = str(journal.opened.get("over", ""))
    return {LEFT: over} if over and journal.opened.get("operation") in UNTOUCHING else {}


def fenced(journal: Journal) -> bool:
    """Whether the old site may have been fenced, by the operation or by one that it took over."""
    return journal.attempts("fence") > 0 or bool(journal.opened.get("fenced"))


def frozen(journal: Journal) -> bool:
    """Whether the old site may have been frozen, by the operation or by one that it took over."""
    return journal.attempts("freeze") > 0 or bool(journal.opened.get("frozen"))


def asked(journal: Journal) -> bool:
    """Whether AWS may have taken an order to promote, of the operation or of one that it took over:
    a run tells so of each that ended before.
    """
    spared = sum(
        entry["step"] == "promote" and entry["state"] == FAILED and bool(entry["facts"].get(SPARED))
        for entry in journal.entries
    )
    return journal.attempts("promote") > int(spared) or bool(journal.opened.get("asked"))


def superseded(journal: Journal, active: Active) -> bool:
    """Whether an operation that has not ended was given up where its journal could not be seen: by
    then there is a record newer than any of its own.
    """
    return active.epoch > int(journal.opened.get("epoch", 0)) + GIVEN_UP


def is_over(journal: Journal, active: Active) -> bool:
    """Whether an operation that has not ended is in nobody's way, nor is one behind it."""
    idle = touches_nothing(journal, active) and not left(journal)
    return idle or superseded(journal, active)


def step(operation: str, name: str) -> StepOf:
    """The step of that name. Raises KeyError where the operation has none."""
    return {one.name: one for one in (*OPERATIONS[operation], ABANDON)}[name]
