# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where no replica stands, a primary is made of the newest copy that is in the region.

What it is made of and as of when, AWS keeps in a tag of it, so a run that was cut off goes on with
the same one. In one zone it is there sooner: what else a primary has is for a later step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...aws.errors import Meaning, meaning
from ...aws.scope import pairs
from ...aws.view import View
from ...engine import graph
from ...engine.diff import compare
from ...engine.model import Ref, Want
from ...kinds import db_copies
from ...kinds.db_copies import Copy
from ...kinds.db_instance import DbInstance
from ...kinds.ssm_parameter import path
from ...tiers import database
from .. import manifest
from ..errors import OutOfOrder
from . import instance
from .instance import HINT
from .stage import Evidence, Stage

ADDRESS, KEY = "db_instance/main", "kms_key/main"
KIND = DbInstance()
# After these it is asked again, for AWS makes no two instances of one name.
AGAIN = (Meaning.UNCLEAR, Meaning.EXISTS, Meaning.BLOCKED, Meaning.THROTTLED, Meaning.UNPROPAGATED)


def chosen(stage: Stage) -> Copy | None:
    """The copy that loses least, where one is restored; None where a database stands."""
    return newest(stage) if instance.found(stage) is None else None


def newest(stage: Stage) -> Copy | None:
    """The newest copy in the region that its key reads."""
    copies = db_copies.of(View(stage.here), stage.old.database)
    return db_copies.newest(copies, _fact(stage, Ref(KEY, "arn")))


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where there is nothing to restore, or nothing to restore it into, and
    NotRestorable where it would be of something else than declared.
    """
    want = _want(stage)
    copy = db_copies.named(View(stage.here), want.spec["restore"])
    spec = want.spec
    why = db_copies.objection(copy, major=spec["major"], username=spec["username"])
    if why:
        raise OutOfOrder(why, "declare what the copy has, and run the same playbook again")


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS does not come to an end with it."""

    def missing() -> str:
        item = instance.found(stage)
        if item is None:
            return _ask(stage)
        instance.refuse_failed(item)
        if instance.is_restored(item):
            _set_login(stage)
        return instance.missing(item)

    stage.wait("the restore", missing, HINT)
    item = instance.described(stage)
    _tell_hosts(stage, item)
    return instance.evidence(item)


def _ask(stage: Stage) -> str:
    """Asks for it, and tells how that went."""
    want = _want(stage)
    try:
        KIND.create(stage.here, want)
    except Exception as error:
        if meaning(error) not in AGAIN:
            raise
        return f"not there yet: {error}"
    return "asked for"


def _set_login(stage: Stage) -> None:
    """Has the master user log in with what the secret here holds, once the instance takes that."""
    want = _primary(stage)
    for have in KIND.find(View(stage.here), [want]):
        changes = [c for c in compare(want.spec, have.spec) if c.key == "secret"]
        if changes:
            KIND.update(stage.here, want, have, changes)


def _want(stage: Stage) -> Want:
    """The primary as it is asked for. Raises OutOfOrder where there is no copy."""
    copy = newest(stage)
    if copy is None:
        raise OutOfOrder(
            f"there is no database {stage.scope.database} in {stage.scope.region} that could be "
            f"promoted, and no copy of {stage.old.database} that could be restored",
            "playbook site makes what the site's strategy declares, while the other region is "
            "there: a replica, or copies of the backups. A snapshot is copied by hand, with key "
            f"{stage.scope.key_alias}",
        )
    want = _primary(stage)
    return replace(want, spec={**want.spec, "multi_az": False, "restore": copy.restore})


def _primary(stage: Stage) -> Want:
    """What the tier declares once this site serves, with what the manifest knows."""
    wants = graph.index(database.wants(stage.serving, stage.options["database"]))
    want = wants[ADDRESS]
    return replace(want, spec=graph.resolve(want.spec, lambda ref: _fact(stage, ref)))


def _fact(stage: Stage, ref: Ref) -> Any:
    known = manifest.known(stage.manifest, stage.scope.site).get(ref.target, {})
    if ref.attr not in known:
        raise OutOfOrder(
            f"the manifest does not know {ref.target} of site {stage.scope.site}, in which the "
            "database would be restored",
            "playbook site makes and writes it down, while both regions are there",
        )
    return known[ref.attr]


def _tell_hosts(stage: Stage, item: Mapping[str, Any]) -> None:
    """Writes down where the database is, as tier web_tier declares it where one stands."""
    client, endpoint = stage.here.client("ssm"), item["Endpoint"]
    told = {"database_endpoint": endpoint["Address"], "database_port": str(endpoint["Port"])}
    for id, value in told.items():
        name = path(stage.scope, id)
        client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        client.add_tags_to_resource(
            ResourceType="Parameter",
            ResourceId=name,
            Tags=pairs(stage.scope.marks("ssm_parameter", id)),
        )
