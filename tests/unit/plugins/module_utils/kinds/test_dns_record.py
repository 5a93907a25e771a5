# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: ours are kept as declared, those of others are never touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import (
    Scope,
    pairs,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.errors import (
    OtherSiteStands,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import elbv2
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.certificate import (
    Certificate,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.dns_record import DnsRecord
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.record_sets import (
    identifier,
)
from moto.acm.models import acm_backends

ACCOUNT = "123456789012"


@pytest.fixture
def zone(aws: Aws) -> str:
    answer = aws.client("route53").create_hosted_zone(Name="example.org", CallerReference="r")
    return str(answer["HostedZone"]["Id"]).rpartition("/")[2]


@pytest.fixture
def want(scope: Scope, zone: str) -> Want:
    spec = {
        "zone": "example.org",
        "zone_reference": "",
        "name": "www.example.org",
        "type": "A",
        "ttl": 0,
        "values": (),
        "alias": {
            "name": f"{elbv2.name(scope, 'main')}-12.us-east-1.elb.amazonaws.com",
            "zone": "Z35SXDOTRQ7X7K",
            "evaluate": False,
        },
        "set_identifier": identifier("www.example.org", scope),
        "failover": "PRIMARY",
        "health_check": "11111111-2222-3333-4444-555555555555",
        "proves": "",
    }
    return Want("dns_record", "site", spec)


def proof_of(life: Any, scope: Scope, want: Want) -> Want:
    """The record that proves a certificate of ours, which is there."""
    marks = scope.marks("certificate", "main")
    asked = {"domain": "www.example.org", "names": (), "tags": marks}
    facts = life(Certificate()).make(Want("certificate", "main", asked)).facts
    spec = {
        **want.spec,
        "name": facts["validation_name"],
        "type": "CNAME",
        "ttl": 60,
        "values": (facts["validation_value"],),
        "alias": None,
        "set_identifier": "",
        "failover": "",
        "health_check": "",
        "proves": "www.example.org",
    }
    return Want("dns_record", "validation", spec)


def change(aws: Aws, zone: str, action: str, **record: Any) -> None:
    edit = {"Action": action, "ResourceRecordSet": record}
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [edit]}
    )


def listed(aws: Aws, zone: str, type: str) -> list[dict[str, Any]]:
    answer = aws.client("route53").list_resource_record_sets(HostedZoneId=zone)
    return [item for item in answer["ResourceRecordSets"] if item["Type"] == type]


def test_a_new_record_is_as_declared(life: Any, want: Want) -> None:
    life(DnsRecord()).make(want)
    assert life(DnsRecord()).differences(want) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("health_check", "99999999-2222-3333-4444-555555555555"),
        ("failover", "SECONDARY"),
        ("alias", {"name": "x.elb.amazonaws.com", "zone": "Z35SXDOTRQ7X7K", "evaluate": True}),
    ],
)
def test_a_changed_record_is_seen_and_put_right(
    life: Any, want: Want, key: str, value: Any
) -> None:
    life(DnsRecord()).make(life(DnsRecord()).another(want, **{key: value}))
    assert life(DnsRecord()).differences(want) == {key: (value, want.spec[key])}
    life(DnsRecord()).repair(want)
    assert life(DnsRecord()).differences(want) == {}


def test_a_plain_record_becomes_one_of_a_pair_in_one_batch(
    life: Any, aws: Aws, zone: str, want: Want
) -> None:
    plain = life(DnsRecord()).another(want, set_identifier="", failover="", health_check="")
    life(DnsRecord()).make(plain)
    assert set(life(DnsRecord()).differences(want)) == {
        "failover",
        "health_check",
        "set_identifier",
    }
    batches: list[list[tuple[str, str]]] = []

    def note(params: dict[str, Any], **_context: Any) -> None:
        edits = params["ChangeBatch"]["Changes"]
        batches.append([(e["Action"], e["ResourceRecordSet"]["Name"]) for e in edits])

    event = "provide-client-params.route-53.ChangeResourceRecordSets"
    aws.client("route53").meta.events.register(event, note)
    life(DnsRecord()).repair(want)
    assert life(DnsRecord()).differences(want) == {}
    assert len(listed(aws, zone, "A")) == 1
    assert batches == [[("DELETE", "www.example.org"), ("CREATE", "www.example.org")]]


def test_what_may_stand_beside_a_primary_waits_while_the_record_is_a_plain_one(
    life: Any, view: Any, want: Want
) -> None:
    plain = life(DnsRecord()).another(want, set_identifier="", failover="", health_check="")
    life(DnsRecord()).make(plain)
    awaited = replace(want, given=True, site="home")
    (before,) = DnsRecord().find(view(), [awaited])
    assert not before.settled
    life(DnsRecord()).repair(want)
    (after,) = DnsRecord().find(view(), [awaited])
    assert after.settled


def test_a_record_of_a_pair_becomes_no_plain_one_while_the_other_site_stands(
    life: Any, view: Any, aws: Aws, zone: str, want: Want
) -> None:
    life(DnsRecord()).make(want)
    other = replace(aws.scope, site="recovery")
    change(
        aws,
        zone,
        "CREATE",
        Name="www.example.org",
        Type="A",
        SetIdentifier=identifier("www.example.org", other),
        Failover="SECONDARY",
        TTL=60,
        ResourceRecords=[{"Value": "192.0.2.1"}],
    )
    plain = life(DnsRecord()).another(want, set_identifier="", failover="", health_check="")
    (objection,) = DnsRecord().objections(view(), plain, life(DnsRecord()).find(want))
    assert isinstance(objection, OtherSiteStands)
    assert "no longer declared" in str(objection) and "destroy.yml" in objection.hint
    assert list(DnsRecord().objections(view(), want, None)) == []
    assert len(listed(aws, zone, "A")) == 2


