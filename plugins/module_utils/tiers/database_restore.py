# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a database is made of that is not there yet, as a declaration names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..declaration.fields import Field, Problem
from ..declaration.site import Site
from ..engine.model import Ref
from ..kinds.db_copies import BACKUP, INSTANCE, KEY, LATEST, SNAPSHOT, TIME

SHAPES: Mapping[str, re.Pattern[str]] = {
    SNAPSHOT: re.compile(r"((rds|awsbackup):)?[A-Za-z][\w-]{0,254}"),
    BACKUP: re.compile(r"arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:auto-backup:[\w-]+"),
    INSTANCE: re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}"),
    TIME: re.compile(r"latest|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    KEY: re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+"),
}
# What may be said besides what it is made of.
ALLOWED: Mapping[str, frozenset[str]] = {
    SNAPSHOT: frozenset({KEY}),
    BACKUP: frozenset({KEY, TIME}),
    INSTANCE: frozenset({KEY, TIME}),
}


def _restores(given: Mapping[str, Any]) -> bool:
    """Whether exactly one thing is named to restore from."""
    sources = given.keys() & ALLOWED.keys()
    return (
        len(sources) == 1
        and all(given.keys() - sources <= ALLOWED[source] for source in sources)
        and all(SHAPES[name].fullmatch(value) for name, value in given.items())
    )


FIELD = Field(
    "restore",
    "dict",
    "what a database that is not there yet is made of: snapshot, a name; or backup, the ARN of "
    "automated backups, or instance, the name of a primary that stands, and time, latest or in UTC "
    "as in 2026-11-28T10:15:00Z; and key, the ARN of the key of all that, if not the site's",
    {"snapshot": "production-home-database-final-db-abc"},
    {},
    lambda v: not v or _restores(v),
    entry=Field("value", "str", "a text", LATEST),
)


def check(site: Site, restore: Mapping[str, str]) -> Iterator[Problem]:
    """What is restored keeps the key of what it is made of, which is of its region."""
    key, region = restore.get(KEY, ""), site.scope.region
    if site.is_active and key and key.split(":")[3] != region:
        example = f"arn:{site.scope.partition}:kms:{region}:{site.scope.account}:key/…"
        yield Problem("restore.key", key, f"must be the ARN of a key in {region}", example)


def declared(restore: Mapping[str, str]) -> dict[str, Any]:
    """The attributes of a primary by which it is made of what is named; {} where nothing is.

    AWS takes no other key for what is restored from an encrypted copy, so one that is named is the
    instance's as long as it is declared.
    """
    if not restore:
        return {}
    source = {name: value for name, value in restore.items() if name != KEY}
    return {"restore": source, "key": restore.get(KEY, Ref("kms_key/main", "arn"))}
