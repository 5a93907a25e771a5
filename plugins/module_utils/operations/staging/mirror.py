# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the next staging copy of production is declared as, and which copies there are.

Nothing is written here. What a copy may be made of, and what it may be called, is held against what
the account has, so that no variable can have production taken for staging.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from ...kinds import db_copies, route53
from ...tiers.traffic_fields import zone_of
from .. import journal as journals
from ..acts import swap
from ..errors import OutOfOrder
from ..journal import Journal
from ..refresh import SITE, names_of, scopes_of
from ..rehearsal import CLOSED, OF_A_PAIR, image_of
from . import copies as copies_
from . import guard, hours

NEWEST = "newest"
# What is to be done with copies: one is made, that of before is had back, those whose time is over
# are removed, what is under way is given up.
PURPOSES = REFRESH, RETURN, EXPIRE, ABANDON = ("refresh", "return", "expire", "abandon")
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
    Field(
        "purpose", "str", f"one of {', '.join(PURPOSES)}", REFRESH, REFRESH, PURPOSES.__contains__
    ),
    Field("keep_hours", "int", "hours, at least 0", 24, 24, lambda v: v >= 0),
    Field("ttl_days", "int", "days, at least 1", 14, 14, lambda v: v >= 1),
    Field(
        "awake",
        "dict",
        "the hours in which copies are awake",
        {"from": "07:00", "until": "20:00", "zone": "Europe/Berlin"},
        {},
        fields=hours.FIELDS,
    ),
)
TIME = db_copies.LATEST
# The tag by which people, and what others clear up by, see when a copy goes.
EXPIRES = "expires-on"


def mirrored(params: Params) -> dict[str, Any]:
    """Answers as what the copy is to be declared with which something is to be done, and of each
    that there is whether it serves and until when it stays. Of the site of production that stands
    by only those that are left there. Raises Refusal. Writes nothing.
    """
    learn_secrets(params)
    task = declared(params, TIERS)
    options, problems = read(FIELDS, params, only=False)
    problems += hours.mistakes(options.get("awake", {}), "awake")
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
        scopes = scopes_of(own, options["mirror"])
        places = [here.at(scope) for scope in scopes]
        guard.strangers(places)
        journal, leads = journals.unended(places[0]), _leads(here, site, task, options)
        wanted = _Wanted(here, site, task, params, options, leads)
        found = copies_.standing(places, leads, options, journal, site.active_site)
        copies = [{**copy, "declares": wanted.of(copy["environment"])} for copy in found]
        if not site.is_active:
            said = f"{own.site} stands by, staging is made of {site.active_site}"
            return _result(said, copies=copies)
        under_way = journal.opened["operation"] if journal else ""
        declares = {} if options["purpose"] == EXPIRE else wanted.chosen(copies, scopes, journal)
        return _result("", declares, copies, under_way, needed=True)
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
    names = names_of(options["mirror"]) | {options["mirror"]}
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


def _leads(here: Aws, site: Site, task: Task, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the name of staging leads to. Where production stands by there may be no zone yet."""
    view, zone = View(here), zone_of(task.options["traffic"])
    if not site.is_active and not route53.zone_named(view, zone, ""):
        return {}
    return swap.alias(view, options["domain"], zone)


def _refuse_another(here: Aws, journal: Journal) -> None:
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


def _gone_on_with(journal: Journal) -> dict[str, Any]:
    """As the copy was declared that is under way. Hosts are let in once they were."""
    found: dict[str, Any] = {**journal.opened["told"]["declares"]}
    admitted = journal.done("admit") is not None or journal.opened["operation"] != "refresh"
    sites = {name: {**site, "quarantined": not admitted} for name, site in found["sites"].items()}
    return {**found, "sites": sites}


@dataclass(frozen=True)
class _Wanted:
    """What copies of a site are declared as. leads: what the name of staging leads to."""

    here: Aws
    site: Site
    task: Task
    params: Params
    options: Mapping[str, Any]
    leads: Mapping[str, Any]

    def chosen(
        self, copies: Sequence[Mapping[str, Any]], scopes: Sequence[Scope], going: Journal | None
    ) -> dict[str, Any]:
        """As the copy that the purpose is about; {} where there is none. going: what has not ended.

        Raises Guarded, OutOfOrder, NotRestorable.
        """
        purpose = self.options["purpose"]
        # Of one that is gone on with as well: what it is told may be otherwise by now.
        guard.check(self.here, self.task, self.options, self.leads, scopes)
        if going:
            if purpose != ABANDON:
                _refuse_another(self.here, going)
            return _gone_on_with(going)
        if purpose == RETURN:
            before = (one for one in copies if one["made"] and not one["serves"] and not one["due"])
            return next((dict(one["declares"]) for one in before), {})
        if purpose == ABANDON:
            return {}
        serving = {one["environment"] for one in copies if one["serves"]}
        return self.next(next(one for one in scopes if one.environment not in serving))

    def next(self, slot: Scope) -> dict[str, Any]:
        """As the one that is to be made."""
        copy = _copy(self.here, self.site, str(self.options["made_of"]))
        return {
            **self.of(slot.environment, quarantined=True),
            "tags": marks(journals.now(), self.options["ttl_days"]),
            "restore": copy.declared,
            "as_of": copy.as_of,
            "copy": copy.what,
            "image": _image(self.here, self.task),
        }

    def of(self, environment: str, *, quarantined: bool = False) -> dict[str, Any]:
        """As one that stands, of which nothing is made any more."""
        scope = self.site.scope
        given = self.params["sites"][scope.site]
        kept = {name: value for name, value in given.items() if name not in OF_A_PAIR}
        visited = {"visitors": list(self.options["visitors"]), "quarantined": quarantined}
        return {
            "environment": environment,
            "site": SITE,
            "sites": {SITE: {**kept, **CLOSED, **visited}},
            "copy_of": {"environment": scope.environment, "site": scope.site},
            "tags": {},
            "restore": {},
            "as_of": "",
            "copy": "",
            "image": "",
            "domain": self.options["domain"],
            "zone": zone_of(self.task.options["traffic"]),
            "before": dict(self.leads),
        }


def marks(made: datetime.datetime, days: int) -> dict[str, str]:
    """The tags of all objects of a copy: the day, in UTC, on which one made then is over."""
    over = made.astimezone(datetime.UTC) + datetime.timedelta(days)
    return {EXPIRES: over.date().isoformat()}


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
    *,
    needed: bool = False,
) -> dict[str, Any]:
    return {
        "changed": False,
        "needed": needed,
        "under_way": under_way,
        "said": said,
        "declares": dict(declares or {}),
        "copies": list(copies),
    }
