# SPDX-License-Identifier: GPL-3.0-or-later
"""What the web tier declares."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import web_tier

from .web import GROUP, SITES, options, site, sites, wants

# What earlier tiers make at every site.
EARLIER = {
    "certificate/main",
    "db_instance/main",
    "dns_record/site",
    "kms_key/main",
    "listener/https",
    "load_balancer/main",
    "route/app-a",
    "route/app-b",
    "route/app-c",
    "secret/application",
    "security_group/web",
    "subnet/app-a",
    "subnet/app-b",
    "subnet/app-c",
    "target_group/web",
}


@pytest.mark.parametrize("name", SITES)
def test_everything_referred_to_is_declared_or_made_earlier(name: str) -> None:
    found = wants(name)
    named = {target for want in found.values() for target in graph.needs(want)}
    assert named - found.keys() <= EARLIER


def test_home_has_two_to_twelve_hosts() -> None:
    spec = wants()[GROUP].spec
    assert (spec["min_size"], spec["max_size"]) == (2, 12)


@pytest.mark.parametrize(
    ("strategy", "least"), [("backup_restore", 0), ("pilot_light", 0), ("warm_standby", 1)]
)
def test_the_strategy_says_how_many_hosts_stand_by(strategy: str, least: int) -> None:
    spec = wants("recovery", sites(strategy=strategy))[GROUP].spec
    assert (spec["min_size"], spec["max_size"]) == (least, 12)


def test_a_site_that_lives_from_backups_waits_for_no_database() -> None:
    found = wants("recovery", sites(strategy="backup_restore"))
    assert not [want for want in found.values() if "db_instance/main" in graph.needs(want)]
    assert "ssm_parameter/database_endpoint" not in found


def test_hosts_are_made_beside_the_database_and_replaced_only_after_it() -> None:
    found = wants()
    assert "db_instance/main" not in graph.needs(found[GROUP])
    assert graph.needs(found["scaling_processes/web"])["db_instance/main"] is True


def test_hosts_wait_for_their_way_out_where_there_is_one() -> None:
    needs = graph.needs(wants()[GROUP])
    assert all(needs[f"route/app-{letter}"] for letter in "abc")
    home = {**SITES["home"], "nat": "none"}
    closed = wants("home", {**SITES, "home": home})[GROUP]
    assert not [name for name in graph.needs(closed) if name.startswith("route/")]


def test_hosts_are_launched_with_encrypted_disks_and_without_public_address() -> None:
    launch = wants()["launch_template/web"].spec["launch"]
    assert launch["metadata"] == {"tokens": "required", "hops": 1, "tags": "disabled"}
    assert launch["key"].target == "kms_key/main"
    assert launch["public_address"] is False
    assert wants()[GROUP].spec["launch"] == launch


def test_an_image_id_comes_before_the_parameter() -> None:
    def image(**given: Any) -> str:
        return str(wants(**given)["launch_template/web"].spec["launch"]["image"])

    assert image() == "resolve:ssm:/aws/service/debian/release/12/latest/arm64"
    assert image(image_id="ami-0123456789abcdef0") == "ami-0123456789abcdef0"


def test_without_a_target_for_requests_only_the_cpu_counts() -> None:
    assert "scaling_policy/requests" in wants()
    found = wants(requests_target=0)
    assert "scaling_policy/requests" not in found
    assert found["scaling_policy/cpu"].spec["target"] == 55.0


def test_the_application_finds_its_configuration_at_either_site() -> None:
    def value(name: str, key: str) -> Any:
        return wants(name)[f"ssm_parameter/{key}"].spec["value"]

    for name in SITES:
        # The recovery region holds a copy of home's secret under the same name.
        assert value(name, "application_secret") == "production/home/application"
        assert value(name, "application_port") == "8080"
        assert value(name, "database_name") == "application"
        assert value(name, "database_port") == "5432"
    assert value("recovery", "releases_bucket").startswith("production-recovery-releases-")
    assert wants(parameters={"theme": "dark"})["ssm_parameter/theme"].spec["value"] == "dark"


def test_hosts_are_told_whether_their_database_is_to_take_writes() -> None:
    told = "ssm_parameter/database_access"
    assert wants()[told].spec["value"] == "write"
    for strategy in ("pilot_light", "warm_standby"):
        assert wants("recovery", sites(strategy=strategy))[told].spec["value"] == "read"
    assert wants("recovery", sites(strategy="backup_restore"))[told].spec["value"] == "write"
    user_data = wants(application="shop")["launch_template/web"].spec["launch"]["user_data"]
    assert "database_access" in user_data


@pytest.mark.parametrize("strategy", ["backup_restore", "pilot_light", "warm_standby"])
def test_hosts_that_write_tell_the_other_region_of_their_beats_and_no_others_do(
    strategy: str,
) -> None:
    told = "ssm_parameter/heartbeat_region"
    found = wants("home", sites(strategy=strategy), application="shop")
    assert found[told].spec["value"] == "us-west-2"
    assert told in graph.needs(found["launch_template/web"]), "hosts read it at their start"
    assert told not in wants("home", sites(strategy=strategy)), "no application, no beats"
    assert told not in wants("recovery", sites(strategy=strategy), application="shop")
    assert told not in wants("home", {"home": SITES["home"]}, application="shop")


def test_only_home_is_waited_for_until_it_serves() -> None:
    serving = wants()["serving/main"]
    assert serving.given
    assert serving.spec == {"minimum": 2}
    assert graph.needs(serving)["db_instance/main"] is True
    assert "serving/main" not in wants("recovery")


def test_what_the_database_was_set_up_with_is_kept_at_home_and_left_to_whoever_sets_it_up() -> None:
    spec = wants()["ssm_parameter/database_configuration"].spec
    assert spec["initial"] == "none"
    assert "value" not in spec
    assert "ssm_parameter/database_configuration" not in wants("recovery")


def test_the_same_declaration_in_another_order_is_the_same() -> None:
    one, two = {"b": "1", "a": "2"}, {"a": "2", "b": "1"}
    assert wants(parameters=one) == wants(parameters=two)
    turned = {**SITES["home"], "zones": ["c", "a", "b"]}
    assert wants() == wants("home", {"recovery": SITES["recovery"], "home": turned})


def test_everything_that_can_bear_tags_bears_the_owner_tags() -> None:
    without = {"login", "scaling_policy", "scaling_processes", "serving"}
    for name in SITES:
        for want in wants(name).values():
            if want.kind not in without:
                assert want.spec["tags"]["phoenix:id"] == f"{want.kind}/{want.id}"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"min_size": 20}, "min_size"),
        ({"parameters": {"api_key": "abc"}}, "parameters.api_key"),
        ({"parameters": {"database_password": "abc"}}, "parameters.database_password"),
        ({"parameters": {"queue": "amqp://user:hidden@host/x"}}, "parameters.queue"),
        ({"parameters": {"signing": "-----BEGIN PRIVATE KEY-----"}}, "parameters.signing"),
        ({"parameters": {"domain": "x.org"}}, "parameters.domain"),
        ({"parameters": {"port": "9"}}, "parameters.port"),
        ({"parameters": {"2fa": "on"}}, "parameters.2fa"),
        ({"parameters": {"theme/x": "a", "theme_x": "b"}}, "parameters.theme_x"),
        ({"parameters": {"database/name": "x"}}, "parameters.database/name"),
        ({"parameters": {"pgsslmode": "off"}}, "parameters.pgsslmode"),
        ({"user_data": "export KEY=AKIAABCDEFGHIJKLMNOP"}, "user_data"),
    ],
)
def test_a_contradiction_or_a_secret_is_refused(given: dict[str, Any], path: str) -> None:
    found = list(web_tier.check(site(), options(**given)))
    assert [item.path for item in found] == [path]
    assert not [item for item in found if "hidden" in str(item) or "AKIA" in str(item)]


def test_the_arn_of_a_secret_is_no_secret() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mail-abcdef"
    assert list(web_tier.check(site(), options(parameters={"mail_secret": arn}))) == []


def test_an_environment_whose_parameters_aws_would_refuse_is_refused() -> None:
    found = list(web_tier.check(site(environment="awsome"), options()))
    assert [item.path for item in found] == ["environment"]


@pytest.mark.parametrize(
    "given",
    [
        {"instance_type": "small"},
        {"image_id": "debian-12"},
        {"image_parameter": "debian"},
        {"root_gb": 4},
        {"root_device": "xvda"},
        {"max_size": 0},
        {"min_size": -1},
        {"cpu_target": 100},
        {"requests_target": -1},
        {"user_data": "x" * 16385},
        {"parameters": "theme=dark"},
    ],
    ids=str,
)
def test_a_malformed_option_is_refused(given: dict[str, Any]) -> None:
    _found, wrong = read(web_tier.FIELDS, given)
    assert [item.path for item in wrong] == list(given)
