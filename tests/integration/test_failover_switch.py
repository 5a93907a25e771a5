# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic is moved by a figure that the operation itself has sent."""

from __future__ import annotations

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import Environment

ALARM = "production-recovery-switch"
FIGURE = f"{over.RECOVERY} cloudwatch PutMetricData"


def test_an_alarm_that_is_in_its_state_already_does_not_stand_for_the_figure(
    built: Environment,
) -> None:
    over.upto(built, "smoke")
    # Somebody has tried the alarm; what Route 53 follows is the figure.
    built.aws("recovery").client("cloudwatch").set_alarm_state(
        AlarmName=ALARM, StateValue="ALARM", StateReason="tried"
    )
    mark = built.handle.mark()
    assert over.step(built, "switch")["changed"]
    assert FIGURE in over.calls(built, mark)
    mark = built.handle.mark()
    assert not over.step(built, "switch")["changed"]
    assert FIGURE not in over.calls(built, mark)


def test_the_figure_is_sent_anew_where_name_servers_have_not_followed_it(
    built: Environment,
) -> None:
    over.upto(built, "switch")
    assert not over.step(built, "names")["done"]
    with pytest.raises(Refusal, match="name servers still tell"):
        over.step(built, "names", told={"answers": ["192.0.2.9"], "wanted": ["192.0.2.1"]})
    mark = built.handle.mark()
    over.step(built, "switch")
    assert FIGURE in over.calls(built, mark)
    over.step(built, "names", told=over.TOLD["names"])
    mark = built.handle.mark()
    over.step(built, "switch")
    assert FIGURE not in over.calls(built, mark)
