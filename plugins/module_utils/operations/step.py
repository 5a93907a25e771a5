# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a step of an operation is."""

from __future__ import annotations

from dataclasses import dataclass

OPEN, CLOSE = "open", "close"


@dataclass(frozen=True, slots=True)
class StepOf:
    """One step of an operation.

    name: for machines. title: for people, an order. why: a sentence. by_hand: what a person types
    or does instead, a command after "$ ", with {to_region} and the like for what an inventory fills
    in. planned: seconds that it takes on AWS. reversible: whether it can be undone. by: who does it
    where the step itself only records what that tells: "host PROGRAM", "tier NAME", "build" (all of
    a site but its hosts, begun or awaited), "destroy" or "look"; or "person", where one is asked.
    at: the site of that host, "to" or "from". hosts: whether all hosts are to be there before it.
    play: in which play of a playbook it is done, where others come in between. always: whether it
    is done whatever became of those before. if_it_fails: what to do then, "" for the usual.
    """

    name: str
    title: str
    why: str
    by_hand: tuple[str, ...]
    planned: float
    reversible: bool = True
    by: str = ""
    at: str = "to"
    hosts: bool = False
    play: int = 1
    always: bool = False
    if_it_fails: str = ""
