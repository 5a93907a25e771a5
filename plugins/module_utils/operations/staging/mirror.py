# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the next staging copy of production is declared as, and which copies there are.

Nothing is written here. What a copy may be made of, and what it may be called, is held against what
the account has, so that no variable can have production taken for staging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...aws.errors import Meaning, meaning
from ...aws.scope import Scope
from ...aws.session import SECRETS, Aws
from ...aws.view import View
from ...converge import active
from ...converge.catalog import TIERS
from ...converge.intake import Params, declared, refusal
from ...converge.run import learn_secrets, refusals, require_sdk
from ...converge.task import Task
from ...declaration.fields import REQUIRED, Field, Problem, read
from ...declaration.site import LONGEST_SLUG, SLUG, Site
from ...kinds import db_copies
from ...tiers.traffic_fields import zone_of
from .. import journal as journals
from ..acts import swap
from ..errors import OutOfOrder
from ..refresh import SITE, SLOTS, scope_of
from ..rehearsal import CLOSED, OF_A_PAIR, image_of
from . import copies as copies_
from . import guard

NEWEST = "newest"
FIELDS = (
    Field(
        "mirror",
        "str",
        f"a name of 2 to {LONGEST_SLUG - 2} lower-case letters, digits and single dashes",
        "staging",
        "staging",
        lambda v: 2 <= len(v) <= LONGEST_SLUG - 2 and bool(SLUG.fullmatch(v)),
    ),
    Field("domain", "str", "the name of staging", "staging.shop.example.com", REQUIRED),
    Field(
        "visitors",
        "list",
        "the networks from which staging is visited, at least one",
        ["203.0.113.0/24"],
        REQUIRED,
        bool,
        elements="str",
    ),
    Field(
        "made_of",
        "str",
        "newest, latest, the name of a snapshot, or a time in UTC",
        "2026-11-28T10:15:00Z",
        NEWEST,
    ),
    Field("parameters", "dict", "the parameters of its hosts", {"theme": "dark"}, {}),
    Field("abandons", "bool", "true or false", False, False),
    Field("keep_hours", "int", "hours, at least 0", 24, 24, lambda v: v >= 0),
    Field("ttl_days", "int", "days, at least 1", 14, 14, lambda v: v >= 1),
)
TIME = db_copies.LATEST


def mirrored(params: Params) -> dict[str, Any]:
    """Answers as what the next copy is to be declared, or that of a refresh that has not ended was;
    and of each copy that there is whether it serves and until when it stays. Of the site of
    production that stands by only that. Raises Refusal. Writes nothing.
    """
    learn_secrets(params)
    task = declared(params, TIERS)
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task):
        result = _looked(task, params, options)
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def _looked(task: Task, params: Params, options: Mapping[str, Any]) -> dict[str, Any]:
    own, peer = task.site.scope, task.site.peer
    here = Aws(own, task.connections[own.site])
    there = Aws(peer, task.connections[peer.site], own.region).hasty() if peer else None
    try:
        here.verify_account()
        _check_names(task, options)
        site = active.seen(task.site, active.read(here, there))
        if not site.is_active:
            return _result(f"{own.site} stands by, staging is made of {site.active_site}")
        scopes = [scope_of(own, options["mirror"], slot) for slot in SLOTS]
        journal = journals.unended(here.at(scopes[0]))
        leads = _leads(here, task, options)
        copies = list(copies_.standing(here, scopes, leads, options, journal))
        # Of one that is gone on with as well: what it is told may be otherwise by now.
        guard.check(here, task, options, leads, scopes)
        if journal:
            if not options["abandons"]:
                _refuse_another(here, journal)
            return _result("", _gone_on_with(journal), copies, journal.opened["operation"])
        slot = next(s for s in scopes if not _serves(copies, s))
        return _result("", _declared(here, site, task, params, options, slot, leads), copies)
    except Exception as error:
        if meaning(error) is not Meaning.UNCLEAR:
            raise
        return _result(f"{own.region}, where site {own.site} stands, does not answer")
    finally:
        here.close()
        if there:
            there.close()


def _check_names(task: Task, options: Mapping[str, Any]) -> None:
    """Raises Refusal where staging and production could be taken for one another by name."""
    scope, traffic = task.site.scope, task.options["traffic"]
    problems = []
    names = {f"{options['mirror']}-{slot}" for slot in SLOTS} | {options["mirror"]}
    if scope.environment in names or scope.copy_of:
        rule = f"must be another name than that of the environment, {scope.environment}"
        problems.append(Problem("mirror", options["mirror"], rule, "staging"))
    zone = zone_of(traffic)
    of_production = {traffic["domain"], *traffic["certificate_names"]}
    domain = options["domain"]
    if domain in of_production or not domain.endswith(f".{zone}"):
        rule = f"must be a name within {zone}, and none of production's"
        problems.append(Problem("domain", domain, rule, f"staging.{zone}"))
    if problems:
        raise refusal(problems)


