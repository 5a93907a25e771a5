# SPDX-License-Identifier: GPL-3.0-or-later
"""A good declaration, and mistakes in it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)

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
CLOSED = {"closed": True, **GOOD["sites"]["home"]}
VISITED = {"nat": "none", **CLOSED}
COPY = {
    "copy_of": {"environment": "shop", "site": "home"},
    "database": {**GOOD["database"], "backup_days": 0, "final_snapshot": False},
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
    # Digits of another script.
    Case(
        "account_id",
        "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10\uff11\uff12",
        "12 digits",
    ),
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
    Case(f"{FIRST}.closed", "perhaps", "true or false"),
    Case("sites", {"home": CLOSED}, "must be none at a closed site", f"{FIRST}.nat"),
    Case(
        "sites",
        {"home": VISITED, "recovery": SITE},
        "a closed one stands alone",
        f"{FIRST}.closed",
    ),
    Case(f"{FIRST}.visitors", ["203.0.113.0/24"], "is for a closed site only"),
    *(
        Case(
            "",
            {"sites": {"home": {"visitors": bad, **VISITED}}, **COPY},
            "at most 20",
            f"{FIRST}.visitors",
        )
        for bad in (["203.0.113.1/24"], ["203.0.113.1"])
    ),
    Case(
        "sites",
        {"home": {"visitors": ["203.0.113.0/24"], **VISITED}},
        "is for a staging copy only",
        f"{FIRST}.visitors",
    ),
    Case(f"{FIRST}.quarantined", True, "is for a closed site only"),
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
    Case("web_tier.fallback_instance_types", ["t4g.smal"], "at most 39 EC2 instance types"),
    Case("web_tier.fallback_instance_types", ["t3.small"], "must have the processor of"),
    Case("web_tier.fallback_instance_types", ["t4g.small"], "which is tried before them"),
    Case("web_tier.fallback_instance_types", ["m7g.large"] * 2, "each once"),
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
