# SPDX-License-Identifier: GPL-3.0-or-later
"""How a task ends: what is told where it did not get to the end."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import (
    raise_failures,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.apply import Outcome

DECLARED = {
    "environment": "production",
    "account_id": "123456789012",
    "sites": {"home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}},
    "site": "home",
    "traffic": {"domain": "shop.example.com"},
}


@pytest.mark.parametrize("waiting", [{}, {"db_instance/main": "creating"}], ids=["none", "one"])
def test_what_was_not_begun_is_named_beside_what_is_waited_for(waiting: dict[str, str]) -> None:
    outcome = Outcome({}, (), waiting, ("dns_record/site",), {}, ())
    with pytest.raises(Refusal) as caught:
        raise_failures(declared(DECLARED, TIERS), outcome, {"actions": []})
    said = [*(f"{name} is {state}" for name, state in waiting.items())]
    told = ", ".join([*said, "dns_record/site is not begun"])
    assert f"still waiting: {told}; run the same playbook again" in str(caught.value)
