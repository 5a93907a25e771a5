# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an environment is to withstand, and the code that is to do it: for reports and looks."""

from __future__ import annotations

from ..declaration.fields import Field

FIELDS = (
    Field(
        "recovery_point_seconds",
        "int",
        "the seconds of writes that may be lost, at least 1",
        60,
        60,
        lambda v: v >= 1,
    ),
    Field(
        "recovery_time_seconds",
        "int",
        "the seconds that a failover may take, at least 1",
        3600,
        3600,
        lambda v: v >= 1,
    ),
    Field("commit", "str", "the commit at hand", "1f3a5c7", ""),
)
TARGETS = ("recovery_point_seconds", "recovery_time_seconds")
