# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""That what is copied is production, that what is made is staging, and that the one reaches nothing
of the other: held against what the account has, before anything is written.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...aws.scope import COPY_OF, ENVIRONMENT, ID, SITE, Scope
from ...aws.session import Aws
from ...aws.view import View
from ...converge.task import Task
from ...declaration.secrets import LIVE
from ...engine import canon
from ...kinds import record_sets
from ...tiers.login import LOGINS, home_of
from .. import journal as journals
from ..acts import swap
from ..errors import Guarded
from ..refresh import scopes_of
from ..rehearsal import owned


def check(
    here: Aws,
    task: Task,
    options: Mapping[str, Any],
    leads: Mapping[str, Any],
    scopes: Iterable[Scope],
) -> None:
    """Raises Guarded. leads: what the name of staging leads to. scopes: of all copies."""
    view, places = View(here), [here.at(scope) for scope in scopes]
    source = _source(view)
    peer = task.site.peer
    left = scopes_of(peer, options["mirror"]) if peer else []
    _refuse_names(options["domain"], leads, places, left)
    _refuse_readers(view, task)
    words = [*_of_production(task, source)]
    _refuse_parameters(options["parameters"], words, _hosts(task), options["domain"])


def _source(view: View) -> Mapping[str, Any]:
    """The instance that is copied, which its own tags call production's."""
    scope = view.scope
    answer = view.call("rds", "describe_db_instances", DBInstanceIdentifier=scope.database)
    item: Mapping[str, Any] = answer["DBInstances"][0] if answer and answer["DBInstances"] else {}
    if not item:
        raise Guarded(
            f"there is no database {scope.database} in {scope.region} to make staging of",
            "playbook site builds production; run this one with the inventory of that",
        )
    tags = canon.tags(item.get("TagList") or ())
    wanted = {ENVIRONMENT: scope.environment, SITE: scope.site, ID: "db_instance/main"}
    wrong = {name: tags.get(name, "nothing") for name in wanted if tags.get(name) != wanted[name]}
    if wrong:
        said = ", ".join(f"{name} is {value}" for name, value in wrong.items())
        raise Guarded(
            f"{scope.database} is not of {scope.environment} by its tags: {said}",
            "see whose it is; staging is made of production alone",
        )
    if COPY_OF in tags:
        raise Guarded(
            f"{scope.database} is itself a copy, of {tags[COPY_OF]}",
            "run it with the inventory of production",
        )
    return item


def _refuse_names(
    domain: str, leads: Mapping[str, Any], places: Iterable[Aws], left: Iterable[Scope]
) -> None:
    """The name leads to a copy, or to nothing yet. left: of the copies of the other site, which are
    known by what a balancer is called: their region may be dark.
    """
    if not leads or any(record_sets.is_balancer(scope, leads["name"]) for scope in left):
        return
    if all(swap.balancer(View(place)) != leads for place in places):
        raise Guarded(
            f"{domain} leads to {leads['name']}, which is no staging copy's",
            "give staging a name of its own, or remove the record",
        )


def strangers(places: Iterable[Aws]) -> None:
    """Raises Guarded where what stands under the name of a copy was made by no refresh."""
    for place in places:
        scope = place.scope
        _refuse_others(place)
        arns = [arn for found in owned(place, {scope.region}).values() for arn in found]
        if arns and not _was_made(place):
            more = f" and {len(arns) - 1} more" if len(arns) > 1 else ""
            raise Guarded(
                f"there is an environment {scope.environment} that no refresh has made: "
                f"{min(arns)}{more}. A copy would be called like it, and be removed",
                "call the copies otherwise (staging_mirror_environment), or take it down, if "
                "nobody needs it",
            )


def _refuse_others(place: Aws) -> None:
    """Two productions of an account may call their copies alike: the database says whose it is."""
    scope, view = place.scope, View(place)
    answer = view.call("rds", "describe_db_instances", DBInstanceIdentifier=scope.database)
    for item in answer["DBInstances"] if answer else ():
        found = canon.tags(item.get("TagList") or ()).get(COPY_OF, "nothing")
        if found.partition("/")[0] != scope.copy_of["environment"]:
            raise Guarded(
                f"{scope.database} is a copy of {found}, not of {scope.copy_of['environment']}",
                "call the copies of the one otherwise than those of the other "
                "(staging_mirror_environment)",
            )


def _was_made(place: Aws) -> bool:
    """Whether a journal tells of a copy of this name."""
    names = (journals.load(place, id).opened["environment"] for id in reversed(journals.ids(place)))
    return place.scope.environment in names


def _refuse_readers(view: View, task: Task) -> None:
    """No policy of a secret of production lets in whoever its own do not."""
    for login in LOGINS:
        name = home_of(task.site).secret(login)
        answer = view.call("secretsmanager", "get_resource_policy", SecretId=name) or {}
        policy = json.loads(answer.get("ResourcePolicy") or "{}")
        if any(one.get("Effect") == "Allow" for one in policy.get("Statement", ())):
            raise Guarded(
                f"the policy of secret {name} lets in others than what production's roles do",
                "take that away: hosts of staging are not to read logins of production. aws "
                f"secretsmanager get-resource-policy --secret-id {name} shows it",
            )


def _refuse_parameters(
    parameters: Mapping[str, Any], words: Iterable[str], hosts: Iterable[str], domain: str
) -> None:
    """Nothing that staging is told names what is production's, or moves money. words: what is in no
    text. hosts: names of production's, which a certificate may have as a wildcard.
    """
    for name, value in sorted(parameters.items()):
        text = str(value).lower()
        met = (word for word in words if word in text)
        named = (found for host in hosts for found in _named(text, host) if found != domain)
        found = next(itertools.chain(met, named), "")
        if found:
            raise Guarded(
                f"parameter {name} of staging names {found}, which is production's",
                "declare in staging_mirror_parameters what staging has in its place",
            )
        if LIVE.search(str(value)):
            raise Guarded(
                f"parameter {name} of staging looks like a key of a payment service by which money "
                "moves",
                "declare a test key in staging_mirror_parameters",
            )


def _of_production(task: Task, source: Mapping[str, Any]) -> Iterator[str]:
    """Names of buckets, secrets and databases that nothing of staging is to name."""
    site = task.site
    for scope in (site.scope, site.peer):
        if scope:
            yield from (f"{scope.prefix}-", f"{scope.environment}/{scope.site}/")
    if source.get("Endpoint"):
        yield str(source["Endpoint"]["Address"]).lower()


def _hosts(task: Task) -> list[str]:
    traffic = task.options["traffic"]
    return [traffic["domain"], *traffic["certificate_names"]]


def _named(text: str, host: str) -> Iterator[str]:
    """Where a text in small letters names a host, alone or in a URL or a mail, but not as a part of
    a longer name.
    """
    whole = re.escape(host.lower())
    if host.startswith("*."):
        whole = rf"[\w-]+{re.escape(host[1:].lower())}"
    yield from re.findall(rf"(?<![\w.-]){whole}(?![\w-]|\.\w)", text)
