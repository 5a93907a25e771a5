# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites that are added, left out or moved after the environment stands."""

from __future__ import annotations

from environment import SITES, Environment, addresses, done

ALONE = {"home": SITES["home"]}


def alone(environment: Environment) -> Environment:
    """The environment with its home site only, standing."""
    environment.declared["sites"] = ALONE
    environment.run()
    return environment


def test_a_recovery_site_is_added_to_a_standing_home_by_one_run(empty: Environment) -> None:
    alone(empty)
    empty.declared["sites"] = SITES
    planned = empty.plan()
    ran = empty.run()
    assert addresses(planned) == addresses(ran) == done(ran)
    assert "home dns_record/site" in addresses(ran, "change")
    assert "recovery dns_record/site" in addresses(ran, "create")
    assert addresses(empty.plan()) == set()
