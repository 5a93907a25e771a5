# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan, run, run again: what is planned is done, and what is done is not done twice."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.costs import (
    model,
    records,
    render,
    snapshot,
)
from environment import Environment, addresses, done


def test_the_plan_of_an_empty_account_is_what_the_run_then_does(empty: Environment) -> None:
    mark = empty.handle.mark()
    planned = empty.plan()
    assert empty.handle.writes_since(mark) == []
    ran = empty.run()
    assert addresses(planned) == addresses(ran) == done(ran)
    assert len(done(ran)) > 150


def test_a_second_run_changes_nothing_and_sends_no_write(standing: Environment) -> None:
    mark = standing.handle.mark()
    again = standing.run()
    assert [result["changed"] for result in again.values()] == [False, False]
    assert addresses(again) == set()
    assert standing.handle.writes_since(mark) == []


def test_a_run_leaves_no_connection_open(standing: Environment) -> None:
    gc.disable()
    try:
        before = _open_files()
        standing.run()
        assert _open_files() <= before
    finally:
        gc.enable()


def _open_files() -> int:
    return sum(1 for _file in Path("/dev/fd").iterdir())


def test_the_plan_of_a_finished_account_is_empty_and_writes_nothing(standing: Environment) -> None:
    mark = standing.handle.mark()
    assert addresses(standing.plan()) == set()
    assert standing.handle.writes_since(mark) == []


def test_each_bucket_is_asked_for_in_its_own_region(standing: Environment) -> None:
    standing.run()
    asked = [entry for entry in standing.handle.log() if entry["service"] == "s3"]
    assert {entry["region"] for entry in asked} == {"us-east-1", "us-west-2"}
    assert [entry for entry in asked if entry["status"] == 301] == []


@pytest.mark.parametrize(
    "declared",
    [
        {"sites": {"home": {"cidr": "10.20.7.9/16"}, "recovery": {"cidr": " 10.21.0.1/16"}}},
        {"sites": {"home": {"zones": ["c", "a", "b"]}, "recovery": {"zones": ["b", "c", "a"]}}},
        {"database": {"parameters": {}, "storage_gb": "50", "multi_az": "yes"}},
        {"web_tier": {"min_size": "2", "max_size": "12"}},
    ],
    ids=["networks", "zones", "database", "web tier"],
)
def test_another_spelling_of_the_same_declaration_changes_nothing(
    standing: Environment, declared: dict[str, dict[str, dict[str, object]]]
) -> None:
    options: dict[str, object] = {}
    for name, value in declared.items():
        if name == "sites":
            sites = standing.declared["sites"]
            options["sites"] = {site: {**sites[site], **value[site]} for site in sites}
        else:
            options[name] = value
    mark = standing.handle.mark()
    assert addresses(standing.run(**options)) == set()
    assert standing.handle.writes_since(mark) == []


def test_every_object_carries_the_owner_tags_from_the_call_that_makes_it(
    standing: Environment,
) -> None:
    info = standing.info()
    for site, result in info.items():
        tagged = [r for r in result["resources"] if "tags" in r["spec"]]
        assert len(tagged) > 40
        for resource in tagged:
            tags = resource["spec"]["tags"]
            assert tags["phoenix:environment"] == "production"
            assert tags["phoenix:site"] == site
            assert tags["phoenix:id"] == resource["address"]


def test_credentials_of_another_account_stop_the_run_before_its_first_write(
    empty: Environment,
) -> None:
    mark = empty.handle.mark()
    with pytest.raises(Refusal, match="belong to account 123456789012") as caught:
        empty.run(account_id="210987654321")
    assert caught.value.result["code"] == "wrong_account"
    assert "hint" not in caught.value.result
    assert str(caught.value).count("site ") == 1
    assert empty.handle.writes_since(mark) == []


def test_a_site_may_be_reached_by_a_role_that_is_assumed(empty: Environment) -> None:
    sites = empty.declared["sites"]
    role = {"role_arn": "arn:aws:iam::123456789012:role/phoenix"}
    mark = empty.handle.mark()
    empty.plan(sites={**sites, "recovery": {**sites["recovery"], **role}})
    # Each site by its own region, so that it does not need the other one's.
    assert {e["region"] for e in empty.handle.log(mark) if e["action"] == "AssumeRole"} == {
        "us-east-1",
        "us-west-2",
    }


def test_a_profile_that_is_not_there_is_told_with_the_way_on(empty: Environment) -> None:
    with pytest.raises(Refusal, match=r"config profile \(nobody\) could not be found") as caught:
        empty.plan(profile="nobody")
    assert "aws configure list-profiles" in caught.value.result["hint"]
    assert "phoenix_aws" in str(caught.value)


def test_where_no_credentials_are_found_the_way_on_is_told(
    empty: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Refusal, match="Unable to locate credentials") as caught:
        empty.plan(access_key="", secret_key="")
    assert "aws sts get-caller-identity" in str(caught.value)


def test_the_cost_that_a_declaration_tells_is_that_of_its_plan(empty: Environment) -> None:
    for site, planned in empty.plan().items():
        used = records.items(site, planned["usages"])
        total = render.as_dict(model.estimate(used, snapshot.prices()))["total"]
        assert run(empty.params(site), "declaration", dry=True)["cost"] == total
