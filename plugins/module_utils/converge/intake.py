# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the parameters of a task to a complete, checked declaration, or to all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..aws.session import Connection, connection
from ..declaration.fields import Field, Problem, read
from ..declaration.site import ROLE, Site, read_site
from ..tiers import database, database_access, image, storage, web_tier
from . import report
from .catalog import KINDS, Tier
from .task import Task

Params = Mapping[str, Any]
URL = re.compile(r"https?://[\w.-]+(:\d{1,5})?(/\S*)?|https?://\[[0-9a-fA-F:]+\](:\d{1,5})?(/\S*)?")

RUN_FIELDS = (
    Field("purge_tags", "bool", "true or false", False, False),
    Field("wait", "bool", "true or false", True, True),
    Field("wait_timeout", "int", "seconds, at least 1", 5400, 5400, lambda v: v >= 1),
    Field("peer_failed", "bool", "true or false", False, False),
    Field("peer_absent", "bool", "true or false", False, False),
    Field("isolated", "bool", "true or false", False, False),
    Field("within", "str", "the id of an operation", "20261128T101500Z-switchover-3f2a", ""),
    Field("known", "dict", "the `known` of an earlier task's result", {}, {}),
    Field("planned", "dict", "the result of an earlier site_info task", {}, {}),
    Field(
        "allow_replace",
        "list",
        "addresses of objects that may be replaced, kind/id, or all",
        ["launch_template/web"],
        (),
        lambda v: all(item == "all" or item.partition("/")[0] in KINDS for item in v),
        elements="str",
    ),
)
CONNECTION_FIELDS = (
    Field("profile", "str", "the name of a profile in the AWS configuration", "production"),
    Field(
        "role_arn",
        "str",
        "the ARN of a role to assume",
        "arn:aws:iam::123456789012:role/phoenix",
        check=lambda v: not v or bool(ROLE.fullmatch(v)),
    ),
    Field("access_key", "str", "an AWS access key", "AKIAIOSFODNN7EXAMPLE"),
    Field("secret_key", "str", "the secret of the access key", "{{ vaulted }}", secret=True),
    Field("session_token", "str", "the token of a session", "{{ vaulted }}", secret=True),
    Field(
        "endpoint_url",
        "str",
        "an http or https URL, where the API is not that of AWS itself",
        "https://api.example.org",
        check=lambda v: not v or bool(URL.fullmatch(v)),
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
    site, problems = read_site(params)
    flags, found = read(RUN_FIELDS, params, only=False)
    problems += found
    problems += read(CONNECTION_FIELDS, params, only=False)[1]
    problems += _half_keys(params)
    options: dict[str, dict[str, Any]] = {}
    for tier in tiers:
        alone = len(tiers) == 1
        given = params if alone else params.get(tier.TIER, _shared(tier, options))
        path = "" if alone else tier.TIER
        options[tier.TIER], found = read(
            tier.FIELDS, {} if given is None else given, path, only=not alone
        )
        if site and not found:
            found = list(_between(tier, site, options[tier.TIER], path))
        problems += found
    if site and not problems:
        problems += _across(site, options)
    more = list(more)
    if problems or more or site is None:
        raise refusal([*more, *(replace(item, path=spell(item.path)) for item in problems)])
    return Task(
        site=site,
        tiers=tiers,
        options=options,
        connections=_connections(params, site),
        known=flags["known"],
        planned=flags["planned"],
        replace=frozenset(flags["allow_replace"]),
        purge=frozenset({"tags"} if flags["purge_tags"] else ()),
        until=frozenset(params.get("until") or ()),
        wait=flags["wait"],
        peer_failed=flags["peer_failed"],
        peer_absent=flags["peer_absent"],
        isolated=flags["isolated"],
        within=flags["within"],
        timeout=float(flags["wait_timeout"]),
    )


def _shared(tier: Tier, options: Mapping[str, Params]) -> Params:
    """Of what passes, a declaration of a whole site says only how many images are kept."""
    web = options.get(web_tier.TIER, {})
    return {image.KEEP: web[image.KEEP]} if tier.TIER == image.TIER and web else {}


def _between(tier: Tier, site: Site, options: Params, path: str) -> Iterator[Problem]:
    """What a tier finds when it looks at all its options and at the site they are for."""
    own = {field.name for field in tier.FIELDS}
    for problem in tier.check(site, options):
        inside = path and problem.path.partition(".")[0] in own
        yield replace(problem, path=f"{path}.{problem.path}") if inside else problem


def _across(site: Site, options: Mapping[str, Params]) -> Iterator[Problem]:
    """What is only seen where the options of several tiers are at hand."""
    if web_tier.TIER not in options:
        return
    web, found = options[web_tier.TIER], []
    if database.TIER in options:
        given = options[database.TIER]
        found += [(database.TIER, item) for item in database_access.check_connections(given, web)]
    if storage.TIER in options:
        given = options[storage.TIER]
        found += [(storage.TIER, item) for item in web_tier.check_copies(site, given, web)]
    yield from (replace(item, path=f"{tier}.{item.path}") for tier, item in found)


def _half_keys(params: Params) -> Iterator[Problem]:
    """A key without its secret would be filled up from elsewhere, with the wrong one."""
    pair = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "{{ vaulted }}"}
    missing = [name for name in pair if not params.get(name)]
    if len(missing) == 1:
        rule = "is required: access_key and secret_key need one another"
        yield Problem(missing[0], None, rule, pair[missing[0]])


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
                "value": report.plain(problem.shown),
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
