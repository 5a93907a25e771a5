# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every other playbook is kept away from both sites, until it is written down which one serves."""

from __future__ import annotations

from ...converge import active
from ...kinds import db_instance_reading as reading
from ..errors import NotDone, OutOfOrder
from . import instance
from .fence import moving
from .stage import Evidence, Stage


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where no replica stands: of a copy nobody could see that it lacks nothing,
    before there is a database to look at.
    """
    item = instance.found(stage)
    if item is None or not reading.source(item).endswith(f":{stage.old.database}"):
        raise OutOfOrder(
            f"site {stage.scope.site} has no replica of {stage.old.database}, and a move that "
            "loses nothing needs one",
            "declare strategy pilot_light for the recovery site, and run playbook site, which "
            "makes it; once it is moved, the strategy may be declared as before",
        )


def act(stage: Stage) -> Evidence:
    """Raises NotDone where another operation has moved the environment meanwhile."""
    wanted, did = moving(stage), []
    for place in stage.places:
        if not active.write(place, wanted):
            raise NotDone(
                f"{place.scope.site} has a newer record than that of epoch {wanted.epoch}",
                "another operation has moved the environment meanwhile; run the playbook again",
            )
        did.append(f"ssm PutParameter {active.path(place.scope)}")
    return {"epoch": wanted.epoch, "did": did}
