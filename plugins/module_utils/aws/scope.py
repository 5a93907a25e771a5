# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose objects we speak of: environment, site, account, region; with their names and tags."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ENVIRONMENT = "phoenix:environment"
SITE = "phoenix:site"
ID = "phoenix:id"
# The declared size of a disk that grows by itself, in GiB: without it nobody could tell afterwards
# whether it grew or its declaration was lowered.
STORAGE = "phoenix:storage"
# A digest of what an instance was launched with.
LAUNCH = "phoenix:launch"
# Which version of its login's secret was current when a host's launch was declared.
LOGIN = "phoenix:login"
# A digest of the parameters that were declared when a host's launch was.
CONFIGURATION = "phoenix:configuration"
# What is on an image: the release, and a digest of how it was made.
RELEASE = "phoenix:release"
RECIPE = "phoenix:recipe"
# What a database was restored from, as of when, and whether its login is ours by now.
RESTORED = "phoenix:restored"
# Whether a replica is to be restarted once it has its parameters.
RESTART = "phoenix:restart"
# Whether the deletion of a database leaves a last snapshot: whatever is declared when it goes.
FINAL = "phoenix:final-snapshot"
NO_FINAL = "none"
# Of what a database is a copy: environment and site.
COPY_OF = "phoenix:copy-of"
# On one object, at nearly all services of AWS.
MOST_TAGS = 50
NAMESPACE = uuid.UUID("6b0d8f0c-6d0b-5d39-8f5e-3a1b7b0c2f11")


@dataclass(frozen=True, slots=True)
class Scope:
    """One environment in one region of one account.

    tags: what the user wants on every object besides the owner tags. copy_of: the environment and
    the site of which it is a copy, which keeps what its operations have to tell.
    """

    environment: str
    site: str
    region: str
    account: str
    stands: str = "home"
    tags: Mapping[str, str] = field(default_factory=dict)
    partition: str = "aws"
    copy_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """The beginning of every name: "production-home"."""
        return f"{self.environment}-{self.site}"

    def name(self, *parts: str) -> str:
        return "-".join((self.prefix, *parts))

    def bucket(self, purpose: str) -> str:
        return f"{self.prefix}-{purpose}-{self.account}-{self.region}"

    @property
    def keeper(self) -> Scope:
        """Who keeps what operations have to tell: what a copy has goes with it."""
        if not self.copy_of:
            return self
        environment, site = (self.copy_of[name] for name in ("environment", "site"))
        return replace(self, environment=environment, site=site, copy_of={})

    @property
    def evidence(self) -> str:
        """The bucket of the journals of operations."""
        return self.keeper.bucket("backups")

    @property
    def evidence_key(self) -> str:
        """The alias of the key by which their reports are signed."""
        return self.keeper.key_alias

    @property
    def database(self) -> str:
        """The name of the database instance and of its groups."""
        return self.name("database")

    def secret(self, login: str) -> str:
        """The name of the secret of a login to the database."""
        return f"{self.environment}/{self.site}/{login}"

    @property
    def key_alias(self) -> str:
        return f"{self.key_aliases}{self.site}"

    @property
    def key_aliases(self) -> str:
        """How the aliases of the keys of all sites of the environment begin."""
        return f"alias/phoenix-{self.environment}-"

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """An ARN of this account: arn("iam", "role/x", regional=False)."""
        region = self.region if regional else ""
        account = "" if service == "s3" else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def marks(self, kind: str, id: str, name: str = "", most: int = MOST_TAGS) -> dict[str, str]:
        """All tags of one of our objects. name: the Name tag, by default prefix and id. most: how
        many AWS takes there. Where that is too few, ours only: which of the user's are chosen would
        change with each new one, and those that are there stay.
        """
        own = {
            "Name": name or self.name(*id.split("/")),
            ENVIRONMENT: self.environment,
            SITE: self.site,
            ID: f"{kind}/{id}",
        }
        return {**(self.tags if len(self.tags) + len(own) <= most else {}), **own}

    def owns(self, tags: Mapping[str, str], kind: str = "") -> bool:
        """True if these tags mark an object of this site, and of this kind where one is given."""
        return (
            tags.get(ENVIRONMENT) == self.environment
            and tags.get(SITE) == self.site
            and tags.get(ID, "").startswith(f"{kind}/" if kind else "")
        )

    @staticmethod
    def id_of(tags: Mapping[str, str]) -> str:
        """The id within its kind: "subnet/public-a" -> "public-a"."""
        return tags[ID].partition("/")[2]

    def filters(self) -> list[dict[str, Any]]:
        """EC2's Filters argument for everything that is ours at this site."""
        return [
            {"Name": f"tag:{ENVIRONMENT}", "Values": [self.environment]},
            {"Name": f"tag:{SITE}", "Values": [self.site]},
        ]

    def token(self, address: str, arguments: Mapping[str, Any], generation: int = 0) -> str:
        """An idempotency token that a killed run and its successor both arrive at.

        It changes with the arguments, because AWS refuses one token with two sets of them, and with
        the generation, because a token of a dead object answers with the dead object.
        """
        text = json.dumps(arguments, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        seed = f"{self.account}/{self.region}/{self.prefix}/{address}/{generation}/{digest}"
        return str(uuid.uuid5(NAMESPACE, seed))


def pairs(tags: Mapping[str, Any], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """A dict of tags in AWS's list form, sorted so that equal tags give equal requests."""
    return [{key: name, value: str(tags[name])} for name in sorted(tags)]


def specification(resource: str, tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    """EC2's TagSpecifications argument, which tags in the create call itself."""
    return [{"ResourceType": resource, "Tags": pairs(tags)}]
