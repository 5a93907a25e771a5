# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site keeps things in: its key, its buckets, and the logins to the database.

The site that serves copies releases, backups and the secrets to the other one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.fields import Field, Problem
from ..declaration.site import Site
from ..engine.model import Ref, Want
from ..kinds.base import Kind
from ..kinds.bucket import Bucket
from ..kinds.bucket_replication import COPIED, ROLE, BucketReplication
from ..kinds.iam_role import IamRole
from ..kinds.kms_key import KmsKey
from ..kinds.secret import Secret
from ..kinds.secret_replica import SecretReplica
from . import policies
from .database_access import users
from .key_policy import key
from .login import APPLICATION, LOGINS, MASTER, ROTATED, home_of

TIER = "storage"
PURPOSES = policies.PURPOSES
ABORT_DAYS = 7
LONGEST_BUCKET = 63
# What names of buckets may not begin with.
RESERVED = ("sthree-", "amzn-s3-demo-")

FIELDS: tuple[Field, ...] = (
    Field("log_days", "int", "a number of days from 1 to 3650", 90, 90, lambda v: 1 <= v <= 3650),
    Field(
        "noncurrent_days",
        "int",
        "a number of days from 1 to 3650",
        30,
        30,
        lambda v: 1 <= v <= 3650,
    ),
    Field("replicate", "bool", "true or false", True, True),
)
KINDS: tuple[Kind, ...] = (
    KmsKey(),
    Bucket(),
    BucketReplication(),
    IamRole(ROLE),
    Secret(),
    SecretReplica(),
)


def check(site: Site, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Every bucket of the world has a name of its own, of 63 characters at most."""
    scope = site.scope
    if scope.prefix.startswith(RESERVED):
        rule = "must not begin with sthree or amzn-s3-demo, which S3 refuses in names of buckets"
        yield Problem("environment", scope.environment, rule, "production")
    excess = max(len(scope.bucket(purpose)) for purpose in PURPOSES) - LONGEST_BUCKET
    if excess > 0:
        most = len(scope.prefix) - 1 - excess
        yield Problem(
            "environment",
            scope.environment,
            f"must with the name of site {scope.site} be at most {most} characters long, or names "
            f"of buckets are too long",
            scope.environment[: most - len(scope.site)].rstrip("-"),
        )


def wants(site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]:
    """Everything the storage tier declares for this site."""
    found = [_key(site), *(_bucket(site.scope, name, options) for name in PURPOSES)]
    if site.is_active:
        found += _secrets(site)
        if site.peer and site.protected and options["replicate"]:
            found += _copies(site, site.peer)
    return tuple(found)


def _key(site: Site) -> Want:
    scope = site.scope
    # Either site may be the one of which images are copied: no key changes when they change roles.
    copied_to = site.peer.region if site.peer else ""
    return Want(
        "kms_key",
        "main",
        {
            "alias": scope.key_alias,
            "description": f"Data of {scope.prefix}",
            "policy": key(scope, copied_to),
            "rotation": True,
            "enabled": True,
            "tags": scope.marks("kms_key", "main"),
        },
        tier=TIER,
    )


def _bucket(scope: Scope, purpose: str, options: Mapping[str, Any]) -> Want:
    """Load balancers deliver their logs into no bucket with a customer key as its default."""
    logs = purpose == "logs"
    ours = {"algorithm": "aws:kms", "key": Ref("kms_key/main", "arn"), "bucket_key": True}
    theirs = {"algorithm": "AES256", "key": "", "bucket_key": False}
    return Want(
        "bucket",
        purpose,
        {
            "name": scope.bucket(purpose),
            "versioning": True,
            "encryption": theirs if logs else ours,
            "policy": policies.bucket(scope, purpose),
            "private": True,
            "lifecycle": {
                "abort_days": ABORT_DAYS,
                "noncurrent_days": options["noncurrent_days"],
                "expire_days": options["log_days"] if logs else 0,
            },
            "tags": scope.marks("bucket", purpose),
        },
        tier=TIER,
    )


def _secrets(site: Site) -> Iterator[Want]:
    """A login each. Whoever reads one needs the key, which is for this account only; that the
    master user's has a policy of its own is told by a request.
    """
    scope, home = site.scope, home_of(site)
    who = {
        APPLICATION: "Application",
        MASTER: "Master user",
        "migration": "Migrations",
        "reader": "Whoever only reads",
    }
    first = {login: users(site, login)[0] for login in ROTATED} | {MASTER: site.database_user}
    for login in LOGINS:
        policy = {"policy": policies.secret(scope)} if login == MASTER else {}
        yield Want(
            "secret",
            login,
            {
                "name": home.secret(login),
                "description": f"{who[login]} of the database of {home.prefix}",
                "key": scope.key_alias,
                "username": first[login],
                "tags": scope.marks("secret", login),
                **policy,
            },
            after=(Ref("kms_key/main"),),
            tier=TIER,
        )


def _copies(site: Site, peer: Scope) -> Iterator[Want]:
    """What goes to the other site. The database needs none of it, and waits for none of it."""
    scope, home = site.scope, home_of(site)
    there = f"{peer.site}:kms_key/main"
    yield Want("kms_key", "main", {"alias": peer.key_alias}, tier=TIER, given=True, site=peer.site)
    for login in LOGINS:
        yield Want(
            "secret_replica",
            login,
            {
                "name": home.secret(login),
                "region": peer.region,
                "key": peer.key_alias,
                "state": "usable",
            },
            after=(Ref(f"secret/{login}"), Ref(there, ready=True)),
            tier=TIER,
        )
    yield Want(
        "iam_role",
        ROLE,
        {
            "name": scope.name(ROLE),
            "trust": policies.replication_trust(),
            "policies": {ROLE: policies.replication(scope, peer, COPIED)},
            "attached": (),
            "tags": scope.marks("iam_role", ROLE),
        },
        tier=TIER,
    )
    for purpose in COPIED:
        target = Ref(f"{peer.site}:bucket/{purpose}", "name", ready=True)
        yield Want(
            "bucket", purpose, {"name": peer.bucket(purpose)}, tier=TIER, given=True, site=peer.site
        )
        yield Want(
            "bucket_replication",
            purpose,
            {
                "bucket": scope.bucket(purpose),
                "role": Ref(f"iam_role/{ROLE}", "arn"),
                "destination": policies.bucket_arn(peer, purpose),
                "key": peer.arn("kms", peer.key_alias),
                "delete_markers": True,
                "enabled": True,
            },
            after=(Ref(f"bucket/{purpose}", "name", ready=True), Ref(there, ready=True), target),
            tier=TIER,
        )
