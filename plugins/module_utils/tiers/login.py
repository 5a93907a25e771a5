# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the storage tier, which keeps the database's password, and the database tier agree on."""

from __future__ import annotations

import re

from ..aws.scope import Scope
from ..declaration.fields import Field

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
SECRETIVE = re.compile(r"(pass(word|wd|phrase)|pwd|secret|token|api[_-]?key)s?$", re.IGNORECASE)
USERNAME = "phoenix_owner"


def username(name: str) -> Field:
    """The option that names the master user; both tiers must be given the same."""
    return Field(
        name,
        "str",
        "a user name of 1 to 16 lower-case letters, digits and underscores that PostgreSQL and RDS "
        "do not reserve",
        USERNAME,
        USERNAME,
        lambda v: (
            bool(re.fullmatch(r"[a-z][a-z0-9_]{0,15}", v))
            and v not in RESERVED
            and not v.startswith("pg_")
        ),
    )


def identifier(scope: Scope) -> str:
    """The name of a site's database instance and of its groups."""
    return scope.name("database")


def secret_name(scope: Scope) -> str:
    """The name of the secret with the master user's password."""
    return f"{scope.environment}/{scope.site}/database"
