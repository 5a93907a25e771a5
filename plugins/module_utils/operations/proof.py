# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which operation has proved last that an environment can be moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..reports.evidence import SEAL, digest

# Operations that prove the way when they succeed.
PROVING = frozenset({"drill", "failover", "switchover"})
Report = Mapping[str, Any]


def newest(found: Iterable[Report]) -> dict[str, Any] | None:
    """Of the newest operation that proved the way: id, ended, commit, recovery_time_seconds; None
    where none has.
    """
    proving = [report for report in found if _proves(report)]
    if not proving:
        return None
    last = max(proving, key=lambda report: str(report["ended"]))
    return {
        "id": last["id"],
        "ended": last["ended"],
        "commit": last["commit"],
        "recovery_time_seconds": last["measured"]["recovery_time_seconds"],
    }


def _proves(report: Report) -> bool:
    """One that was changed after it was sealed proves nothing."""
    succeeded = report["operation"] in PROVING and report["outcome"] == "succeeded"
    return succeeded and report[SEAL] == digest(report)
