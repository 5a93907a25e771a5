# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which site of an environment serves: what an operation has written down in the regions.

A parameter of Systems Manager in the region of the recovery site counts: that is where an operation
goes on when home is lost, and what home finds out from when it comes back. Home has one, too, for
when the recovery site's region does not answer. Where the recovery site's tells of a move, that of
home counts if it is newer and says that home serves: then that was left alone in the midst of it,
and the recovery site's region finds out when it comes back. Epochs grow, so an older record is
never written over a newer one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..aws.errors import Meaning, meaning, status
from ..aws.scope import Scope, pairs
from ..aws.session import Aws
from ..declaration.site import Site
from ..engine.errors import EngineError

SILENT = (Meaning.UNCLEAR,)
# A region that is half lost throttles, and one that does so is there.
BUSY = (*SILENT, Meaning.THROTTLED)
DESCRIPTION = "Which site serves; written by operations of Phoenix that move the environment"


class Unread(EngineError):
    """What is written down of the active site cannot be read or made sense of."""

    code = "active_unread"


class Moving(EngineError):
    """An operation moves the environment at the moment."""

    code = "moving"


@dataclass(frozen=True, slots=True)
class Active:
    """epoch: grows with each record, 0 where none was ever written. site: its name, "" for the one
    that is declared as home. protected: whether the other site stands by. since: when, as ISO 8601.
    operation: the id of the one that wrote it. moving: whether that is under way, and the database
    of neither site may be taken for the primary.
    """

    epoch: int = 0
    site: str = ""
    protected: bool = True
    since: str = ""
    operation: str = ""
    moving: bool = False

    def dumps(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> Active:
        """Raises ValueError where it is none."""
        found = json.loads(text)
        if not isinstance(found, dict) or found.keys() != asdict(cls()).keys():
            raise ValueError("it has other fields")
        active = cls(**found)
        if not all(isinstance(v, type(getattr(cls(), k))) for k, v in found.items()):
            raise ValueError("a field has another type")
        return active


def path(scope: Scope) -> str:
    """The parameter of a site."""
    return f"/phoenix/{scope.environment}/{scope.site}/active"


def read(own: Aws, peer: Aws | None = None) -> Active:
    """The record that counts. Raises Unread, and what AWS says of the own region.

    peer: clients of the other site, None where there is none, or its region is given up. One that
    does not answer is done without: a site is built, and serves on, while the other one is down.
    """
    stands_home = own.scope.stands == "home"
    if stands_home:
        # What home has for when the other region does not answer may say that home serves when it
        # does no more, so an answer is insisted on where there may be one.
        found = _found(peer.hasty(), SILENT) if peer else None
        if found is None:
            return _found(own) or Active()
    else:
        found = _found(own) or Active()
    if peer is None or not found.moving:
        return found
    # The move may have been given up where the record here could not be written.
    home, name = (own, own.scope.site) if stands_home else (peer.hasty(), peer.scope.site)
    newer = _found(home, () if stands_home else BUSY)
    return newer if newer and newer.site == name and newer.epoch > found.epoch else found


def known(aws: Aws) -> Active | None:
    """The record of a site; None where its region does not answer. Raises Unread."""
    return _found(aws.hasty(), SILENT)


def write(aws: Aws, active: Active) -> bool:
    """Writes a record in the region of `aws`, unless there is a newer one; answers whether it is
    there.

    Who writes holds the lease of the site. Raises Unread, and what AWS says.
    """
    before = _found(aws) or Active()
    if before.epoch >= active.epoch:
        return before == active
    client, name = aws.client("ssm"), path(aws.scope)
    client.put_parameter(
        Name=name, Value=active.dumps(), Type="String", Description=DESCRIPTION, Overwrite=True
    )
    if aws.scope.tags:
        client.add_tags_to_resource(
            ResourceType="Parameter", ResourceId=name, Tags=pairs(aws.scope.tags)
        )
    return True


def forget(aws: Aws) -> None:
    """Removes the record of a site that is taken down."""
    try:
        aws.client("ssm").delete_parameter(Name=path(aws.scope))
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise


def seen(site: Site, active: Active) -> Site:
    """The site as the record has it. Raises Unread where it names none that is declared."""
    names = {site.scope.site, *([site.peer.site] if site.peer else [])}
    if active.site and active.site not in names:
        raise Unread(
            f"site {active.site} serves since {active.since}, and is not declared",
            f"declare it again: the record is parameter {path(site.scope)}",
        )
    return replace(site, active=active.site, protected=active.protected)


def refuse_moving(active: Active, within: str = "") -> None:
    """Raises Moving where an operation has begun what cannot be taken back, and has not ended.

    within: the id of the one that the run itself carries out.
    """
    if active.moving and active.operation != within:
        raise Moving(
            f"operation {active.operation} moves the environment since {active.since}, and has not "
            "ended: what would be planned now could undo it. Nothing was touched",
            "let it end; where it was cut off, run its playbook again, which goes on with it. "
            "Where the region that it moves to is lost, playbook dr_rollback has the old site "
            "serve on, with -e dr_stands=recovery where that is the recovery site",
        )


def _found(aws: Aws, silent: Collection[Meaning] = ()) -> Active | None:
    """The record in a region. silent: what is answered with None."""
    name = path(aws.scope)
    try:
        answer: Mapping[str, Any] = aws.client("ssm").get_parameter(Name=name)
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return Active()
        if meaning(error) in silent:
            return None
        if meaning(error) is Meaning.REFUSED and status(error):
            raise Unread(
                f"which site serves is told by parameter {name}, and AWS refused it: {error}",
                f"allow ssm:GetParameter on {aws.scope.arn('ssm', f'parameter{name}')}",
            ) from error
        raise
    try:
        return Active.loads(answer["Parameter"]["Value"])
    except (ValueError, TypeError) as error:
        raise Unread(
            f"parameter {name} in {aws.scope.region} is no record of which site serves: {error}",
            "what it was, its history tells: aws ssm get-parameter-history",
        ) from error
