# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mistake in a declaration is told: where, what is there, which rule, and what would do."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)

ROOT = Path(__file__).parents[5]
GOOD: Mapping[str, Any] = {
    "environment": "production",
    "account_id": "123456789012",
    "sites": {
        "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
        "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
    },
    "site": "home",
    "tags": {"team": "shop"},
    "storage": {},
    "network": {},
    "database": {"parameters": {"work_mem": "16384"}},
    "traffic": {"domain": "shop.example.com", "alarm_email": "ops@example.com"},
    "web_tier": {"parameters": {"theme": "dark"}},
}
GONE: Any = object()
HUGE = "x" * 100_000
DIGITS = 10**5000  # Python refuses to write so many
CUT = f"web_tier.parameters.{HUGE[:200]}…"
SITE: Mapping[str, Any] = GOOD["sites"]["recovery"]
FAR = {"sites": {"home": {**GOOD["sites"]["home"], "region": "ap-southeast-1"}}}
CAPITAL = {"home": GOOD["sites"]["home"], "Recovery": SITE}
# A site whose hosts of an application would not reach what they read at their start.
CUT_OFF = {
    name: {
        "web_tier": {"application": f"of-{name}"},
        "sites": {**GOOD["sites"], name: {**site, "nat": "none"}},
    }
    for name, site in GOOD["sites"].items()
}
ENDLESS: dict[str, Any] = {}
ENDLESS["more"] = ENDLESS  # as an anchor of YAML can make one
DEEP: Any = "x"
for _level in range(500):
    DEEP = {"more": DEEP}


@dataclass(frozen=True, repr=False)
class Case:
    """at: where the good declaration is changed, "": in several places. value: to what; GONE takes
    it away.

    rule: a piece of the rule that is told. path: of the mistake, where it is not `at`.
    secret: what must not be told. mends: whether the example, put there, makes all of it good.
    """

    at: str
    value: Any
    rule: str
    path: str = ""
    secret: str = ""
    mends: bool = True

    @property
    def wanted(self) -> str:
        return self.path or self.at

    def declaration(self) -> dict[str, Any]:
        given: dict[str, Any] = copy.deepcopy(dict(GOOD))
        if self.at:
            place(given, self.at, self.value)
        else:
            given |= self.value
        return given

    def __repr__(self) -> str:
        names = {id(GONE): "gone", id(ENDLESS): "endless", id(DIGITS): "digits"}
        value = names.get(id(self.value)) or str(self.value)
        return f"{self.at}={value}"[:60].encode("ascii", "backslashreplace").decode()


def place(given: dict[Any, Any], path: str, value: Any) -> Any:
    """Puts a value, or takes one away, at a dotted path, and answers the one that was there.

    A key may have dots of its own.
    """
    keys = {str(key): key for key in given}
    for name, key in keys.items():
        if path.startswith(f"{name}.") and isinstance(given[key], dict):
            return place(given[key], path.removeprefix(f"{name}."), value)
    old = given.pop(keys.get(path, path), None)
    if value is not GONE:
        given[keys.get(path, path)] = value
    return old


