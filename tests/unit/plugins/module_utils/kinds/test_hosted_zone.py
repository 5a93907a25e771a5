# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosted zones: known by their reference before they are tagged, and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Conflict,
    Meaning,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import route53
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.hosted_zone import (
    HostedZone,
)
from botocore.exceptions import ClientError


@pytest.fixture
def want(scope: Scope) -> Want:
    spec = {"name": "example.org", "tags": scope.marks("hosted_zone", "main")}
    return Want("hosted_zone", "main", spec)


def zones(aws: Aws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("route53").list_hosted_zones()["HostedZones"]
    return found


def test_a_new_zone_is_as_declared_and_tells_its_name_servers(life: Any, want: Want) -> None:
    have = life(HostedZone()).make(want)
    assert life(HostedZone()).differences(want) == {}
    assert len(have.facts["name_servers"]) == 4
    assert have.facts["arn"] == f"arn:aws:route53:::hostedzone/{have.facts['id']}"


def test_a_zone_that_was_not_tagged_yet_is_found_and_tagged(
    life: Any, aws: Aws, want: Want
) -> None:
    name = route53.reference(aws.scope, "hosted_zone") + "main.0"
    aws.client("route53").create_hosted_zone(Name="example.org", CallerReference=name)
    assert "tags.phoenix:id" in life(HostedZone()).differences(want)
    life(HostedZone()).repair(want)
    assert life(HostedZone()).differences(want) == {}


def test_a_foreign_tag_stays_when_ours_are_repaired(life: Any, aws: Aws, want: Want) -> None:
    zone = life(HostedZone()).make(want).facts["id"]
    edit = {"AddTags": [{"Key": "team", "Value": "x"}, {"Key": "theirs", "Value": "1"}]}
    aws.client("route53").change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone, **edit
    )
    assert life(HostedZone()).differences(want) == {"tags.team": ("x", "shop")}
    life(HostedZone()).repair(want)
    have = life(HostedZone()).find(want)
    assert have and have.spec["tags"]["theirs"] == "1"


def test_a_zone_of_somebody_else_is_not_ours_whatever_its_name(
    life: Any, aws: Aws, want: Want
) -> None:
    aws.client("route53").create_hosted_zone(Name="example.org", CallerReference="theirs")
    assert life(HostedZone()).find(want) is None


def test_an_unmanaged_zone_is_found_by_name_among_the_public_ones(life: Any, aws: Aws) -> None:
    aws.client("route53").create_hosted_zone(Name="example.org", CallerReference="theirs")
    spec = {"name": "example.org", "managed": False}
    have = life(HostedZone()).find(Want("hosted_zone", "main", spec, given=True))
    assert have and have.facts["id"] in zones(aws)[0]["Id"]


def test_a_reference_that_a_deleted_zone_used_up_is_passed_over(scope: Scope) -> None:
    tried: list[str] = []

    def make(reference: str) -> dict[str, Any]:
        tried.append(reference)
        if len(tried) < 3:
            raise _exists()
        return {"made": reference}

    made = route53.create(scope, "hosted_zone", "main", make, list)
    assert made == {"made": tried[2]}
    assert [name.rpartition(".")[2] for name in tried] == ["0", "1", "2"]


def test_a_reference_that_a_living_zone_has_is_left_to_whoever_adopts_it(scope: Scope) -> None:
    first = route53.reference(scope, "hosted_zone") + "main.0"

    def make(reference: str) -> dict[str, Any]:
        raise _exists()

    with pytest.raises(ClientError):
        route53.create(scope, "hosted_zone", "main", make, lambda: [{"CallerReference": first}])


def test_an_empty_zone_is_deleted(life: Any, aws: Aws, want: Want) -> None:
    have = life(HostedZone()).make(want)
    HostedZone().delete(aws, have)
    assert life(HostedZone()).find(want) is None


def test_a_zone_with_foreign_records_is_refused_at_once_and_they_are_named(
    life: Any, aws: Aws, want: Want
) -> None:
    have = life(HostedZone()).make(want)
    records = [
        {"Name": "example.org", "Type": "MX", "ResourceRecords": [{"Value": "10 m.example.net"}]},
        {
            "Name": "example.org",
            "Type": "A",
            "SetIdentifier": "example.org-production-recovery",
            "Weight": 1,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        },
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": {**raw, "TTL": 60}} for raw in records]
    client = aws.client("route53")
    client.change_resource_record_sets(
        HostedZoneId=have.facts["id"], ChangeBatch={"Changes": changes}
    )
    with pytest.raises(Conflict) as caught:
        HostedZone().delete(aws, have)
    assert meaning(caught.value) is Meaning.REFUSED
    assert "MX example.org" in str(caught.value) and "A example.org" not in str(caught.value)


def test_a_zone_whose_last_records_are_ours_is_tried_again(life: Any, aws: Aws, want: Want) -> None:
    have = life(HostedZone()).make(want)
    raw = {
        "Name": "example.org",
        "Type": "A",
        "SetIdentifier": "example.org-production-home",
        "Weight": 1,
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    change = {"Action": "CREATE", "ResourceRecordSet": raw}
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=have.facts["id"], ChangeBatch={"Changes": [change]}
    )
    with pytest.raises(ClientError) as caught:
        HostedZone().delete(aws, have)
    assert meaning(caught.value) is Meaning.BLOCKED


def _exists() -> ClientError:
    answer = {"Error": {"Code": "HostedZoneAlreadyExists", "Message": "used"}}
    return ClientError(answer, "CreateHostedZone")


@pytest.mark.parametrize("owner", ["environment staging, site home", "somebody else"])
def test_a_second_public_zone_of_one_name_is_objected_to_and_the_owner_is_named(
    life: Any, view: Any, aws: Aws, want: Want, owner: str
) -> None:
    if owner.startswith("environment"):
        other = replace(aws.scope, environment="staging")
        marks = other.marks("hosted_zone", "main")
        theirs = (
            HostedZone()
            .create(
                aws.at(other), Want("hosted_zone", "main", {"name": "example.org", "tags": marks})
            )
            .facts["id"]
        )
    else:
        answer = aws.client("route53").create_hosted_zone(Name="example.org", CallerReference="r")
        theirs = route53.zone_id(answer["HostedZone"])
    (objection,) = HostedZone().objections(view(), want, None)
    assert objection.code == "name_taken"
    assert theirs in str(objection) and owner in str(objection)
    assert "traffic_zone_managed: false" in objection.hint


def test_a_zone_of_a_free_name_and_one_that_is_ours_are_not_objected_to(
    life: Any, view: Any, aws: Aws, want: Want
) -> None:
    aws.client("route53").create_hosted_zone(Name="sub.example.org", CallerReference="r")
    assert list(HostedZone().objections(view(), want, None)) == []
    have = life(HostedZone()).make(want)
    assert list(HostedZone().objections(view(), want, have)) == []