def test_a_record_of_somebody_else_is_not_ours(life: Any, aws: Aws, zone: str, want: Want) -> None:
    values = [{"Value": "192.0.2.1"}]
    change(aws, zone, "CREATE", Name="www.example.org", Type="A", TTL=60, ResourceRecords=values)
    assert life(DnsRecord()).find(want) is None


def test_a_record_that_answers_for_the_same_name_is_named(
    life: Any, aws: Aws, zone: str, want: Want
) -> None:
    values = [{"Value": "2001:db8::1"}]
    change(aws, zone, "CREATE", Name="www.example.org", Type="AAAA", TTL=60, ResourceRecords=values)
    change(aws, zone, "CREATE", Name="old.example.org", Type="AAAA", TTL=60, ResourceRecords=values)
    assert life(DnsRecord()).make(want).foreign == ("AAAA record www.example.org",)


def test_the_other_site_of_the_environment_is_no_stranger(
    life: Any, aws: Aws, zone: str, want: Want
) -> None:
    life(DnsRecord()).make(want)
    west = Scope("production", "recovery", "us-west-2", "123456789012")
    target = {"DNSName": "y.elb.amazonaws.com", "HostedZoneId": "Z1", "EvaluateTargetHealth": True}
    name = "www.example.org"
    change(
        aws,
        zone,
        "CREATE",
        Name=name,
        Type="A",
        SetIdentifier=identifier(name, west),
        Failover="SECONDARY",
        AliasTarget=target,
    )
    have = life(DnsRecord()).find(want)
    assert have and have.foreign == ()


def test_our_record_of_a_name_no_longer_declared_is_found(
    life: Any, view: Any, scope: Scope, want: Want
) -> None:
    other = "old.example.org"
    former = life(DnsRecord()).another(want, name=other, set_identifier=identifier(other, scope))
    DnsRecord().create(life(DnsRecord()).aws, former)
    life(DnsRecord()).make(want)
    found = {have.id: have for have in DnsRecord().find(view(), [want])}
    assert set(found) == {"site", "old.example.org-A"}
    DnsRecord().delete(life(DnsRecord()).aws, found["old.example.org-A"])
    assert {have.id for have in DnsRecord().find(view(), [want])} == {"site"}


def test_a_validation_record_is_found_by_what_the_certificate_asks_for(
    life: Any, aws: Aws, scope: Scope, want: Want
) -> None:
    proof = proof_of(life, scope, want)
    # Both sites of an account are asked for this record, so to make it again is no error.
    DnsRecord().create(aws, proof)
    assert life(DnsRecord()).make(proof).foreign == ()
    assert life(DnsRecord()).differences(proof) == {}


def test_a_proof_is_shared_while_a_living_certificate_of_others_asks_for_it(
    life: Any, view: Any, aws: Aws, scope: Scope, want: Want
) -> None:
    proof = life(DnsRecord()).make(proof_of(life, scope, want))
    assert not DnsRecord().shared(view(), proof)
    acm, other = aws.client("acm"), replace(scope, environment="staging-b", site="staging")
    asked = {"ValidationMethod": "DNS", "Tags": pairs(other.marks("certificate", "main"))}
    acm.request_certificate(DomainName="else.example.org", **asked)
    assert not DnsRecord().shared(view(), proof)
    for name in ("www.example.org", "*.www.example.org"):
        arn = acm.request_certificate(DomainName=name, **asked)["CertificateArn"]
        assert DnsRecord().shared(view(), proof)
        acm_backends[ACCOUNT]["us-east-1"]._certificates[arn].status = "FAILED"
        assert not DnsRecord().shared(view(), proof)


def never_asked(**_context: Any) -> None:
    raise AssertionError("ACM was asked")


def test_no_record_but_a_proof_and_none_of_a_zone_that_goes_too_is_shared(
    life: Any, view: Any, aws: Aws, scope: Scope, want: Want
) -> None:
    proof = life(DnsRecord()).make(proof_of(life, scope, want))
    aws.client("acm").request_certificate(DomainName="www.example.org", ValidationMethod="DNS")
    assert DnsRecord().shared(view(), proof)
    managed = replace(proof, spec={**proof.spec, "zone_reference": "ours/"})
    for have in (managed, life(DnsRecord()).make(want)):
        look = view()
        look.aws.client("acm").meta.events.register("before-call.acm.*", never_asked)
        assert not DnsRecord().shared(look, have)


def test_without_a_declaration_the_certificate_says_where_the_record_is(
    life: Any, scope: Scope, want: Want
) -> None:
    marks = scope.marks("certificate", "main")
    asked = {"domain": "www.example.org", "names": (), "tags": marks}
    life(Certificate()).make(Want("certificate", "main", asked))
    made = life(DnsRecord()).make(want)
    for guess in ({}, {**want.spec, "name": "else.example.com", "zone": "example.com"}):
        have = life(DnsRecord()).find(Want("dns_record", "site", guess, given=True))
        assert have and have.facts == made.facts


def test_a_deleted_record_is_gone_and_the_others_stay(
    life: Any, aws: Aws, zone: str, want: Want
) -> None:
    values = [{"Value": "192.0.2.1"}]
    change(aws, zone, "CREATE", Name="old.example.org", Type="A", TTL=60, ResourceRecords=values)
    life(DnsRecord()).make(want)
    life(DnsRecord()).remove(want)
    life(DnsRecord()).remove(want)
    assert [item["Name"] for item in listed(aws, zone, "A")] == ["old.example.org."]