HERE = "sites.recovery"
FIRST = "sites.home"
CASES = (
    # the environment
    Case("environment", GONE, "is required"),
    Case("environment", None, "is required"),
    Case("environment", "", "2 to 22 lower-case letters"),
    Case("environment", "Production", "lower-case letters"),
    Case("environment", "pro--duction", "single dashes"),
    Case("environment", "prodüktion", "lower-case letters"),
    Case("environment", "production\n", "lower-case letters"),
    Case("environment", HUGE, "2 to 22 lower-case letters"),
    Case("environment", True, "lower-case letters"),
    Case("environment", {"name": "production"}, "lower-case letters"),
    Case("environment", "awsome", "must not begin with aws or ssm"),
    Case("environment", "internal", "names of load balancers"),
    Case("environment", "sthree", "names of buckets"),
    Case("", {**FAR, "environment": "production-of-the-shop"}, "characters long", "environment"),
    Case("account_id", GONE, "is required"),
    Case("account_id", 12345678901, "a quoted AWS account id of 12 digits"),
    Case("account_id", "1234-5678-9012", "12 digits"),
    Case("account_id", "１２３４５６７８９０１２", "12 digits"),  # noqa: RUF001
    Case("account_id", 1234567890.5, "12 digits"),
    Case("account_id", DIGITS, "12 digits"),
    Case("application_port", 80, "from 1024 to 65535"),
    Case("application_port", -8080, "from 1024 to 65535"),
    Case("application_port", True, "from 1024 to 65535"),
    Case("application_port", "http", "from 1024 to 65535"),
    Case("application_port", 8080.5, "from 1024 to 65535"),
    Case("database_port", 1024, "from 1150 to 65535"),
    Case("database_name", "postgres", "a database name"),
    Case("database_name", "shop-data", "a database name"),
    Case("database_user", "rdsadmin", "do not reserve"),
    Case("database_user", "pg_owner", "do not reserve"),
    Case("site", "dr", "must be one of the declared sites"),
    Case("site", GONE, "is required"),
    # its sites
    Case("sites", GONE, "is required"),
    Case("sites", {}, "the sites of the environment"),
    Case("sites", ["home", "recovery"], "the sites of the environment"),
    Case("sites", "home", "the sites of the environment"),
    Case("sites", {"home": SITE}, "exactly one site that stands home"),
    Case(f"{HERE}.stands", "home", "exactly one site that stands home", "sites"),
    Case(f"{HERE}.stands", "standby", "home or recovery", mends=False),
    Case(f"{HERE}.stands", "recovry", "did you mean recovery?"),
    Case("", {"sites": CAPITAL}, "must be named by", "sites.Recovery"),
    Case(FIRST, None, "must be a dictionary of options"),
    Case(HERE, ["us-west-2"], "must be a dictionary of options"),
    Case(HERE, {**SITE, "more": ENDLESS}, "is not an option here", f"{HERE}.more", mends=False),
    Case(f"{HERE}.region", GONE, "is required", mends=False),
    Case(f"{HERE}.region", "us-wst-2", "did you mean us-west-2?"),
    Case(f"{FIRST}.region", "us-est-1", "did you mean us-east-1?"),
    Case(f"{FIRST}.region", "us-east-9", "did you mean us-east-"),
    Case(f"{FIRST}.region", "US-EAST-1", "a region of AWS"),
    Case(f"{FIRST}.region", "cn-north-1", "a region of AWS"),
    Case(f"{FIRST}.region", "us-east-1a", "did you mean us-east-1?"),
    Case(f"{FIRST}.region", ["us-east-1"], "a region of AWS"),
    Case(f"{HERE}.region", "us-east-1", "must be another region than that of home"),
    Case(f"{HERE}.region", "sa-west-1", "where Route 53 sees alarms"),
    Case(f"{HERE}.account_id", "210987654321", "must be the account of the home site"),
    Case(f"{HERE}.cidr", "10.20.0.0/16", "must not overlap 10.20.0.0/16 of home"),
    Case(f"{HERE}.cidr", "10.20.64.7/18", "must not overlap 10.20.0.0/16 of home"),
    Case(f"{FIRST}.cidr", "10.0.0.0/8", "of /16 to /20"),
    Case(f"{FIRST}.cidr", "10.20.0.0/30", "of /16 to /20"),
    Case(f"{FIRST}.cidr", "fd00:20::/56", "of /16 to /20"),
    Case(f"{FIRST}.cidr", "8.8.0.0/16", "within 10.0.0.0/8"),
    Case(f"{FIRST}.cidr", "127.0.0.0/16", "within 10.0.0.0/8"),
    Case(f"{FIRST}.cidr", "10.20.0.0", "of /16 to /20"),
    Case(f"{FIRST}.cidr", "10.20.300.0/16", "of /16 to /20"),
    Case(f"{FIRST}.cidr", 167772160, "of /16 to /20"),
    Case(f"{FIRST}.zones", ["a"], "2 to 4 of the region's zones"),
    Case(f"{FIRST}.zones", ["a", "a", "b"], "each once"),
    Case(f"{FIRST}.zones", ["us-east-1a", "us-east-1b"], "the letters of"),
    Case(f"{FIRST}.zones", "a,b,c", "the letters of"),
    Case(f"{FIRST}.zones", [["a"], ["b"]], "the letters of"),
    Case(f"{FIRST}.nat", "two", "per_zone, one or none"),
    Case(f"{HERE}.strategy", "pilotlight", "did you mean pilot_light?"),
    Case(f"{HERE}.strateg", "pilot_light", "did you mean strategy?"),
    Case(f"{HERE}.role_arn", "role/phoenix", "the ARN of a role"),
    Case(f"{HERE}.password", "hunter2", "in clear text", secret="hunter2"),
    # tags
    Case("tags.phoenix:id", "x", "must be named by"),
    Case("tags.AWS:x", "x", "must be named by"),
    Case("tags.Name", "shop", "must be named by"),
    Case("tags.team", ["shop"], "at most 256 letters"),
    Case("tags.team", "<shop>", "at most 256 letters"),
    Case("tags", {5: "shop"}, "must be named by", "tags.5"),
    Case("tags", ["team"], "at most 44 tags"),
    Case("tags", {f"t{number}": "x" for number in range(45)}, "at most 44 tags"),
    Case("tags.db_password", "hunter2", "in clear text", secret="hunter2"),
    Case("tags", "password=hunter2", "at most 44 tags", secret="hunter2"),
    # storage and network
    Case("storage", ["log_days"], "must be a dictionary of options"),
    Case("storage.log_days", 0, "from 1 to 3650"),
    Case("storage.log_days", "many", "from 1 to 3650"),
    Case("storage.replicate", "perhaps", "true or false"),
    Case("storage.replicate", 1, "true or false"),
    Case("network.flow_log", True, "did you mean flow_logs?"),
    Case("network.flow_log_interval", 300, "60 or 600 seconds"),
    Case("network", {5: 6}, "is not an option here", "network.5"),
    Case("network", {None: 6}, "is not an option here", "network.None"),
    # database
    Case("database.engine_version", 16.10, "quoted"),
    Case("database.engine_version", "9.6", "from 14 to 18"),
    Case("database.instance_class", "t4g.medium", "a class of database instances"),
    Case("database.storage_gb", 10, "from 20 to 65536"),
    Case("database.storage_gb", "50 GB", "from 20 to 65536"),
    Case("database.max_storage_gb", 51, "a tenth more than storage_gb, 50"),
    Case("database.backup_days", 0, "from 1 to 35"),
    Case("database.backup_window", "02:00-02:10", "at least 30 minutes"),
    Case("database.backup_window", "04:30-05:30", "must not overlap maintenance_window"),
    Case("database.maintenance_window", "sunday", "a time of the week"),
    Case("database.password", "hunter2", "in clear text", secret="hunter2"),
    Case("database.parameters.shop.password", "hunter2", "in clear text", secret="hunter2"),
    Case("database.parameters.work_mem", ["16384"], "a text, a number or a truth value"),
    Case("database.parameters.work mem", "16384", "must be named by"),
    Case("database.parameters.rds.force_ssl", False, "must stay on"),
    # traffic
    Case("traffic.domain", GONE, "is required"),
    Case("traffic.domain", "Shop.example.com", "a lower-case domain name"),
    Case("traffic.domain", "https://shop.example.com", "a lower-case domain name"),
    Case("traffic.domain", "läden.example.com", "a lower-case domain name"),
    Case("traffic.domain", f"{'x' * 60}.example.com", "at most 64 characters"),
    Case("traffic.zone", "example.org", "must lie in zone example.org", "traffic.domain"),
    Case("traffic.certificate_names", ["api.example.org"], "must lie in zone"),
    Case("traffic.certificate_names", [{"name": "x"}], "further lower-case", mends=False),
    Case("traffic.certificate_names", [5], "further lower-case", mends=False),
    Case("traffic.health_path", "ready", "begins with /"),
    Case("traffic.ssl_policy", "ELBSecurityPolicy-2016-08", "knows TLS 1.3"),
    Case("traffic.alarm_email", "ops.example.com", "an e-mail address"),
    # web tier
    Case("web_tier.min_size", 20, "must not be more than max_size, 12"),
    Case("web_tier.min_size", -1, "from 0 to 500"),
    Case("web_tier.max_size", 0, "from 1 to 500"),
    Case("web_tier.cpu_target", "55 %", "from 10 to 90"),
    Case("web_tier.instance_type", "t4g.smal", "an EC2 instance type"),
    Case("web_tier.instance_type", "t3.small", "must have the processor of image_parameter"),
    Case("web_tier.image_id", "ami-latest", "an image id"),
    Case("", CUT_OFF["home"], "by a NAT gateway", f"{FIRST}.nat"),
    Case("", CUT_OFF["recovery"], "by a NAT gateway", f"{HERE}.nat"),
    Case("web_tier.user_data", HUGE, "at most 16384 bytes"),
    Case("web_tier.user_data", "export DB_PASSWORD=hunter2", "a secret", secret="hunter2"),
    Case("web_tier.user_data", ["password: hunter2"], "at most 16384", secret="hunter2"),
    Case("web_tier.parameters.api_key", "hunter2", "a secret", secret="hunter2"),
    Case("web_tier.parameters.url", "amqp://me:hunter2@mq", "a secret", secret="hunter2"),
    Case("web_tier.parameters.theme", "", "of 1 to 4096 characters"),
    Case("web_tier.parameters.theme", "{{ssm:x}}", "without {{"),
    Case("web_tier.parameters.domain", "x.org", "is written by the web tier itself"),
    Case("web_tier.parameters./theme", "dark", "must be named by"),
    Case("web_tier.parameters", {"theme": DEEP}, "a text", "web_tier.parameters.theme"),
    Case("web_tier.parameters", {HUGE: "dark"}, "must be named by", CUT, mends=False),
    # how to run, and how to reach the account
    Case("wait_timeout", 0, "at least 1"),
    Case("allow_replace", ["launch_templat/web"], "kind/id, or all"),
    Case("role_arn", "phoenix", "the ARN of a role"),
    Case("endpoint_url", "api.example.org", "an http or https URL"),
    Case("access_key", "AKIAABCDEFGHIJKLMNOP", "need one another", "secret_key"),
)


