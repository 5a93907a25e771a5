# SPDX-License-Identifier: GPL-3.0-or-later
"""What the traffic tier declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    MOST_TAGS,
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Ref, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import traffic

SITES: Mapping[str, Mapping[str, Any]] = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}
DOMAIN = "www.example.org"
# What earlier tiers make at every site.
EARLIER = {
    "bucket/logs",
    "internet_gateway/main",
    "kms_key/main",
    "security_group/balancer",
    "subnet/public-a",
    "subnet/public-b",
    "subnet/public-c",
    "vpc/main",
}


def site(name: str = "home", sites: Mapping[str, Any] = SITES) -> Site:
    found, problems = read_site(
        {"environment": "production", "account_id": "123456789012", "sites": sites, "site": name}
    )
    if found is None:
        raise LookupError(problems)
    return found


def options(**given: Any) -> dict[str, Any]:
    found, problems = read(traffic.FIELDS, {"domain": DOMAIN, **given})
    if problems:
        raise LookupError(problems)
    return found


def wants(name: str = "home", sites: Mapping[str, Any] = SITES, **given: Any) -> dict[str, Want]:
    return {want.address: want for want in traffic.wants(site(name, sites), options(**given))}


def recovering(strategy: str, **more: Any) -> dict[str, Mapping[str, Any]]:
    """The sites, the recovery site of another strategy; regions are exchanged where it needs be."""
    sites = {**SITES, "recovery": {**SITES["recovery"], "strategy": strategy, **more}}
    if sites["recovery"]["region"] == sites["home"]["region"]:
        sites["home"] = {**sites["home"], "region": "us-west-2"}
    return sites


def problems(**given: Any) -> list[str]:
    return [item.path for item in traffic.check(site(), options(**given))]


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("more", [{}, {"certificate_names": ["api.www.example.org"]}])
def test_everything_referred_to_is_declared_or_made_earlier(name: str, more: Any) -> None:
    found = wants(name, **more)
    named = {target for want in found.values() for target in graph.needs(want)}
    assert named - found.keys() <= EARLIER


def test_the_sites_wait_for_each_other_in_no_circle() -> None:
    edges: dict[str, list[str]] = {}
    for name in SITES:
        found = wants(name)
        for address, want in found.items():
            if not want.site:
                targets = [t if ":" in t else f"{name}:{t}" for t in graph.needs(want)]
                edges[f"{name}:{address}"] = targets
    known = {t for targets in edges.values() for t in targets} | edges.keys()
    assert len(graph.order({node: edges.get(node, []) for node in known})) == len(known)


def test_the_home_record_obeys_a_switch_that_is_kept_in_the_standby_region() -> None:
    found = wants()
    record, switch = found["dns_record/site"].spec, found["health_check/switch"].spec
    assert record["failover"] == "PRIMARY"
    assert record["health_check"] == Ref("health_check/switch")
    assert switch["alarm"] == {"region": "us-west-2", "name": "production-recovery-switch"}
    assert switch["missing"] == "LastKnownStatus"
    assert "alarm/switch" not in found
    alarm = wants("recovery")["alarm/switch"].spec
    assert alarm["metric"] == {
        "namespace": "Phoenix/Failover",
        "name": "HomeDisabled",
        "statistic": "Maximum",
        "period": 60,
        "dimensions": {"environment": "production"},
    }
    assert (alarm["threshold"], alarm["missing"]) == (1.0, "ignore")
    assert switch["copy"] == {key: alarm[key] for key in switch["copy"]}
    assert switch["copy"].keys() == {"metric", "evaluations", "threshold", "comparison"}


def test_the_failover_pair_is_as_route_53_demands_it_and_home_obeys_the_switch() -> None:
    home, standby = (wants(name)["dns_record/site"].spec for name in SITES)
    assert (home["alias"]["evaluate"], standby["alias"]["evaluate"]) == (True, True)
    assert (home["health_check"], standby["health_check"]) == (Ref("health_check/switch"), "")


def test_the_standby_record_follows_the_home_record_in_the_zone_of_home() -> None:
    home, standby = wants()["dns_record/site"], wants("recovery")["dns_record/site"]
    assert standby.spec["failover"] == "SECONDARY"
    assert standby.spec["health_check"] == ""
    assert standby.spec["set_identifier"] != home.spec["set_identifier"]
    for key in ("zone", "zone_reference", "name", "type"):
        assert standby.spec[key] == home.spec[key]
    needs = graph.needs(standby)
    assert {"home:hosted_zone/main", "home:dns_record/site"} <= needs.keys()


def test_a_single_site_has_a_plain_record_and_no_switch() -> None:
    found = wants(sites={"home": SITES["home"]})
    record = found["dns_record/site"].spec
    assert (record["set_identifier"], record["failover"], record["health_check"]) == ("", "", "")
    assert "health_check/switch" not in found
    assert not [want for want in found.values() if want.site]


def test_home_alone_makes_the_zone_and_the_proof_of_the_certificate() -> None:
    here, there = wants(), wants("recovery")
    assert not here["hosted_zone/main"].given
    assert "dns_record/validation" in here
    assert there["home:hosted_zone/main"].given
    assert "hosted_zone/main" not in there
    assert "dns_record/validation" not in there


def test_a_zone_that_is_there_already_is_only_read() -> None:
    for name in SITES:
        zone = wants(name, zone="example.org", zone_managed=False)["hosted_zone/main"]
        assert zone.given
        assert zone.spec == {"name": "example.org", "managed": False}


def test_https_waits_for_the_issue_and_the_proof_does_not() -> None:
    found = wants()
    assert graph.needs(found["listener/https"])["certificate_validation/main"] is True
    assert found["certificate_validation/main"].given
    assert "certificate_validation/main" not in graph.needs(found["dns_record/validation"])
    assert graph.needs(found["dns_record/validation"])["certificate/main"] is True


def test_a_name_and_the_wildcard_over_it_are_proved_by_one_record() -> None:
    found = wants(certificate_names=["*.www.example.org", "api.www.example.org"])
    proofs = {want.id: want.spec for want in found.values() if want.id.startswith("validation")}
    assert set(proofs) == {"validation", "validation-api.www.example.org"}
    assert proofs["validation"]["proves"] == DOMAIN
    names = proofs["validation-api.www.example.org"]["name"]
    assert names == Ref("certificate/main", "validation_name:api.www.example.org", ready=True)


def test_the_same_declaration_in_another_order_is_the_same() -> None:
    names = ["b.www.example.org", "a.www.example.org"]
    assert wants(certificate_names=names) == wants(certificate_names=names[::-1])
    turned = {**SITES["home"], "zones": ["c", "a", "b"]}
    assert wants() == wants(sites={"recovery": SITES["recovery"], "home": turned})


def test_the_balancer_is_protected_logged_and_strict_by_default() -> None:
    attributes = wants()["load_balancer/main"].spec["attributes"]
    assert attributes["deletion_protection.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == "true"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["routing.http.desync_mitigation_mode"] == "defensive"
    less = wants(access_logs=False, deletion_protection=False)["load_balancer/main"].spec
    assert less["attributes"]["deletion_protection.enabled"] == "false"
    assert less["attributes"]["access_logs.s3.enabled"] == "false"


def test_plain_http_leads_to_https_and_nowhere_else() -> None:
    action = wants()["listener/http"].spec["action"]
    assert action == {"type": "redirect", "protocol": "HTTPS", "port": "443", "code": "HTTP_301"}


def test_alarms_watch_what_a_site_has() -> None:
    def alarms(name: str, sites: Mapping[str, Any] = SITES) -> set[str]:
        found = wants(name, sites).values()
        return {w.id for w in found if w.kind == "alarm" and not w.given}

    both = {
        "database-cpu",
        "database-memory",
        "database-storage",
        "group-at-maximum",
        "host-errors",
        "latency",
        "unhealthy-hosts",
    }
    assert alarms("home") == both | {"balancer-errors", "endpoint"}
    assert alarms("recovery") == both | {"database-lag", "switch"}
    backups = recovering("backup_restore")
    assert not [id for id in alarms("recovery", backups) if id.startswith("database")]


@pytest.mark.parametrize("region", ["us-west-2", "us-east-1"])
@pytest.mark.parametrize(
    ("strategy", "hosts"),
    [("backup_restore", False), ("pilot_light", False), ("warm_standby", True)],
)
def test_what_would_ring_for_want_of_hosts_is_only_where_hosts_stand(
    region: str, strategy: str, hosts: bool
) -> None:
    sites = recovering(strategy, region=region)
    found = wants("recovery", sites)
    ringing = {"alarm/balancer-errors", "health_check/endpoint"}
    if region == "us-east-1":
        ringing.add("alarm/endpoint")
    assert found.keys() & {*ringing, "alarm/endpoint"} == (ringing if hosts else set())
    assert wants("home", sites).keys() >= {"alarm/balancer-errors", "health_check/endpoint"}


def test_every_alarm_reports_to_the_topic() -> None:
    topic = Ref("sns_topic/alarms", "arn")
    for name in SITES:
        for want in wants(name).values():
            if want.kind == "alarm" and not want.given:
                assert topic in want.spec["actions"]


def test_somebody_is_written_to_only_if_an_address_is_declared() -> None:
    assert "sns_subscription/email" not in wants()
    found = wants(alarm_email="ops@example.org")["sns_subscription/email"]
    assert found.spec["endpoint"] == "ops@example.org"


def test_everything_that_can_bear_tags_bears_the_owner_tags() -> None:
    without = {"certificate_validation", "dns_record", "sns_subscription"}
    for name in SITES:
        for want in wants(name).values():
            if not want.given and want.kind not in without:
                assert want.spec["tags"]["phoenix:id"] == f"{want.kind}/{want.id}"


@pytest.mark.parametrize(("count", "kept"), [(6, 6), (7, 0), (MOST_TAGS, 0)])
def test_zones_and_health_checks_bear_no_more_tags_than_route_53_takes(
    count: int, kept: int
) -> None:
    tags = {f"tag-{number}": "x" for number in range(count)}
    at_home = site()
    tagged = replace(at_home, scope=replace(at_home.scope, tags=tags))
    route53 = {"health_check", "hosted_zone"}
    for want in traffic.wants(tagged, options()):
        if not want.given and "tags" in want.spec:
            found = want.spec["tags"]
            users = len([name for name in found if name in tags])
            assert users == (kept if want.kind in route53 else count)
            assert found["phoenix:id"] == f"{want.kind}/{want.id}"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"zone": "example.com"}, "domain"),
        ({"zone": "ample.org"}, "domain"),
        ({"certificate_names": ["www.example.com"]}, "certificate_names"),
        ({"certificate_names": ["*.example.com"]}, "certificate_names"),
    ],
)
def test_names_outside_the_zone_are_refused(given: dict[str, Any], path: str) -> None:
    assert problems(**given) == [path]


def test_names_inside_the_zone_are_taken() -> None:
    assert problems(zone="example.org", certificate_names=["example.org", "*.example.org"]) == []


@pytest.mark.parametrize(
    "given",
    [
        {"domain": "WWW.example.org"},
        {"domain": "www"},
        {"domain": "https://www.example.org"},
        {"zone": "example.org."},
        {"health_path": "ready"},
        {"ssl_policy": "ELBSecurityPolicy-2016-08"},
        {"alarm_email": "nobody"},
        {"certificate_names": ["*"]},
    ],
)
def test_a_malformed_option_is_refused(given: dict[str, Any]) -> None:
    _found, wrong = read(traffic.FIELDS, {"domain": DOMAIN, **given})
    assert [item.path for item in wrong] == list(given)


def test_sites_in_two_accounts_are_refused_before_anything_is_made() -> None:
    sites = {**SITES, "recovery": {**SITES["recovery"], "account_id": "210987654321"}}
    found = list(traffic.check(site("home", sites), options()))
    assert [item.path for item in found] == ["sites.recovery.account_id"]


def test_an_outage_of_what_all_hosts_need_takes_none_away_where_nobody_says_otherwise() -> None:
    """nginx of role web_host answers there; a path that somebody sets is theirs."""
    found = wants()
    assert found["target_group/web"].spec["check"]["path"] == "/health/ready"
    assert found["health_check/endpoint"].spec["path"] == "/health/ready"
    assert wants(health_path="/own")["target_group/web"].spec["check"]["path"] == "/own"
