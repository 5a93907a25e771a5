# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which staging copies there are, which one serves, and until when each stays."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from ...aws.session import Aws
from ...aws.view import View
from .. import account
from .. import journal as journals
from ..acts import swap
from ..journal import Journal
from ..rehearsal import owned
from . import hours


def standing(
    places: Sequence[Aws],
    leads: Mapping[str, Any],
    options: Mapping[str, Any],
    going: Journal | None,
    active_site: str,
) -> Iterator[dict[str, Any]]:
    """Each that there is, or of which an operation was left: environment, of (the site of which it
    is a copy), serves, made and until (ISO 8601, "" for none), due (why it is to be removed now, ""
    where it is not), under_way (which operation with it has not ended, "" for none), awake (whether
    it is to be now), arns (how many objects).

    places: clients of all copies of a site. active_site: where production is by now. What is under
    way at the site that it left nobody goes on with there.
    """
    of = places[0].scope.copy_of["site"]
    stays = going is not None and of == active_site
    made = _made(places[0], {place.scope.environment for place in places})
    for copy in places:
        scope = copy.scope
        arns = [arn for found in owned(copy, {scope.region}).values() for arn in found]
        serves = bool(leads) and swap.balancer(View(copy)) == leads
        under_way = going is not None and bool(going.opened["environment"] == scope.environment)
        left = going if under_way and not stays else None
        # Of one that was left nothing may be there but a journal that has no end.
        if not arns and not serves and left is None:
            continue
        if left and serves:
            # It was cut off behind the swap. It stays for its days, as if it had come to its end.
            made[scope.environment] = datetime.datetime.fromisoformat(left.opened["began"])
        ended = made.get(scope.environment)
        until = _until(made, scope.environment, serves, options)
        yield {
            "environment": scope.environment,
            "of": of,
            "serves": serves,
            "made": ended.isoformat(timespec="seconds") if ended else "",
            "until": until.isoformat(timespec="seconds") if until else "",
            # What one that is under way needs it finds in its place.
            "due": "" if stays else _due(ended, until, serves),
            "under_way": going.opened["operation"] if going and under_way else "",
            "awake": hours.is_awake(options["awake"], journals.now()),
            "arns": len(arns),
        }


def _made(place: Aws, names: Set[str]) -> dict[str, datetime.datetime]:
    """When the copy that stands under each name was finished, by the newest refresh of that name:
    for whatever one before has told, this one has taken its place.
    """
    found = dict[str, datetime.datetime | None]()
    for id in reversed(journals.ids(place)):
        told = account.report(place, id) or journals.load(place, id).opened
        name = str(told["environment"])
        if told["operation"] != "refresh" or name in found:
            continue
        good = told.get("outcome") == "succeeded"
        found[name] = datetime.datetime.fromisoformat(str(told["ended"])) if good else None
        if found.keys() >= names:
            break
    return {name: at for name, at in found.items() if at}


def _until(
    made: Mapping[str, datetime.datetime],
    environment: str,
    serves: bool,
    options: Mapping[str, Any],
) -> datetime.datetime | None:
    """Until when a copy stays: one that serves for some days, the one before for some hours after
    it was followed. None of one of which nobody has told that it was finished.
    """
    if environment not in made:
        return None
    if serves:
        return made[environment] + datetime.timedelta(days=options["ttl_days"])
    later = [at for other, at in made.items() if other != environment]
    since = max([made[environment], *later])
    return since + datetime.timedelta(hours=options["keep_hours"])


def _due(ended: datetime.datetime | None, until: datetime.datetime | None, serves: bool) -> str:
    if until is None:
        return "" if serves else "it is left of a refresh that has not come to an end"
    if journals.now() < until:
        return ""
    kind = "it has served for as long as it may" if serves else "the one after it is good"
    return f"{kind}, since {until.isoformat(timespec='seconds')}"
