# SPDX-License-Identifier: GPL-3.0-or-later
"""Usages on their way through task results."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.model import Item, Usage
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs.records import (
    items,
    record,
)

FIXED = Usage("kms.key", "us-east-1", Decimal(1), "Mo", "a note")
RANGE = Usage("ec2.volume.gp3", "us-east-1", Decimal("0.5"), "GB-Mo", most=Decimal(120))
METERED = Usage("nat_gateway.data", "us-east-1", Decimal(1), "GB", metered=True)


@pytest.mark.parametrize("usage", [FIXED, RANGE, METERED], ids=["fixed", "range", "metered"])
def test_a_usage_comes_out_of_a_task_result_as_it_went_in(usage: Usage) -> None:
    sent = json.dumps([record("network", "nat_gateway/a", usage)])
    assert list(items("home", json.loads(sent))) == [
        Item("home", "network", "nat_gateway/a", usage)
    ]


def test_a_record_that_lost_a_field_is_refused() -> None:
    broken = record("network", "nat_gateway/a", METERED)
    del broken["metered"]
    with pytest.raises(KeyError, match="metered"):
        list(items("home", [broken]))
