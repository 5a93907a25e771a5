# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the copy of a site is declared as in which a failover is rehearsed.

It is an environment of its own with one site, in the region of the site that stands by and closed
to all sides: of that site it has the size, the image and the newest copy of the database, and no
name, key, login or way in common with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..converge import active, elsewhere, existing
from ..converge.catalog import TIERS
from ..converge.intake import Params, declared, refusal
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.task import Task
from ..declaration.fields import Problem
from ..declaration.site import LONGEST_SLUG, Site
from ..kinds import db_copies
from . import journal as journals
from . import manifest
from .drill import SITE, scope_of
from .errors import OutOfOrder
from .validate.check import other_site

# The site's own options that have no place in a copy, or another value.
CLOSED: Mapping[str, Any] = {"stands": "home", "nat": "none", "closed": True}
OF_A_PAIR = ("strategy",)


def rehearsed(params: Params) -> dict[str, Any]:
    """Answers as what the copy of a site that stands by is to be declared, or that of a drill that
    has not ended was. Of a site that serves, or does not answer, only that. Raises Refusal. Writes
    nothing.
    """
    learn_secrets(params)
    task = declared(params, TIERS)
    require_sdk()
    with refusals(task):
        result = _looked(task, params)
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def owned(aws: Aws, regions: set[str]) -> dict[str, list[str]]:
    """What the account has of the environment, by region: ARNs, sorted. Of a region that does not
    answer nothing is told.
    """
    view, found = View(aws), {}
    for region in sorted(regions):
        try:
            listed = {arn for _site, arn in elsewhere.marked(view, region)}
            found[region] = existing.standing(view, sorted(listed), region)
        except Exception as error:
            if meaning(error) is not Meaning.UNCLEAR:
                raise
    return found


def _looked(task: Task, params: Params) -> dict[str, Any]:
    own, peer = task.site.scope, other_site(task)
    here = Aws(own, task.connections[own.site]).hasty()
    there = Aws(peer, task.connections[peer.site], own.region).hasty()
    try:
        here.verify_account()
        # One that was cut off is gone on with, whatever became of the site since.
        declares = _under_way(here)
        if not declares:
            site = active.seen(task.site, active.read(here, there))
            if site.is_active:
                return _result(f"{own.site} serves, {peer.site} is rehearsed")
            _check(site)
            _refuse_namesake(here, site, {own.region, peer.region})
        under_way = bool(declares)
        declares = declares or _declared(here, site, task, params)
        return _result("", declares, owned(here, {own.region, peer.region}), under_way)
    except Exception as error:
        if meaning(error) is not Meaning.UNCLEAR:
            raise
        return _result(f"{own.region}, where site {own.site} stands, does not answer")
    finally:
        here.close()
        there.close()


def _under_way(here: Aws) -> Mapping[str, Any]:
    """As what the copy of a drill of this site was declared that has not ended; else nothing."""
    journal = journals.unended(here.at(scope_of(here.scope)))
    found: Mapping[str, Any] = journal.opened["told"]["declares"] if journal else {}
    return found


def _check(site: Site) -> None:
    scope = site.scope
    name = scope_of(scope).environment
    if len(name) > LONGEST_SLUG:
        most = LONGEST_SLUG - len(SITE) - 1
        rule = f"must be at most {most} characters long: its copy is named {name}"
        raise refusal([Problem("environment", scope.environment, rule, scope.environment[:most])])
    if not site.protected:
        raise OutOfOrder(
            f"site {scope.site} does not stand by since {site.active_site} serves",
            "playbook dr_reprotect makes it stand by, and then there is something to rehearse",
        )


def _refuse_namesake(here: Aws, site: Site, regions: set[str]) -> None:
    """Raises OutOfOrder where something is of an environment that is called like the copy. It is of
    no drill: while anything of one is left, that has not ended.
    """
    copy = here.at(scope_of(site.scope)).hasty()
    alone = replace(site, scope=copy.scope, peer=None)
    found = {arn for arns in owned(copy, regions).values() for arn in arns}
    found |= {arn for place in elsewhere.by_buckets(View(copy), alone) for arn in place.arns}
    if found:
        first, *rest = sorted(found)
        raise OutOfOrder(
            f"there is an environment {copy.scope.environment} already, which no drill has made: "
            f"{first}{f' and {len(rest)} more' if rest else ''}. A copy would be called like it, "
            "and be removed; nothing was touched",
            "take it down, if nobody needs it, or call it otherwise: playbook destroy, with what "
            "declares it. Of a copy whose journal is lost, remove by hand what carries the tag "
            f"phoenix:environment={copy.scope.environment}",
        )


def _declared(here: Aws, site: Site, task: Task, params: Params) -> dict[str, Any]:
    scope = site.scope
    given = params["sites"][scope.site]
    kept = {name: value for name, value in given.items() if name not in OF_A_PAIR}
    copy, of = _newest(here, site), scope_of(scope)
    return {
        "environment": of.environment,
        "site": of.site,
        "sites": {of.site: {**kept, **CLOSED}},
        "copy_of": dict(of.copy_of),
        "restore": copy.declared,
        "as_of": copy.as_of,
        "copy": copy.what,
        "image": image_of(here, task),
    }


def _newest(here: Aws, site: Site) -> db_copies.Copy:
    names = [site.scope.database, *([site.peer.database] if site.peer else [])]
    found = db_copies.newest_of(View(here), names)
    if found is None:
        raise OutOfOrder(
            f"there is no copy of {' or '.join(names)} in {site.scope.region}",
            "playbook site makes what the site's strategy declares, and AWS a backup within a day "
            "of that; or take one now: aws rds create-db-snapshot --region "
            f"{site.scope.region} --db-instance-identifier {names[0]} --db-snapshot-identifier "
            f"{names[0]}-drill",
        )
    return found


def image_of(here: Aws, task: Task) -> str:
    """That from which hosts of a site are launched; "" where they have none of a release.

    Raises OutOfOrder where there is none in the region.
    """
    if not task.options["web_tier"]["application"]:
        return ""
    found = manifest.known_now({}, here).get(manifest.IMAGE.address, {})
    if not found:
        raise OutOfOrder(
            f"there is no image of a release in {here.scope.region}",
            "playbook site copies there what home runs",
        )
    return str(found["id"])


def _result(
    said: str,
    declares: Mapping[str, Any] | None = None,
    owns: Mapping[str, Any] | None = None,
    under_way: bool = False,
) -> dict[str, Any]:
    return {
        "changed": False,
        "needed": bool(declares),
        "under_way": under_way,
        "said": said,
        "declares": dict(declares or {}),
        "owned": dict(owns or {}),
    }
