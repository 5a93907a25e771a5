# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database at the site becomes the primary: the replica there is promoted, or a copy restored
where none stands. It is one once AWS shows no source of it any more.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from ...aws.errors import Meaning, meaning, status
from ...kinds import db_instance_reading as reading
from ..errors import NotDone
from ..procedures import ISOLATED
from . import gateways, instance, restore
from .instance import HINT, Item, described
from .stage import Evidence, Stage

GRACE = 60.0  # seconds within which AWS shows what another run asked for
IDLE = 300.0  # seconds after which what was asked for is taken for not begun


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where there is neither an instance nor what one can be made of, and NotDone
    where it has failed.
    """
    item = instance.found(stage)
    if item is None:
        restore.ready(stage)
    else:
        instance.refuse_failed(item)


def look(stage: Stage) -> Evidence | None:
    """What shows that it is a primary by now; None where it is not. One that was promoted may be
    busy with a later step.
    """
    item = instance.found(stage)
    if item is None:
        return None
    busy = not reading.source(item) and stage.journal.done("promote") is not None
    return instance.evidence(item) if busy or not instance.missing(item) else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where AWS says that it was done and it was not.

    What hosts need besides, and takes minutes, too, is begun at the same time.
    """
    item = instance.found(stage)
    if item is None and stage.journal.opened["operation"] not in ISOLATED:
        raise _vanished(stage)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(gateways.begin, stage)
        restored = item is None or instance.is_restored(item)
        found = (restore.act if restored else _promoted)(stage)
        return {**found, "did": [*begun.result(), *found["did"]]}


def _promoted(stage: Stage) -> Evidence:
    """Raises NotDone. A replica that is backed up or changed at the moment cannot be promoted, and
    is when it can be.
    """
    if stage.journal.attempts("promote") > 1:
        _let_begin(stage)
    asked: float | None = None
    orders: list[str] = []

    def missing() -> str:
        nonlocal asked
        item = described(stage)
        instance.refuse_failed(item)
        if _promotable(item):
            if asked is None:
                asked = time.monotonic() if _promote(stage, item, orders) else None
            elif time.monotonic() - asked > IDLE:
                raise NotDone(
                    f"AWS took the order to promote {item['DBInstanceIdentifier']}, and after "
                    f"{IDLE:.0f} s it is {instance.missing(item)}",
                    HINT,
                )
        return instance.missing(item)

    try:
        stage.wait("the promotion", missing, HINT)
    except NotDone as error:
        error.spared = set(orders) <= {Meaning.REFUSED.name}
        raise
    return instance.evidence(described(stage))


def _let_begin(stage: Stage) -> None:
    """Gives AWS time to show what a run that was cut off may have asked for."""
    end = time.monotonic() + GRACE
    while _promotable(described(stage)) and time.monotonic() < end:
        time.sleep(1.0)


def _vanished(stage: Stage) -> NotDone:
    """A copy may lack what the old site, which is there, has acknowledged."""
    error = NotDone(
        f"there is no replica {stage.scope.database} any more, and a move that loses nothing is "
        "made with no other copy",
        f"playbook dr_abandon with -e dr_operation=switchover -e dr_stands={stage.scope.stands} "
        f"has {stage.old.site} serve on",
    )
    error.spared = True
    return error


def _promote(stage: Stage, item: Item, orders: list[str]) -> bool:
    """Whether AWS took the order: what the instance is shown as may be out of date. Raises NotDone
    where AWS refuses it. orders: is told what became of it.
    """
    orders.append("")
    try:
        stage.here.client("rds").promote_read_replica(
            DBInstanceIdentifier=stage.scope.database,
            BackupRetentionPeriod=max(1, int(item.get("BackupRetentionPeriod") or 0)),
        )
    except Exception as error:
        orders[-1] = meaning(error).name
        if meaning(error) is Meaning.BLOCKED:
            return False
        if not status(error):
            raise
        raise NotDone(f"AWS refuses to promote {stage.scope.database}: {error}", HINT) from error
    return True


def _promotable(item: Item) -> bool:
    return bool(reading.source(item)) and item["DBInstanceStatus"] in reading.OPERATIONAL
