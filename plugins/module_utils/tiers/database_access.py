# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what in the database: its roles with their rights and limits, as plain data.

Role database makes it so on a host that reaches the server. What was made so is told by a digest of
this data, so that one who compares it needs no host.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..declaration.fields import Field, Problem
from ..declaration.site import Site
from .builder import HOURS
from .login import APPLICATION, LOGINS, ROTATED, home_of

# Grows when the role makes something else of the same data.
RECIPE = 2
# The parameter that holds the digest, and what it holds until there is one.
PARAMETER = "database_configuration"
NONE = "none"

MIGRATION_CONNECTIONS = 5
READER_CONNECTIONS = 10
# What a builder's life leaves for a migration, once it has booted and a release is installed on it:
# a longer one would be cut off each time.
MIGRATION_SECONDS = HOURS * 3600 - 1800
# What a host opens itself, beside its application: for the heartbeat.
OWN_CONNECTIONS = 1
# Each login has two users: one now, the other after a new password. Until who knows the old one has
# got the new one, both are used.
USERS = 2
# Connections that nobody of these gets: PostgreSQL's and RDS's own, the master user's, and some for
# whoever looks what is wrong.
RESERVED = 15
# An instance refresh launches one in ten above what the group holds, and one at least.
SURGE = 10
EXTENSION = re.compile(r"[a-z][a-z0-9_-]{0,62}")

FIELDS: tuple[Field, ...] = (
    Field(
        "extensions",
        "list",
        "names of extensions of PostgreSQL, in lower case",
        ["pg_trgm"],
        (),
        lambda v: all(EXTENSION.fullmatch(name) for name in v),
        elements="str",
    ),
    Field(
        "connections_per_host",
        "int",
        "a number from 1 to 1000: what a host opens at the most",
        10,
        10,
        lambda v: 1 <= v <= 1000,
    ),
    Field(
        "statement_seconds",
        "int",
        "a number of seconds from 1 to 3600",
        30,
        30,
        lambda v: 1 <= v <= 3600,
    ),
    Field(
        "lock_seconds", "int", "a number of seconds from 1 to 600", 5, 5, lambda v: 1 <= v <= 600
    ),
    Field(
        "idle_transaction_seconds",
        "int",
        "a number of seconds from 1 to 3600",
        60,
        60,
        lambda v: 1 <= v <= 3600,
    ),
    Field(
        "migration_statement_seconds",
        "int",
        f"a number of seconds from 1 to {MIGRATION_SECONDS}: the builder, on which it runs, ends "
        f"itself after {HOURS} hours, and is installed before",
        3600,
        3600,
        lambda v: 1 <= v <= MIGRATION_SECONDS,
    ),
    Field(
        "migration_lock_seconds",
        "int",
        "a number of seconds from 1 to 600",
        5,
        5,
        lambda v: 1 <= v <= 600,
    ),
    Field(
        "reader_statement_seconds",
        "int",
        "a number of seconds from 1 to 86400",
        300,
        300,
        lambda v: 1 <= v <= 86400,
    ),
)


def access(site: Site, database: Mapping[str, Any], web: Mapping[str, Any]) -> dict[str, Any]:
    """All that is set within the database, and where its logins are kept.

    database, web: the options of these tiers. The same declaration gives the same data, and only
    lists, dicts, texts, numbers and truth values are in it.
    """
    name, owner = site.database_name, role(site, "owner")
    found: dict[str, Any] = {
        "database": name,
        "master": site.database_user,
        "owner": owner,
        "roles": list(_roles(site, database, web)),
        "rights": [
            {
                "role": role(site, "application"),
                "tables": ["DELETE", "INSERT", "SELECT", "UPDATE"],
                "sequences": ["SELECT", "UPDATE", "USAGE"],
            },
            {"role": role(site, "reader"), "tables": ["SELECT"], "sequences": ["SELECT"]},
        ],
        "heartbeat": {"beats": role(site, APPLICATION), "reads": role(site, "reader")},
        "extensions": sorted(set(database["extensions"])),
        "secrets": {login: home_of(site).secret(login) for login in LOGINS},
        "users": {login: list(users(site, login)) for login in ROTATED},
    }
    return {**found, "digest": _digest(found)}


def role(site: Site, purpose: str) -> str:
    """The name of a role: "shop_reader", whose rights the users of that login have."""
    return f"{site.database_name}_{purpose}"


def users(site: Site, login: str) -> tuple[str, str]:
    """The two users of a login, of which its secret names one; the first to begin with."""
    return role(site, f"{login}_a"), role(site, f"{login}_b")


