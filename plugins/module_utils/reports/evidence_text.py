# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of an operation in a few lines, for a terminal."""

from __future__ import annotations

from . import verdicts
from .evidence import SEAL, Facts, signer
from .markup import SIGNS
from .words import count, lasted, line


def text(facts: Facts) -> list[str]:
    """What it was, how it ended, each step in a line, what to look at; nothing steers a terminal.

    Raises KeyError where a fact of schema 1 is missing, ValueError for a time that is none.
    """
    head = f"{verdicts.title(facts)}, {verdicts.way(facts)}"
    return [line(head), *(f"  {line(said)}" for said in (*_figures(facts), *_rest(facts)))]


def _figures(facts: Facts) -> list[str]:
    found = [
        f"{SIGNS[each.state]} {each.what}: {each.figure} ({each.word}): {each.said}"
        for each in verdicts.verdicts(facts)
    ]
    return found + [
        f"lost of {table}: {count(rows, 'row')}" for table, rows in verdicts.lost(facts)
    ]


def _rest(facts: Facts) -> list[str]:
    found = []
    for step in facts["steps"]:
        took = f" in {lasted(step['seconds'])}" if step["seconds"] is not None else ""
        mark = "" if step["reversible"] else " (cannot be undone)"
        found.append(f"{step['outcome']}{took}: {step['title']}{mark}")
    found += [f"to look at: {finding}" for finding in facts["findings"]]
    if facts.get(SEAL):
        found += [f"sealed: {facts[SEAL]}", f"signed: {signer(facts)}"]
    return found
