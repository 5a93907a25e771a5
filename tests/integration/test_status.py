# SPDX-License-Identifier: GPL-3.0-or-later
"""How an environment stands is told whatever answers, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import status
from environment import SITES, Environment
from test_validate import VARIABLES

from playbooks import Playbooks


def told(environment: Environment, site: str = "recovery", **options: Any) -> dict[str, Any]:
    """The result, of a look that wrote nothing."""
    mark = environment.handle.mark()
    found = status.status(environment.params(site, **options))
    assert environment.handle.writes_since(mark) == []
    assert found["changed"] is False
    return found


def test_after_a_build_home_serves_is_protected_and_the_way_was_never_proven(
    built: Environment,
) -> None:
    found = told(built)
    assert found["report"][1] == "Site home (us-east-1) serves."
    assert found["facts"]["protection"]["state"] == "protected"
    assert found["facts"]["drill"] is found["facts"]["unfinished"] is None
    assert any("never proven" in line for line in found["report"])
    assert "Manifest" in {copy["what"] for copy in found["facts"]["copies"]}
    assert "<html" in found["page"]


def test_of_an_operation_that_has_not_ended_the_command_that_goes_on_is_next(
    built: Environment,
) -> None:
    id = over.upto(built, "decide")[0]["id"]
    found = told(built)
    assert (found["readiness"], found["facts"]["unfinished"]["id"]) == ("fail", id)
    assert found["facts"]["unfinished"]["step"] == "See what will be lost, and decide"
    assert "next: $ ansible-playbook operatingdev.phoenix.dr_failover" in found["report"]


def test_the_site_that_serves_tells_that_it_does_and_has_no_page(built: Environment) -> None:
    found = told(built, "home")
    assert (found["page"], found["report"]) == ("", ["home serves, recovery is looked at"])


@pytest.mark.parametrize("lost", [over.HOME, over.RECOVERY])
def test_what_a_dark_region_would_tell_is_not_known_and_the_rest_is(
    built: Environment, lost: str
) -> None:
    built.handle.faults([{"effect": "dark", "region": lost}])
    found = told(built)
    assert found["facts"]["active"]["site"] == "home"
    unknown = {c["what"] for c in found["facts"]["copies"] if c["state"] == "unknown"}
    assert ("Copied buckets" in unknown) == (lost == over.HOME)
    assert ("Key" in unknown) == (lost == over.RECOVERY)
    assert any(SITES[site]["region"] == lost for site in SITES) and lost in found["page"]


def test_where_no_region_answers_that_is_said(built: Environment) -> None:
    regions = (over.HOME, over.RECOVERY)
    built.handle.faults([{"effect": "dark", "region": region} for region in regions])
    with pytest.raises(Refusal, match=r"neither .* answers") as caught:
        told(built)
    assert caught.value.result["code"] == "silent"


def test_the_playbook_keeps_the_page_and_its_check_tells_the_same(
    built: Environment, tmp_path: Path
) -> None:
    values = {**VARIABLES, "web_tier_application": "", "site_report_folder": str(tmp_path)}
    del values["dr_site_strict"]
    playbooks, mark = Playbooks(built.handle, tmp_path), built.handle.mark()
    pages = []
    for more in ((), ("--check",)):
        ran = playbooks.run("status", "-e", json.dumps(values), *more)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Site home (us-east-1) serves." in ran.stdout
        assert "home serves, recovery is looked at" in ran.stdout
        page = tmp_path / "production-status.html"
        pages.append(page.read_text("utf-8"))
        page.unlink()
    assert all("What a failover relies on" in page for page in pages)
    assert built.handle.writes_since(mark) == []


@pytest.mark.parametrize("home", ["answers", pytest.param("is dark", marks=pytest.mark.sweep)])
def test_after_a_failover_the_recovery_site_serves_unprotected_and_that_has_proven_the_way(
    built: Environment, home: str
) -> None:
    if home == "is dark":
        over.go_dark(built)
    id = over.upto(built, "close", accept_unfenced=home == "is dark", commit="1f3a5c7")[0]["id"]
    found = told(built, "home", commit="1f3a5c7")
    facts = found["facts"]
    assert (facts["active"]["site"], facts["active"]["by"]) == ("recovery", id)
    assert facts["protection"]["state"] == "unprotected"
    assert facts["protection"]["since"] == facts["active"]["since"]
    assert facts["drill"]["id"] == id
    assert any(f"proven today by {id}" in line for line in found["report"])
    assert facts["unfinished"] is None
    assert told(built)["report"] == ["recovery serves, home is looked at"]


def test_of_an_environment_that_was_never_built_that_is_said(empty: Environment) -> None:
    found = told(empty)
    assert (found["readiness"], found["page"], found["facts"]) == ("fail", "", {})
    assert found["report"][0].startswith("production was never built")
    assert found["report"][1] == "next: ansible-playbook operatingdev.phoenix.site"