def refusal(given: Mapping[str, Any]) -> Refusal | None:
    """What is said about a declaration, None where it is taken."""
    try:
        declared(given, TIERS)
    except Refusal as refused:
        return refused
    return None


def mended(given: dict[Any, Any], problem: Mapping[str, Any]) -> dict[Any, Any]:
    """The declaration after the reader has done what the message says."""
    path, example = problem["path"], problem["example"]
    parent = path.rpartition(".")[0]
    if "must be named by" in problem["rule"]:
        place(given, f"{parent}.{example}", place(given, path, GONE))
    elif "is not an option here" in problem["rule"]:
        place(given, path, GONE)
        for name, value in yaml.safe_load(example).items():
            place(given, f"{parent}.{name}", value)
    else:
        place(given, path, GONE if str(example).startswith("leave out ") else example)
    return given


def test_the_declaration_that_is_changed_is_good() -> None:
    assert refusal(GOOD) is None


def test_hosts_that_are_of_no_application_need_no_way_out() -> None:
    for declaration in CUT_OFF.values():
        assert refusal({**GOOD, **declaration, "web_tier": {}}) is None


def test_there_are_enough_cases_and_each_is_another_one() -> None:
    assert len(CASES) >= 60
    assert len({(case.at, str(case)) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_mistake_is_told_with_its_place_and_the_rule_and_nothing_else_is(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    [problem] = refused.result["problems"]
    assert problem["path"] == case.wanted
    assert case.rule in problem["rule"]
    assert refused.result["code"] == "invalid_declaration"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_message_has_path_value_rule_and_example_on_one_line(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    [problem] = refused.result["problems"]
    [first, line] = str(refused).splitlines()
    assert first == "1 mistake in the declaration, nothing was touched:"
    assert line.startswith(f"  {problem['path']}: ")
    value = "nothing" if problem["value"] is None else repr(problem["value"])
    assert f": {value[:100]}" in line
    assert f" - {problem['rule']}, for example {repr(problem['example'])[:100]}" in line
    assert len(str(problem["value"])) < 1000


@pytest.mark.parametrize("case", [case for case in CASES if case.secret], ids=str)
def test_a_secret_in_clear_text_is_not_repeated(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    assert case.secret not in str(refused)
    assert case.secret not in str(refused.result)
    assert "********" in str(refused)


@pytest.mark.parametrize("case", [case for case in CASES if case.mends], ids=str)
def test_a_declaration_is_good_once_its_mistake_has_become_the_example(case: Case) -> None:
    refused = refusal(case.declaration())
    assert refused is not None
    assert refusal(mended(case.declaration(), refused.result["problems"][0])) is None


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("sites.home.cidr", "10.20.3.4/16"),
        ("sites.home.cidr", "10.20.0.0/255.255.0.0"),
        ("sites.home.cidr", "192.168.16.0/20"),
        ("sites.home.zones", ["f", "b"]),
        ("sites.recovery", GONE),
        ("account_id", 123456789012),
        ("application_port", "9000"),
        ("database.multi_az", "no"),
        ("database.multi_az", None),
        ("database.engine_version", 17),
        ("database.parameters.jit", False),
        ("network", None),
        ("web_tier.parameters.size", 5),
        ("web_tier.user_data", 'DB_PASSWORD="$(aws secretsmanager get-secret-value)"'),
        ("web_tier.user_data", "#cloud-config\nchpasswd: {expire: false}\nlock_passwd: true\n"),
        ("tags.größe", "groß"),
        ("allow_replace", ["launch_template/web", "all"]),
    ],
)
def test_what_is_only_spelt_another_way_is_taken(at: str, value: Any) -> None:
    given = copy.deepcopy(dict(GOOD))
    place(given, at, value)
    assert refusal(given) is None


def test_all_mistakes_of_a_declaration_are_told_at_once() -> None:
    given = copy.deepcopy(dict(GOOD))
    wrong = {
        "sites.home.region": "us-est-1",
        "sites.recovery.cidr": "10.20.0.0/16",
        "storage.log_days": 0,
        "network.flow_log": True,
        "wait_timeout": -1,
        "database.password": "hunter2",
    }
    for at, value in wrong.items():
        place(given, at, value)
    refused = refusal(given)
    assert refused is not None
    assert str(refused).startswith("6 mistakes in the declaration, nothing was touched:\n")
    assert {problem["path"] for problem in refused.result["problems"]} == wrong.keys()


def test_a_contradiction_in_one_tier_is_told_beside_a_mistake_in_another() -> None:
    given = copy.deepcopy(dict(GOOD))
    place(given, "database.max_storage_gb", 51)
    place(given, "web_tier.cpu_target", 0)
    refused = refusal(given)
    assert refused is not None
    told = {problem["path"] for problem in refused.result["problems"]}
    assert told == {"database.max_storage_gb", "web_tier.cpu_target"}


def test_the_task_of_one_tier_tells_its_options_as_they_are_written_there() -> None:
    [web_tier] = [tier for tier in TIERS if tier.TIER == "web_tier"]
    given = {key: GOOD[key] for key in ("environment", "account_id", "sites", "site")}
    with pytest.raises(Refusal) as refused:
        declared({**given, "min_size": 20}, [web_tier])
    assert [problem["path"] for problem in refused.value.result["problems"]] == ["min_size"]


def test_no_option_of_a_tier_is_called_as_one_of_the_environment() -> None:
    # The paths of problems are told apart by the names.
    names = [field.name for tier in TIERS for field in tier.FIELDS]
    assert not set(names) & (GOOD.keys() | {"wait", "profile", "role_arn"})


OFFLINE = """
import importlib.abc, importlib.util, sys

class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("boto3", "botocore"):
            raise ImportError(name)

def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen"):
        raise RuntimeError(event)

spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
cases = sys.modules["cases"] = importlib.util.module_from_spec(spec)
sys.meta_path.insert(0, Without())
spec.loader.exec_module(cases)
sys.addaudithook(hook)
refused = [case for case in cases.CASES if cases.refusal(case.declaration())]
taken = cases.refusal(cases.GOOD) is None
print(len(refused), taken, "botocore" in sys.modules)
"""


def test_a_declaration_is_checked_without_the_sdk_and_without_a_connection() -> None:
    command = [sys.executable, "-c", OFFLINE, __file__]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".cache/tree")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == ([str(len(CASES)), "True", "False"], "")
