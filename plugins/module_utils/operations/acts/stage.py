# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an act takes place: the operation, the clients, and how it waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...aws.scope import Scope
from ...aws.session import Aws
from ...converge.active import Active
from ...declaration.site import Site
from ..errors import NotDone
from ..journal import Journal

LOOK = 2.0  # seconds between two looks
Evidence = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """site: the one that the environment moves to, or that goes on serving. here: clients of it.
    there: clients of the other one, in a failover for nothing but what fences it. places: clients
    of the sites in which it is written down who serves, first of the one that counts. manifest:
    what is known of both. active: who serves as the operation finds it. options: what the task was
    given. say: takes a line for people while something is awaited.
    """

    site: Site
    here: Aws
    there: Aws
    places: tuple[Aws, ...]
    manifest: Mapping[str, Any]
    active: Active
    journal: Journal
    options: Mapping[str, Any]
    timeout: float
    say: Callable[[str], None]

    @property
    def scope(self) -> Scope:
        return self.site.scope

    @property
    def old(self) -> Scope:
        """The site that the environment moves from."""
        return self.there.scope

    @property
    def serving(self) -> Site:
        """The site as its tiers see it once it serves."""
        return replace(self.site, active=self.scope.site, protected=False)

    def wait(self, what: str, state: Callable[[], str], hint: str) -> float:
        """Seconds until `state` told nothing that is still missing. Raises NotDone when it takes
        longer than the task may, with what is missing and the hint.
        """
        began, told = time.monotonic(), ""
        while missing := state():
            seconds = time.monotonic() - began
            if missing != told:
                self.say(f"{self.scope.site} waits for {what}: {missing} ({seconds:.1f} s)")
                told = missing
            if seconds > self.timeout:
                raise NotDone(f"{what}: after {seconds:.0f} s still {missing}", hint)
            time.sleep(LOOK)
        return time.monotonic() - began
