# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment says, checked whole before anything starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


class BadSettings(ValueError):
    """One line for each variable that is wrong: its name, its value, the rule, an example."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The variables of README.md, under the same names in lower case.

    Times are in the unit that their name ends with.
    """

    database_url: str
    database_access: str
    database_pool_size: int
    database_pool_wait_seconds: int
    database_statement_timeout_ms: int
    database_connection_age_seconds: int
    host: str
    port: int
    web_concurrency: int
    web_threads: int
    graceful_timeout_seconds: int
    keep_alive_seconds: int
    cache_seconds: int
    campaign: str


# Variable -> (what it is without it, the least, the most).
NUMBERS: Mapping[str, tuple[int, int, int]] = {
    "DATABASE_POOL_SIZE": (4, 1, 100),
    "DATABASE_POOL_WAIT_SECONDS": (3, 1, 60),
    "DATABASE_STATEMENT_TIMEOUT_MS": (3000, 100, 60_000),
    "DATABASE_CONNECTION_AGE_SECONDS": (300, 10, 86_400),
    "PORT": (8000, 1, 65_535),
    "WEB_CONCURRENCY": (2, 1, 64),
    "WEB_THREADS": (4, 1, 64),
    "GRACEFUL_TIMEOUT_SECONDS": (30, 1, 600),
    "KEEP_ALIVE_SECONDS": (75, 1, 3600),
    "CACHE_SECONDS": (1, 0, 86_400),
}
# Variable -> (what it is without it, the pattern it must match whole, an example).
TEXTS: Mapping[str, tuple[str, str, str]] = {
    "DATABASE_URL": (
        "",
        r"(postgres(ql)?://\S+)?",
        "postgresql://crowdfund@db.example.com/crowdfund?sslmode=verify-full",
    ),
    "DATABASE_ACCESS": ("write", r"read|write", "write"),
    "HOST": ("127.0.0.1", r"\S+", "127.0.0.1"),
    "CAMPAIGN": ("lighthouse", r"[a-z0-9-]{1,60}", "lighthouse"),
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment means; a variable that is empty is as one that is not there.

    Raises BadSettings, which names every mistake at once, but for DATABASE_URL never its value.
    """
    wrong: list[str] = []
    found: dict[str, int | str] = {}
    for name, (default, least, most) in NUMBERS.items():
        text = environment.get(name, "") or str(default)
        if re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= most:
            found[name.lower()] = int(text)
        else:
            rule = f"must be a whole number from {least} to {most}, for example {default}"
            wrong.append(f"{name}={text!r} {rule}")
    for name, (usual, pattern, example) in TEXTS.items():
        text = environment.get(name, "") or usual
        if re.fullmatch(pattern, text):
            found[name.lower()] = text
        else:
            # An URL may hold a password.
            shown = name if name == "DATABASE_URL" else f"{name}={text!r}"
            wrong.append(f"{shown} must look like {example}")
    if wrong:
        raise BadSettings("\n".join(wrong))
    return Settings(**found)  # type: ignore[arg-type]  # each name has its own kind
