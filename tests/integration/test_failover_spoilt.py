# SPDX-License-Identifier: GPL-3.0-or-later
"""What is amiss with the site that stands by: dr_validate names it before, and a failover either
does without it, or stops while home still serves, or has it among its findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import failing_over as over
import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import manifest
from environment import Environment
from validating import looked, row, states

KEY = "alias/phoenix-production-recovery"
MENDED = "playbook site with --limit recovery mends it"
FALLBACK = {"fallback_instance_types": ["t4g.medium"]}


@pytest.fixture(scope="module")
def fit(standing: Environment) -> Environment:
    validating.make_fit(standing)
    standing.declared["web_tier"] |= FALLBACK
    return standing


@pytest.fixture
def spoilt(fit: Environment, quick: None) -> Iterator[Environment]:
    """One of these tests spoils something."""
    with fit.branch() as branch:
        yield branch


def disabled_key(environment: Environment) -> None:
    kms = environment.aws("recovery").client("kms")
    kms.disable_key(KeyId=kms.describe_key(KeyId=KEY)["KeyMetadata"]["KeyId"])


@pytest.mark.parametrize(
    ("spoil", "what", "said"),
    [
        (validating.no_grant, "Key", f"the policy of key {KEY} lets Auto Scaling start no host"),
        (
            validating.no_certificate,
            "Certificate",
            "the balancer in us-west-2 has no certificate in force",
        ),
        pytest.param(disabled_key, "Key", f"key {KEY} is Disabled", marks=pytest.mark.sweep),
    ],
)
def test_what_would_stop_it_after_the_promotion_stops_it_before_anything_is_touched(
    spoilt: Environment, spoil: Callable[[Environment], None], what: str, said: str
) -> None:
    spoil(spoilt)
    assert what in states(looked(spoilt), "fail")
    over.go_dark(spoilt)
    mark = spoilt.handle.mark()
    with pytest.raises(Refusal) as caught:
        over.step(spoilt, "open")
    assert said in str(caught.value) and MENDED in caught.value.result["hint"]
    assert over.beside_journal(spoilt, mark) == set() and over.keys(spoilt) == []
    assert not [call for call in spoilt.handle.log(mark) if call["region"] == over.HOME]
    # What is told to do needs nothing of the region that is dark.
    run(spoilt.params("recovery", peer_absent=True), "site", dry=False)
    assert over.step(spoilt, "open")["changed"]


def test_what_the_region_refuses_to_tell_stops_nothing(spoilt: Environment) -> None:
    spoilt.handle.faults([{"effect": "throttle", "action": "GetKeyPolicy"}])
    assert over.step(spoilt, "open")["changed"]
    assert spoilt.handle.fired()


def tier(environment: Environment, name: str, opened: dict[str, Any]) -> dict[str, Any]:
    """One tier as role dr_site has it made, with what that knows of the promoted database."""
    facts = over.step(environment, "promote")["evidence"]["facts"]
    known = {**opened["known"], "db_instance/main": facts}
    told = {"isolated": True, "within": opened["id"], "wait_timeout": 60, "known": known}
    params = environment.params("recovery", **told)
    own = params.pop("web_tier") if name == "web_tier" else {}
    return run({**params, **params.pop("traffic"), **own}, name, dry=False)


def test_a_stale_image_a_default_parameter_group_and_a_type_that_is_not_to_be_had_are_got_over(
    fit: Environment, quick: None
) -> None:
    """The last one: after it the recovery site serves."""
    # As a release has told it.
    told = {"recovery": over.step(fit, "open", dry=True)["known"]}
    manifest.write(fit.params("recovery", knowledge=told), dry=False)
    validating.stale_image(fit)
    validating.default_group(fit)
    found = looked(fit)
    assert {"Image", "Replica as declared"} <= states(found, "fail")
    assert "default.postgres16" in row(found, "Replica as declared")["said"]
    fit.handle.strike("no-capacity", region=over.RECOVERY, instance_type="t4g.small")
    over.upto(fit, "record")
    opened = over.step(fit, "open")
    over.step(fit, "grade")
    over.step(fit, "grade", told={"did": tier(fit, "database", opened)["done"]})
    [group] = over.database(fit)["DBParameterGroups"]
    assert group["DBParameterGroupName"] == "production-recovery-database"
    over.step(fit, "scale")
    did = tier(fit, "web_tier", opened)["done"]
    over.step(fit, "scale", told={"did": did})
    client = fit.aws("recovery").client("autoscaling")
    [web] = client.describe_auto_scaling_groups(AutoScalingGroupNames=["production-recovery-web"])[
        "AutoScalingGroups"
    ]
    assert {each["InstanceType"] for each in web["Instances"]} == {"t4g.medium"}
    report = over.upto(fit, "close")[-1]["report"]
    [finding] = [one for one in report["findings"] if "are launched from" in one]
    assert "of release 0" in finding and "the manifest names" in finding
    [finding] = [one for one in report["findings"] if "next restart" in one]
    assert "obeys parameter group production-recovery-database" in finding