def _leads(here: Aws, task: Task, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the name of staging leads to."""
    return swap.alias(View(here), options["domain"], zone_of(task.options["traffic"]))


def _serves(copies: Iterable[Mapping[str, Any]], scope: Scope) -> bool:
    return any(one["serves"] and one["environment"] == scope.environment for one in copies)


def _refuse_another(here: Aws, journal: journals.Journal) -> None:
    """Raises OutOfOrder where a copy that was masked has another database than was: one that was
    restored since has all that production has.
    """
    facts = (journal.done("restore") or {}).get("facts") or {}
    if journal.done("mask") is None or not facts.get("resource_id"):
        return
    answer = View(here).call("rds", "describe_db_instances", DBInstanceIdentifier=facts["id"])
    now = [str(item["DbiResourceId"]) for item in (answer["DBInstances"] if answer else ())]
    if now != [facts["resource_id"]]:
        raise OutOfOrder(
            f"{facts['id']} was masked as {facts['resource_id']}, and is "
            f"{now[0] if now else 'gone'} by now; {journal.id} is not gone on with",
            "playbook staging_abandon gives it up and removes what there is of the copy",
        )


def _gone_on_with(journal: journals.Journal) -> dict[str, Any]:
    """As the copy was declared that is under way. Hosts are let in once they were."""
    found: dict[str, Any] = {**journal.opened["told"]["declares"]}
    admitted = journal.done("admit") is not None or journal.opened["operation"] != "refresh"
    sites = {name: {**site, "quarantined": not admitted} for name, site in found["sites"].items()}
    return {**found, "sites": sites}


def _declared(
    here: Aws,
    site: Site,
    task: Task,
    params: Params,
    options: Mapping[str, Any],
    slot: Scope,
    leads: Mapping[str, Any],
) -> dict[str, Any]:
    given = params["sites"][site.scope.site]
    kept = {name: value for name, value in given.items() if name not in OF_A_PAIR}
    copy = _copy(here, site, str(options["made_of"]))
    return {
        "environment": slot.environment,
        "site": SITE,
        "sites": {
            SITE: {
                **kept,
                **CLOSED,
                "visitors": list(options["visitors"]),
                "quarantined": True,
            }
        },
        "copy_of": dict(slot.copy_of),
        "restore": copy.declared,
        "as_of": copy.as_of,
        "copy": copy.what,
        "image": _image(here, task),
        "domain": options["domain"],
        "zone": zone_of(task.options["traffic"]),
        "before": dict(leads),
    }


def _copy(here: Aws, site: Site, made_of: str) -> db_copies.Copy:
    """newest: the one that loses least of all that can be restored. latest, or a time: of the
    database that serves. Raises OutOfOrder, NotRestorable.
    """
    view, name = View(here), site.scope.database
    if made_of == NEWEST:
        found = db_copies.newest_of(view, [name])
        if found is None:
            raise OutOfOrder(
                f"there is no copy of {name} in {site.scope.region}",
                "AWS takes a backup within a day; or take one now: aws rds create-db-snapshot "
                f"--region {site.scope.region} --db-instance-identifier {name} "
                f"--db-snapshot-identifier {name}-staging",
            )
        return found
    if made_of == TIME or made_of[:1].isdigit():
        return db_copies.named(view, {db_copies.INSTANCE: name, db_copies.TIME: made_of})
    found = db_copies.named(view, {db_copies.SNAPSHOT: made_of})
    if made_of not in {copy.name for copy in db_copies.of(view, name)}:
        raise OutOfOrder(
            f"snapshot {made_of} is not of {name}, so not of production",
            f"aws rds describe-db-snapshots --db-instance-identifier {name} tells those that are",
        )
    return found


def _image(here: Aws, task: Task) -> str:
    """That of production's release, which a copy runs. Raises OutOfOrder."""
    found = image_of(here, task)
    if not found:
        raise OutOfOrder(
            "production has no application (web_tier_application), whose release staging would run",
            "declare one: user data alone would reach for what a closed site has no way to",
        )
    return found


def _result(
    said: str,
    declares: Mapping[str, Any] | None = None,
    copies: Iterable[Mapping[str, Any]] = (),
    under_way: str = "",
) -> dict[str, Any]:
    return {
        "changed": False,
        "needed": bool(declares),
        "under_way": under_way,
        "said": said,
        "declares": dict(declares or {}),
        "copies": list(copies),
    }
