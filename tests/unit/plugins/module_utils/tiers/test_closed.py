# SPDX-License-Identifier: GPL-3.0-or-later
"""What a closed site has and has not: nothing of it gets out, and nobody from outside gets in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Ref, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.launch_data import (
    data_of,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import (
    database,
    endpoints,
    image,
    network,
    storage,
    traffic,
    web_tier,
)

HOME: Mapping[str, Any] = {
    "region": "us-east-1",
    "stands": "home",
    "cidr": "10.30.0.0/16",
    "nat": "none",
}
CONTROLLER = "198.51.100.7/32"
VISITORS = ["203.0.113.0/24"]
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"
BUILDER = {
    "builder": True,
    "controller": CONTROLLER,
    "login_public_key": PUBLIC,
    "host_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n",
    "host_public_key": PUBLIC,
}
TIERS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (storage, {}),
    (network, {}),
    (database, {}),
    (traffic, {"domain": "www.example.org"}),
    (web_tier, {"application": "crowdfund"}),
    (image, BUILDER),
)


def site(closed: bool = True, **more: Any) -> Site:
    found, problems = read_site(
        {
            "environment": "drill",
            "account_id": "123456789012",
            "sites": {"home": {**HOME, "closed": closed, **more}},
            "site": "home",
            "copy_of": {"environment": "production", "site": "home"},
        }
    )
    assert found, problems
    return found


def wants(closed: bool = True, **more: Any) -> dict[str, Want]:
    """Those of all tiers, by address."""
    found: list[Want] = []
    for tier, given in TIERS:
        options, problems = read(tier.FIELDS, given)
        assert problems == []
        found += tier.wants(site(closed, **more), options)
    return graph.index(found)


def rules(**more: Any) -> dict[str, Mapping[str, Any]]:
    found = wants(**more).values()
    return {want.id: want.spec for want in found if want.kind == "security_group_rule"}


def test_everything_referred_to_is_declared() -> None:
    found = wants()
    named = {target for want in found.values() for target in graph.needs(want)}
    # The login is that of the database's own setup; nothing else stands outside of the tiers.
    assert named - found.keys() == set()
    graph.order({name: set(graph.needs(want)) for name, want in found.items()})


def test_no_rule_names_a_network_but_its_own_and_the_controller_s() -> None:
    own, peers = ip_network(HOME["cidr"]), set()
    for id, rule in rules().items():
        if rule["by"] == "cidr" and not ip_network(rule["peer"]).subnet_of(own):
            peers.add((id, rule["peer"]))
    assert peers == {("builder/in-ssh", CONTROLLER)}


def test_hosts_and_balancer_speak_tls_only_and_the_database_is_as_ever() -> None:
    found = rules()
    assert not {"balancer/in-http", "web/out-http"} & found.keys()
    for id in ("balancer/in-https", "web/out-https", "builder/out-https", "builder/out-http"):
        assert found[id]["peer"] == HOME["cidr"], id
    open_ones = {want.id: want.spec for want in wants(False).values()}
    for id in ("database/in-web", "web/out-database", "database/in-builder"):
        assert found[id] == open_ones[id], id


def test_no_route_but_that_of_the_controller_s_way_in_leads_out() -> None:
    found = wants()
    assert [name for name in found if name.startswith("route/")] == ["route/public"]
    assert not any(want.kind in ("nat_gateway", "elastic_ip") for want in found.values())


@pytest.mark.parametrize("service", ["logs", "monitoring", "secretsmanager", "ssm"])
def test_what_hosts_call_is_found_in_each_zone_under_its_own_name(service: str) -> None:
    spec = wants()[f"interface_endpoint/{service}"].spec
    assert spec["service"] == f"com.amazonaws.us-east-1.{service}"
    assert spec["private_dns"] is True
    assert spec["subnets"] == {f"app-{zone}": Ref(f"subnet/app-{zone}") for zone in "abc"}
    assert spec["security_groups"] == (Ref("security_group/endpoints"),)


def test_the_endpoints_are_reached_from_the_site_alone_and_reach_nobody() -> None:
    own = {id: rule for id, rule in rules().items() if id.startswith("endpoints/")}
    assert own.keys() == {"endpoints/in-https"}
    assert (own["endpoints/in-https"]["peer"], own["endpoints/in-https"]["to_port"]) == (
        HOME["cidr"],
        443,
    )


def test_an_endpoint_takes_the_credentials_of_its_own_account_only() -> None:
    for service in endpoints.SERVICES:
        (statement,) = wants()[f"interface_endpoint/{service}"].spec["policy"]["Statement"]
        (condition,) = statement["Condition"].values()
        assert condition == {"aws:PrincipalAccount": ("123456789012",)}


def test_the_way_to_s3_leads_to_the_site_s_own_buckets() -> None:
    found = wants()
    (statement,) = found["vpc_endpoint/s3"].spec["policy"]["Statement"]
    buckets = [want.spec["name"] for want in found.values() if want.kind == "bucket"]
    assert len(buckets) == 3
    own = {f"arn:aws:s3:::{name}{end}" for name in buckets for end in ("", "/*")}
    assert set(statement["Resource"]) == own


def test_hosts_and_builders_wait_for_the_endpoints() -> None:
    found = wants()
    for address in ("autoscaling_group/web", "instance/builder"):
        for service in endpoints.SERVICES:
            assert Ref(f"interface_endpoint/{service}", ready=True) in found[address].after


def test_the_balancer_is_internal_and_stands_where_no_way_leads_out() -> None:
    balancer = wants()["load_balancer/main"]
    assert balancer.spec["scheme"] == "internal"
    assert set(balancer.spec["subnets"].values()) == {Ref(f"subnet/app-{zone}") for zone in "abc"}
    assert balancer.after == ()


def test_nothing_is_written_of_names_and_nothing_watches_from_outside() -> None:
    found = wants()
    kinds = {want.kind for want in found.values()}
    assert not {"hosted_zone", "dns_record", "health_check"} & kinds
    assert "alarm/endpoint" not in found and "alarm/balancer-errors" in found


def test_its_certificate_is_its_own_and_proved_by_a_record_that_is_there_already() -> None:
    found = wants()
    assert found["certificate/main"].spec["domain"] == "www.example.org"
    assert found["certificate_validation/main"].after == (Ref("certificate/main"),)
    issued = Ref("certificate_validation/main", "arn", ready=True)
    assert found["listener/https"].spec["certificate"] == issued


def test_it_serves_without_a_name() -> None:
    assert {ref.target for ref in wants()["serving/main"].after} == {
        "autoscaling_group/web",
        "db_instance/main",
        "listener/https",
    }


def test_a_closed_site_is_visited_from_the_networks_that_are_named_and_from_no_other() -> None:
    offices = ["198.51.100.0/24", "203.0.113.7/32"]
    before, found = rules(), rules(visitors=offices)
    new = [found[id] for id in found.keys() - before.keys() if id.startswith("balancer/")]
    assert {rule["peer"] for rule in new} == set(offices)
    assert {(rule["from_port"], rule["direction"]) for rule in new} == {(443, "in")}
    assert before.keys() <= found.keys()
    visited = wants(visitors=offices)
    assert visited["load_balancer/main"].spec["scheme"] == "internet-facing"
    assert "dns_record/validation" in visited and "dns_record/site" not in visited
    assert "health_check/endpoint" not in visited and "interface_endpoint/ssm" in visited


def test_in_quarantine_none_but_a_builder_gets_to_the_database() -> None:
    before, found = rules(), rules(quarantined=True)
    assert before.keys() - found.keys() == {"database/in-web"}
    into = {id for id in found if id.startswith("database/in")}
    assert into == {"database/in-builder"}


def test_only_hosts_and_a_builder_get_to_the_sink_of_mail_and_it_gets_to_nobody() -> None:
    before, found = rules(), rules(visitors=VISITORS)
    ways = {
        (id.partition("-")[0], rule["peer"].target.partition("/")[2], rule["to_port"])
        for id, rule in found.items()
        if "sink" in (id.partition("/")[0], getattr(rule["peer"], "target", "").partition("/")[2])
    }
    assert ways == {
        ("web/out", "sink", 25),
        ("sink/in", "web", 25),
        ("builder/out", "sink", 25),
        ("builder/out", "sink", 8025),
        ("sink/in", "builder", 25),
        ("sink/in", "builder", 8025),
    }
    visits = {id for id in found if id.startswith("balancer/in-https-")}
    assert len(found) - len(before) == len(ways) + len(visits)


def test_the_sink_has_no_role_and_no_public_address_and_lies_where_no_way_leads_out() -> None:
    sink = wants(visitors=VISITORS)["instance/sink"].spec
    launch = sink["launch"]
    assert (launch["profile"], launch["public_address"]) == ("", False)
    assert launch["security_groups"] == (Ref("security_group/sink"),)
    assert "IamInstanceProfile" not in data_of({**launch, "key": "key", "image": "image"})
    assert set(sink["subnets"].values()) == {Ref(f"subnet/app-{zone}") for zone in "abc"}


def test_the_sink_takes_mail_by_the_release_s_image_in_which_nothing_else_runs() -> None:
    found = wants(visitors=VISITORS)
    launch = found["instance/sink"].spec["launch"]
    assert launch["image"] == found["launch_template/web"].spec["launch"]["image"]
    head, told = launch["user_data"].split("\n", 1)
    read = json.loads(told)
    assert head == "#cloud-config"
    stopped = [one[-1] for one in read["runcmd"] if one[1] == "disable"]
    assert {"crowdfund.service", "nginx.service"} <= set(stopped)
    [mail, letters] = [file["content"] for file in read["write_files"]]
    assert "aiosmtpd -n -l 0.0.0.0:25 -c aiosmtpd.handlers.Mailbox" in mail
    assert "http.server 8025" in letters
    assert all("User=mail" in unit and "NoNewPrivileges=yes" in unit for unit in (mail, letters))


def test_another_release_leaves_the_sink_with_what_it_has_taken() -> None:
    options, _problems = read(web_tier.FIELDS, {"application": "crowdfund"})
    digests = {
        want.spec["launched_with"]
        for image in ("ami-0123456789abcdef0", "ami-0fedcba9876543210")
        for want in web_tier.wants(site(visitors=VISITORS), {**options, "release_image": image})
        if want.address == "instance/sink"
    }
    assert len(digests) == 1


def test_the_application_is_told_where_its_mail_goes_before_a_host_starts() -> None:
    found = wants(visitors=VISITORS)
    told = {id: found[f"ssm_parameter/{id}"].spec["value"] for id in ("mail_host", "mail_port")}
    assert told == {"mail_host": Ref("instance/sink", "private_ip"), "mail_port": "25"}
    awaited = set(found["launch_template/web"].after)
    assert {Ref("ssm_parameter/mail_host"), Ref("ssm_parameter/mail_port")} <= awaited


def test_none_but_a_copy_that_is_visited_has_a_sink() -> None:
    for found in (wants(), wants(False)):
        assert not [name for name in found if "sink" in name or "mail" in name]


def test_a_parameter_of_the_sink_s_name_is_production_s_own_and_refused_in_a_copy() -> None:
    given = {"application": "crowdfund", "parameters": {"mail_host": "smtp.example.com"}}
    options, _problems = read(web_tier.FIELDS, given)
    assert not list(web_tier.check(site(closed=False, nat="one"), options))
    [problem] = web_tier.check(site(visitors=VISITORS), options)
    assert (problem.path, problem.rule) == (
        "parameters.mail_host",
        "is written by the web tier itself",
    )


def test_a_site_that_is_not_closed_has_nothing_of_it() -> None:
    found = wants(False)
    assert not any(want.kind == "interface_endpoint" for want in found.values())
    assert "security_group/endpoints" not in found
    assert found["load_balancer/main"].spec["scheme"] == "internet-facing"
    assert found["vpc_endpoint/s3"].spec["policy"]["Statement"][0]["Resource"] == ("*",)


def test_an_application_without_a_way_out_is_right_in_a_closed_site_only() -> None:
    options, _problems = read(web_tier.FIELDS, {"application": "crowdfund"})
    assert list(web_tier.check(site(), options)) == []
    assert [one.path for one in web_tier.check(site(closed=False), options)] == ["sites.home.nat"]


def test_hosts_of_a_staging_copy_are_told_no_key_by_which_money_moves() -> None:
    options, _problems = read(web_tier.FIELDS, {"parameters": {"stripe": "pk_live_abc"}})
    copy = site(visitors=["203.0.113.0/24"])
    assert [one.path for one in web_tier.check(copy, options)] == ["parameters.stripe"]
    assert list(web_tier.check(site(), options)) == []
