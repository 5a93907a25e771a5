# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The NAT gateways of a site that lives from copies of backups, and has none while it stands by.

AWS takes minutes to make one, so they are asked for beside the database, which takes longer. The
routes to them, and whatever this has not got, tier network makes before it lets hosts be launched.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

from ...converge.catalog import KINDS
from ...converge.reading import Reader
from ...converge.task import RULES
from ...converge.world import Account
from ...engine import graph
from ...engine import plan as planning
from ...engine.apply import apply
from ...tiers import network
from ...tiers.standing import has_way_out
from .. import manifest
from .stage import Stage


def begin(stage: Stage) -> list[str]:
    """Asks for them, waits for none, and answers what was asked for. Nothing where the site has
    them all the time.
    """
    did: list[str] = []
    if has_way_out(stage.site) or not has_way_out(stage.serving):
        return did
    # No database is kept waiting, nor a promotion called failed: what is refused here is asked for
    # once more, and told, before hosts are launched.
    with contextlib.suppress(Exception):
        wants = list(network.gateways(stage.serving))
        accounts, known = {"": stage.here}, manifest.known(stage.manifest, stage.scope.site)
        haves = Reader(accounts, KINDS).read(wants, ())
        # What the manifest has of them is of a time at which the site served.
        known = {name: facts for name, facts in known.items() if name not in graph.index(wants)}
        plan = planning.plan(wants, haves, RULES, known=known)
        world = Account(accounts, KINDS, known, timeout=stage.timeout)
        with ThreadPoolExecutor(len(wants)) as pool:
            done = apply(plan, haves, world, pool, wait=False).done
        did += [f"asked for {step.address}" for step in done]
    return did
