# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site that served has no hosts any more, and its database lets nobody in: as the fence does
it, but its region is there, so that all of it has to come about.
"""

from __future__ import annotations

from ..errors import NotDone
from . import layers
from .stage import Evidence, Stage


def act(stage: Stage) -> Evidence:
    """Raises NotDone where one of the layers is not confirmed."""
    # There is time: a host has to end what it does, and a large database starts for minutes.
    found = layers.at_once(stage, layers.KEEPING, seconds=max(layers.BOX, stage.timeout))
    lacking = [name for name, layer in found.items() if not layers.confirmed(layer)]
    if lacking:
        said = "; ".join(f"{name}: {found[name]['said']}" for name in lacking)
        raise NotDone(
            f"{stage.old.site} may be taken for a primary still ({said})",
            "run the same playbook again: it goes on here",
        )
    return {"layers": found, "did": [layer["did"] for layer in found.values()]}
