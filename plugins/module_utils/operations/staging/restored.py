# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What reports of staging say of production: that a backup was restored, how long that took, and
which copy serves. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...reports.evidence import SEAL, digest

Report = Mapping[str, Any]


def newest(reports: Iterable[Report]) -> dict[str, Any] | None:
    """Of the newest refresh that succeeded: id, ended (ISO 8601), restore_seconds (None where it
    was not measured), as_of (ISO 8601, "" where not known), rows and tables (None where not
    counted), age_seconds (how old its newest row was, None where not known); None where none has.
    """
    found = _last(report for report in reports if report["operation"] == "refresh")
    if found is None:
        return None
    measured = found["measured"]
    copy = measured["copy"]
    return {
        "id": found["id"],
        "ended": found["ended"],
        "restore_seconds": copy["seconds"]["restore"],
        "as_of": copy["as_of"],
        "rows": copy["rows"],
        "tables": copy["tables"],
        "age_seconds": measured["loss"]["seconds"],
    }


def serving(reports: Iterable[Report]) -> dict[str, Any] | None:
    """Of the copy to which the name of staging was led last: environment, of (the site of which it
    is a copy), by (id), since (ISO 8601), until when it stays (ISO 8601, "" where not known); None
    where there is none. That it was removed since no report tells.
    """
    known = list(reports)
    led = _last(known)
    if led is None:
        return None
    # One that was had back stays for as long as it was to stay when it was made.
    made = _last(
        report
        for report in known
        if (report["operation"], report["environment"]) == ("refresh", led["environment"])
    )
    return {
        "environment": led["environment"],
        "of": led["from"],
        "by": led["id"],
        "since": led["ended"],
        "until": made["measured"]["copy"]["until"] if made else "",
    }


def _last(reports: Iterable[Report]) -> Report | None:
    """The newest that succeeded; one that was changed after it was sealed tells nothing."""
    good = [r for r in reports if r["outcome"] == "succeeded" and r[SEAL] == digest(r)]
    return max(good, key=lambda report: str(report["ended"]), default=None)
