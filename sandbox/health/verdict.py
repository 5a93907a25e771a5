# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row of attempts says of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.health.endpoint import Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """What was told of an endpoint, and when (UTC)."""

    text: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """A new endpoint is healthy, and changes after as many attempts in a row as the threshold.

    `against` counts the latest attempts that say the opposite; `real` is whether there ever was
    something to connect to.
    """

    healthy: bool = True
    against: int = 0
    real: bool = False
    last: Report | None = None
    last_failure: Report | None = None

    def after(self, outcome: Outcome, threshold: int, time: datetime) -> Verdict:
        """The verdict after one more attempt."""
        report = Report(outcome.text, time)
        against = 0 if outcome.healthy == self.healthy else self.against + 1
        turned = against >= threshold
        return replace(
            self,
            healthy=outcome.healthy if turned else self.healthy,
            against=0 if turned else against,
            real=True,
            last=report,
            last_failure=self.last_failure if outcome.healthy else report,
        )
