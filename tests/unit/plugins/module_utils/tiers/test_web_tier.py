# SPDX-License-Identifier: GPL-3.0-or-later
"""What the web tier declares."""

from __future__ import annotations

from collections.abc import Mapping
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
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import image, web_tier

SITES: Mapping[str, Mapping[str, Any]] = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}
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
GROUP = "autoscaling_group/web"


def sites(**recovery: Any) -> dict[str, Mapping[str, Any]]:
    return {**SITES, "recovery": {**SITES["recovery"], **recovery}}


def site(name: str = "home", declared: Mapping[str, Any] = SITES, **more: Any) -> Site:
    environment = {"environment": "production", "account_id": "123456789012"}
    found, problems = read_site({**environment, "sites": declared, "site": name, **more})
    if found is None:
        raise LookupError(problems)
    return found


def options(**given: Any) -> dict[str, Any]:
    found, problems = read(web_tier.FIELDS, given)
    if problems:
        raise LookupError(problems)
    return found


def wants(name: str = "home", declared: Mapping[str, Any] = SITES, **given: Any) -> dict[str, Want]:
    return {want.address: want for want in web_tier.wants(site(name, declared), options(**given))}


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


@pytest.mark.parametrize("name", SITES)
def test_the_builder_writes_what_the_database_was_set_up_with_and_new_passwords_and_nothing_else(
    name: str,
) -> None:
    [document] = wants(name)["iam_role/builder"].spec["policies"].values()
    reads = ("Get", "Describe", "List", "Decrypt")
    written = {
        (action, resource)
        for item in document["Statement"]
        for action in item["Action"]
        for resource in item["Resource"]
        if item["Sid"] != "Sessions" and not action.partition(":")[2].startswith(reads)
    }
    account = f"{SITES[name]['region']}:123456789012"
    secrets = f"arn:aws:secretsmanager:{account}:secret:production/home"
    rotated = [f"{secrets}/{it}-??????" for it in ("application", "migration", "reader")]
    path = f"arn:aws:ssm:{account}:parameter/production/{name}/database_configuration"
    assert {pair for pair in written if pair[0] != "kms:GenerateDataKey"} == {
        *(("secretsmanager:PutSecretValue", secret) for secret in rotated),
        *(("secretsmanager:UpdateSecretVersionStage", secret) for secret in rotated),
        ("ssm:PutParameter", path),
    }
    assert wants(name)["instance_profile/builder"].spec["role"].target == "iam_role/builder"


@pytest.mark.parametrize("name", SITES)
def test_hosts_may_change_nothing_of_the_account(name: str) -> None:
    [document] = wants(name)["iam_role/web"].spec["policies"].values()
    actions = {action for item in document["Statement"] for action in item["Action"]}
    assert not [action for action in actions if "*" in action]
    assert not {action for action in actions if action.startswith(("iam:", "ec2:", "rds:", "sts:"))}
    free = {
        item["Sid"]: item.get("Condition")
        for item in document["Statement"]
        if "*" in item["Resource"]
    }
    assert set(free) == {"Metrics", "Sessions"}
    namespaces = ("Phoenix/Application", "Phoenix/Heartbeat")
    assert free["Metrics"] == {"StringEquals": {"cloudwatch:namespace": namespaces}}


@pytest.mark.parametrize(
    ("role", "logins"),
    [("web", ["application"]), ("builder", ["application", "database", "migration", "reader"])],
)
def test_logins_are_read_in_the_region_of_who_reads_them_and_hosts_read_one_only(
    role: str, logins: list[str]
) -> None:
    [document] = wants("recovery")[f"iam_role/{role}"].spec["policies"].values()
    [secret] = [item for item in document["Statement"] if item["Sid"] == "DatabaseLogins"]
    top = "arn:aws:secretsmanager:us-west-2:123456789012:secret:production/home"
    assert secret["Resource"] == tuple(f"{top}/{login}-??????" for login in logins)


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


def test_hosts_are_launched_for_the_login_that_is_current_in_their_region() -> None:
    for name in SITES:
        found = wants(name, application="shop")
        tags = found["launch_template/web"].spec["launch"]["instance_tags"]
        assert tags["phoenix:login"] == Ref("login/application", "version")
        login = found["login/application"]
        assert login.given
        assert login.spec["name"] == "production/home/application"
        assert "login/taken" not in found
    found = wants("recovery", application="shop")
    assert "secret/application" not in graph.needs(found["login/application"])


def test_with_as_many_tags_as_may_be_declared_hosts_and_images_bear_what_aws_takes() -> None:
    tags = {f"t{number}": "x" for number in range(MOST_TAGS)}
    at = site(tags=tags)
    given = options(application="shop", parameters={"theme": "dark"})
    found = {want.address: want for want in web_tier.wants(at, given)}
    host = found["launch_template/web"].spec["launch"]["instance_tags"]
    release = {"application": "shop", "release": "1", "recipe": "0a1b2c3d"}
    source = {"source_image": "ami-0123456789abcdef0", "source_region": "us-west-2"}
    [golden] = image.wants(at, read(image.FIELDS, {**release, **source})[0])
    assert max(len(host), len(golden.spec["tags"])) == 50


def test_where_no_host_of_an_application_starts_no_copy_of_its_login_is_needed() -> None:
    found = wants("recovery")
    assert "login/application" not in found
    launch = found["launch_template/web"]
    assert "phoenix:login" not in launch.spec["launch"]["instance_tags"]
    assert "login/application" not in graph.needs(launch)


@pytest.mark.parametrize(
    ("place", "given"),
    [({}, {"application": "shop"}), ({"strategy": "warm_standby"}, {})],
    ids=["application", "warm standby"],
)
def test_hosts_that_would_find_no_copy_of_their_login_are_refused(
    place: dict[str, str], given: dict[str, str]
) -> None:
    there = site("recovery", sites(**place))
    for replicate, refused in ((False, ["replicate"]), (True, [])):
        found = web_tier.check_copies(there, {"replicate": replicate}, options(**given))
        assert [problem.path for problem in found] == refused
    assert not list(web_tier.check_copies(site("recovery"), {"replicate": False}, options()))


def test_hosts_of_an_application_make_way_when_a_parameter_that_they_have_read_changes() -> None:
    def launch(**given: Any) -> Want:
        return wants(**{"application": "shop", **given})["launch_template/web"]

    def tag(**given: Any) -> str:
        return str(launch(**given).spec["launch"]["instance_tags"].get("phoenix:configuration"))

    light, dark = {"theme": "light"}, {"theme": "dark"}
    assert len({tag(), tag(parameters=light), tag(parameters=dark)}) == 3
    both = {"a": "1", "b": "2"}
    assert tag(parameters=both) == tag(parameters=dict(reversed(both.items())))
    assert "ssm_parameter/theme" in graph.needs(launch(parameters=dark))
    # An image of one's own may ask for them at any time.
    assert tag(application="", parameters=dark) == "None"


def test_after_a_rotation_its_version_is_awaited_and_then_that_all_hosts_have_read_it() -> None:
    version = "0" * 32
    found = wants("recovery", application="shop", login_version=version)
    launch = found["launch_template/web"]
    assert launch.spec["launch"]["instance_tags"]["phoenix:login"] == version
    assert graph.needs(launch)["login/application"] is True
    assert found["login/application"].spec["version"] == version
    taken = found["login/taken"]
    assert taken.given and taken.spec["taken"]
    assert graph.needs(taken)[GROUP] is True
