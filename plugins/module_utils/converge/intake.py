# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the parameters of a task to a complete, checked declaration, or to all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..aws.session import Connection, connection
from ..declaration.fields import Field, Problem, read
from ..declaration.site import Site, read_site
from . import report
from .catalog import Tier
from .site import Task

Params = Mapping[str, Any]

RUN_FIELDS = (
    Field("purge_tags", "bool", "true or false", False, False),
    Field("wait", "bool", "true or false", True, True),
    Field("wait_timeout", "int", "seconds, at least 1", 5400, 5400, lambda v: v >= 1),
    Field("known", "dict", "the `known` of an earlier task's result", {}, {}),
    Field(
        "allow_replace",
        "list",
        "addresses that may be replaced, or all",
        ["launch_template/web"],
        (),
        elements="str",
    ),
)


class Refusal(Exception):
    """The task cannot or must not go on. result: what the task returns besides the message."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


def declared(
    params: Params,
    tiers: Iterable[Tier],
    spell: Callable[[str], str] = str,
    more: Iterable[Problem] = (),
) -> Task:
    """The task that the parameters declare, complete. Raises Refusal with every problem."""
    tiers = tuple(tiers)
    site, found = read_site(params)
    problems = [*found]
    flags, found = read(RUN_FIELDS, params, only=False)
    problems += found
    options: dict[str, dict[str, Any]] = {}
    for tier in tiers:
        alone = len(tiers) == 1
        given = params if alone else params.get(tier.TIER) or {}
        path = "" if alone else tier.TIER
        options[tier.TIER], found = read(tier.FIELDS, given, path, only=not alone)
        problems += found
    if site and not problems:
        problems += [item for tier in tiers for item in tier.check(site, options[tier.TIER])]
    more = list(more)
    if problems or more or site is None:
        raise refusal([*more, *(replace(item, path=spell(item.path)) for item in problems)])
    return Task(
        site=site,
        tiers=tiers,
        options=options,
        connections=_connections(params, site),
        known=flags["known"],
        replace=frozenset(flags["allow_replace"]),
        purge=frozenset({"tags"} if flags["purge_tags"] else ()),
        timeout=float(flags["wait_timeout"]),
    )


def refusal(problems: Iterable[Problem]) -> Refusal:
    """All problems of a declaration in one message, nothing having been touched."""
    listed = list(problems)
    lines = "\n".join(f"  {problem}" for problem in listed)
    count = "1 mistake" if len(listed) == 1 else f"{len(listed)} mistakes"
    return Refusal(
        f"{count} in the declaration, nothing was touched:\n{lines}",
        code="invalid_declaration",
        problems=[
            {
                "path": problem.path,
                "value": report.plain(problem.value),
                "rule": problem.rule,
                "example": report.plain(problem.example),
            }
            for problem in listed
        ],
    )


def _connections(params: Params, site: Site) -> dict[str, Connection]:
    """How to reach each site's account: its own profile or role, else that of the task."""
    found = {}
    for scope in (site.scope, site.peer):
        if scope:
            own = params["sites"][scope.site]
            named = {name: own[name] for name in ("profile", "role_arn") if own.get(name)}
            found[scope.site] = connection({**params, **named})
    return found
