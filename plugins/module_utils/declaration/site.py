# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The declared environment: its sites, and one of them seen from inside."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..aws.scope import Scope
from ..engine import canon
from ..engine.canon import cidr
from .fields import REQUIRED, Field, Problem, read
from .regions import REGIONS
from .rules import SITES, check_environment

# RDS takes no name with two dashes in a row.
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_SLUG = 22
SLUG_RULE = "a name of 2 to 22 lower-case letters, digits and single dashes"
PRIVATE = tuple(
    ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
TAG = re.compile(r"[\w .:/=+@-]*")
# AWS allows fifty, and on an image or a host six are ours.
MOST_TAGS = 44
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
# Names of roles are longer by up to fourteen characters, and have 63 at most.
DATABASE = re.compile(r"(?!pg_)[a-z][a-z0-9_]{0,48}")
SYSTEM_DATABASES = frozenset({"postgres", "rdsadmin", "template0", "template1"})
USER = re.compile(r"[a-z][a-z0-9_]{0,15}")
RESERVED = frozenset(
    {
        "admin",
        "administrator",
        "all",
        "analyse",
        "default",
        "grant",
        "master",
        "postgres",
        "public",
        "rds_iam",
        "rds_password",
        "rds_replication",
        "rds_superuser",
        "rdsadmin",
        "rdsrepladmin",
        "rdstopmgr",
        "root",
        "select",
        "table",
        "user",
    }
)
# A rule of a group of the balancer for each, of which AWS allows sixty.
MOST_VISITORS = 20
STRATEGIES = ("backup_restore", "pilot_light", "warm_standby")


def _slug(value: str) -> bool:
    return 2 <= len(value) <= LONGEST_SLUG and bool(SLUG.fullmatch(value))


def _account(value: str) -> bool:
    return len(value) == 12 and value.isascii() and value.isdigit()


def _network(value: str) -> bool:
    network = ipaddress.IPv4Network(value.strip(), strict=False)
    return 16 <= network.prefixlen <= 20 and any(network.subnet_of(block) for block in PRIVATE)


def _visitors(value: str) -> bool:
    return "/" in value and canon.cidr(value) == value


def _tag_name(value: str) -> bool:
    theirs = value.lower().startswith("aws:") or value.startswith("phoenix:")
    return 1 <= len(value) <= 128 and bool(TAG.fullmatch(value)) and value != "Name" and not theirs


def _tag_value(value: str) -> bool:
    return len(value) <= 256 and bool(TAG.fullmatch(value))


SITE_FIELDS = (
    Field("region", "str", "a region of AWS", "us-east-1", REQUIRED, choices=REGIONS),
    Field("stands", "str", "home or recovery", "home", REQUIRED, choices=("home", "recovery")),
    Field(
        "cidr",
        "str",
        "a network of /16 to /20 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        "10.20.0.0/16",
        REQUIRED,
        _network,
    ),
    Field(
        "strategy",
        "str",
        "one of " + ", ".join(STRATEGIES),
        "pilot_light",
        "pilot_light",
        choices=STRATEGIES,
    ),
    Field(
        "account_id",
        "str",
        "a quoted AWS account id of 12 digits",
        "123456789012",
        check=_account,
    ),
    Field(
        "zones",
        "list",
        "the letters of 2 to 4 of the region's zones, each once",
        ["a", "b", "c"],
        ("a", "b", "c"),
        lambda v: 2 <= len(v) <= 4 and len(set(v)) == len(v) and set(v) <= set("abcdef"),
        elements="str",
    ),
    Field(
        "nat",
        "str",
        "per_zone, one or none: how many NAT gateways the hosts have for their way out",
        "per_zone",
        "per_zone",
        choices=("per_zone", "one", "none"),
    ),
    Field(
        "closed",
        "bool",
        "true or false: whether nothing of the site gets out, and nobody from outside gets in",
        False,
        False,
    ),
    Field(
        "visitors",
        "list",
        "at most 20 networks from which a closed site is visited all the same",
        ["203.0.113.0/24"],
        (),
        lambda v: len(set(v)) == len(v) <= MOST_VISITORS and all(map(_visitors, v)),
        elements="str",
    ),
    Field(
        "quarantined",
        "bool",
        "true or false: whether hosts of a closed site are kept away from its database",
        False,
        False,
    ),
    Field("profile", "str", "the name of a profile in the AWS configuration", "production"),
    Field(
        "role_arn",
        "str",
        "the ARN of a role to assume",
        "arn:aws:iam::123456789012:role/phoenix",
        check=lambda v: bool(ROLE.fullmatch(v)),
    ),
)

ENVIRONMENT_FIELDS = (
    Field(
        "environment",
        "str",
        SLUG_RULE,
        "production",
        REQUIRED,
        _slug,
    ),
    Field(
        "account_id",
        "str",
        "a quoted AWS account id of 12 digits",
        "123456789012",
        REQUIRED,
        _account,
    ),
    Field(
        "sites",
        "dict",
        "the sites of the environment by name",
        SITES,
        REQUIRED,
        bool,
        each=SITE_FIELDS,
        key=Field("site", "str", SLUG_RULE, "recovery", check=_slug),
    ),
    Field(
        "application_port",
        "int",
        "the port from 1024 to 65535 on which the web servers listen",
        8080,
        8080,
        lambda v: 1024 <= v <= 65535,
    ),
    Field(
        "application_protocol",
        "str",
        "HTTP or HTTPS: what the balancer speaks with the web servers",
        "HTTPS",
        "HTTP",
        choices=("HTTP", "HTTPS"),
    ),
    Field(
        "database_port",
        "int",
        "a port from 1150 to 65535",
        5432,
        5432,
        lambda v: 1150 <= v <= 65535,
    ),
    Field(
        "database_name",
        "str",
        "a database name of 1 to 49 lower-case letters, digits and underscores that does not begin "
        "with pg_",
        "application",
        "application",
        lambda v: bool(DATABASE.fullmatch(v)) and v not in SYSTEM_DATABASES,
    ),
    Field(
        "database_user",
        "str",
        "a user name of 1 to 16 lower-case letters, digits and underscores that PostgreSQL and RDS "
        "do not reserve",
        "phoenix_owner",
        "phoenix_owner",
        lambda v: bool(USER.fullmatch(v)) and v not in RESERVED and not v.startswith("pg_"),
    ),
    Field("site", "str", "the name of one of the sites", "home", REQUIRED),
    Field(
        "copy_of",
        "dict",
        "the environment and the site of which a copy is made",
        {"environment": "production", "site": "recovery"},
        {},
        lambda v: not v or v.keys() == {"environment", "site"},
        entry=Field("name", "str", SLUG_RULE, "production", check=_slug),
    ),
    Field(
        "tags",
        "dict",
        f"at most {MOST_TAGS} tags for every object, text to text: AWS takes fifty, and up to "
        "six are the collection's own",
        {"team": "shop"},
        {},
        lambda v: len(v) <= MOST_TAGS,
        key=Field(
            "name",
            "str",
            "a text of 1 to 128 letters, digits, spaces and _.:/=+-@ that is not Name and does not "
            "begin with aws: or phoenix:",
            "team",
            check=_tag_name,
        ),
        entry=Field(
            "value",
            "str",
            "a text of at most 256 letters, digits, spaces and _.:/=+-@",
            "shop",
            check=_tag_value,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Site:
    """One site as its tiers see it.

    scope: its own. peer: that of the other site, None where the environment has one site only.
    cidr: its network, canonical. zones: letters of its zones.
    nat: per_zone, one or none. closed: whether it is cut off from all that is outside. visitors:
    networks from which a closed one is visited all the same. quarantined: whether hosts are kept
    away from its database.
    strategy: what stands at the site that does not serve.
    active: the name of the site that serves; the account knows it, "" is as declared, the home
    site. protected: whether the other one stands by to take over.
    cidrs, nats: of all sites by name. The ports and the database's name and user are what several
    tiers must agree on.
    """

    scope: Scope
    peer: Scope | None
    cidr: str
    strategy: str
    cidrs: Mapping[str, str]
    zones: tuple[str, ...] = ("a", "b", "c")
    nat: str = "per_zone"
    closed: bool = False
    visitors: tuple[str, ...] = ()
    quarantined: bool = False
    nats: Mapping[str, str] = field(default_factory=dict)
    database_name: str = "application"
    application_port: int = 8080
    application_protocol: str = "HTTP"
    database_port: int = 5432
    database_user: str = "phoenix_owner"
    active: str = ""
    protected: bool = True

    @property
    def is_home(self) -> bool:
        """Whether it is where names, zone and secrets are called after; that never changes."""
        return self.scope.stands == "home"

    @property
    def is_active(self) -> bool:
        """Whether it serves, and its database takes the writes."""
        return self.scope.site == self.active_site

    @property
    def reach(self) -> str:
        """The network of all that it may exchange a packet with: the world, or itself if closed."""
        return self.cidr if self.closed else canon.ANYWHERE

    @property
    def is_visited(self) -> bool:
        """Whether anybody from outside gets in to its balancer."""
        return not self.closed or bool(self.visitors)

    @property
    def active_site(self) -> str:
        """The name of the site that serves."""
        home = self.scope if self.is_home or not self.peer else self.peer
        return self.active or home.site


def read_site(given: Mapping[str, Any]) -> tuple[Site | None, list[Problem]]:
    """The site that the environment options declare, or the problems found in them."""
    declared, problems = read(ENVIRONMENT_FIELDS, given, only=False)
    problems += check_environment(declared)
    if problems:
        return None, problems
    scopes = {name: _scope(declared, name) for name in declared["sites"]}
    name = declared["site"]
    others = [scope for other, scope in scopes.items() if other != name]
    standing = {site["stands"]: site for site in declared["sites"].values()}
    return (
        Site(
            scope=scopes[name],
            peer=others[0] if others else None,
            cidr=cidr(declared["sites"][name]["cidr"]),
            strategy=standing.get("recovery", declared["sites"][name])["strategy"],
            cidrs={other: cidr(site["cidr"]) for other, site in declared["sites"].items()},
            zones=tuple(sorted(declared["sites"][name]["zones"])),
            nat=declared["sites"][name]["nat"],
            closed=declared["sites"][name]["closed"],
            visitors=tuple(sorted(declared["sites"][name]["visitors"])),
            quarantined=declared["sites"][name]["quarantined"],
            nats={other: site["nat"] for other, site in declared["sites"].items()},
            database_name=declared["database_name"],
            application_port=declared["application_port"],
            application_protocol=declared["application_protocol"],
            database_port=declared["database_port"],
            database_user=declared["database_user"],
        ),
        [],
    )


def _scope(declared: Mapping[str, Any], name: str) -> Scope:
    site = declared["sites"][name]
    return Scope(
        environment=declared["environment"],
        site=name,
        region=site["region"],
        account=site["account_id"] or declared["account_id"],
        stands=site["stands"],
        tags=declared["tags"],
        copy_of=declared["copy_of"],
    )