def check(site: Site) -> Iterator[Problem]:
    """The master user is none of the roles that are made."""
    names = {role(site, purpose) for purpose in ("application", "owner", "reader")}
    if site.database_user in names.union(*(users(site, login) for login in ROTATED)):
        rule = f"must not be the name of a role that is made for database {site.database_name}"
        yield Problem("database_user", site.database_user, rule, "phoenix_master")


def check_connections(database: Mapping[str, Any], web: Mapping[str, Any]) -> Iterator[Problem]:
    """The instance has a connection for whatever may be opened."""
    most = _connections(database)
    if most is None:
        return
    hosts = _hosts(web)
    needed = hosts * (database["connections_per_host"] + OWN_CONNECTIONS)
    left = most - RESERVED - USERS * (MIGRATION_CONNECTIONS + READER_CONNECTIONS)
    if needed > left:
        yield Problem(
            "connections_per_host",
            database["connections_per_host"],
            f"must be less, or instance_class larger, or web_tier_max_size smaller: {hosts} hosts, "
            f"which is max_size and what a refresh adds, would open {needed} connections, one each "
            f"for the heartbeat, and {database['instance_class']} has about {max(left, 0)} for "
            f"them",
            max(left // hosts - OWN_CONNECTIONS, 1),
        )


def _roles(
    site: Site, database: Mapping[str, Any], web: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """In the order in which they are made."""
    owner, application, reader = (role(site, it) for it in ("owner", "application", "reader"))
    yield from (_role(name) for name in (owner, application, reader))
    idle = _seconds(database["idle_transaction_seconds"])
    for user in users(site, "migration"):
        yield _role(
            user,
            MIGRATION_CONNECTIONS,
            [owner],
            # What it makes belongs to the owner, whoever migrates next.
            role=owner,
            statement_timeout=_seconds(database["migration_statement_seconds"]),
            lock_timeout=_seconds(database["migration_lock_seconds"]),
        )
    for user in users(site, APPLICATION):
        yield _role(
            user,
            _hosts(web) * (database["connections_per_host"] + OWN_CONNECTIONS),
            [application],
            statement_timeout=_seconds(database["statement_seconds"]),
            lock_timeout=_seconds(database["lock_seconds"]),
            idle_in_transaction_session_timeout=idle,
        )
    for user in users(site, "reader"):
        yield _role(
            user,
            READER_CONNECTIONS,
            [reader],
            default_transaction_read_only="on",
            statement_timeout=_seconds(database["reader_statement_seconds"]),
            idle_in_transaction_session_timeout=idle,
        )


def _role(
    name: str, connections: int = -1, member_of: Sequence[str] = (), **settings: str
) -> dict[str, Any]:
    """One with a limit of connections logs in. settings: of its sessions."""
    return {
        "name": name,
        "login": connections >= 0,
        "connections": connections,
        "member_of": list(member_of),
        "settings": settings,
    }


def _seconds(number: int) -> str:
    return f"{number}s"


def _hosts(web: Mapping[str, Any]) -> int:
    """How many there may be at once."""
    most = int(web["max_size"])
    return most + max(1, -(-most * SURGE // 100))


def _connections(database: Mapping[str, Any]) -> int | None:
    """How many the server takes, None where that cannot be told.

    RDS: LEAST(DBInstanceClassMemory/9531392, 5000), of what it leaves of the memory.
    """
    declared = str(database["parameters"].get("max_connections", ""))
    if declared:
        return int(declared) if declared.isdigit() else None
    memory = _memory(database["instance_class"])
    return None if memory is None else min(int((memory - KEPT) * 2**30) // 9531392, 5000)


# GiB of memory of a class of size large, by the first letter of its family; a class that is larger
# has as many times as much. https://aws.amazon.com/rds/instance-types/
LARGE: Mapping[str, int] = {"m": 8, "r": 16, "t": 8, "x": 32, "z": 16}
SMALLER: Mapping[str, float] = {"micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1}
# GiB that RDS and the system need themselves.
KEPT = 0.25


def _memory(instance_class: str) -> float | None:
    """In GiB; None of a family that is not known."""
    _db, family, size = instance_class.split(".")
    large = LARGE.get(family[0])
    if large is None:
        return None
    if size in SMALLER:
        return large * SMALLER[size]
    return large * 2 * int(size.removesuffix("xlarge") or 1)


def _digest(found: Mapping[str, Any]) -> str:
    text = json.dumps([RECIPE, found], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
