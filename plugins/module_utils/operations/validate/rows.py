# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All rows, in order of weight."""

from __future__ import annotations

from . import backups, copies, declared, replica, room, standing, traffic
from .verdict import STATES, Check, Row, Seen, State, row

CHECKS: tuple[Check, ...] = (
    *standing.CHECKS,
    *replica.CHECKS,
    *backups.CHECKS,
    *copies.CHECKS,
    *traffic.CHECKS,
    standing.WRITTEN,
    *declared.CHECKS,
    *room.CHECKS,
    declared.REST,
    standing.PROOF,
    standing.RESTORED,
    standing.EVIDENCE,
)


def rows(seen: Seen) -> list[Row]:
    """What is judged of one look."""
    found = (row(check, seen) for check in CHECKS)
    return [one for one in found if one is not None]


def readiness(found: list[Row]) -> State:
    """ "pass", or the worst of what is in the way."""
    states = {one["state"] for one in found}
    return next((state for state in STATES if state in states), "pass")
