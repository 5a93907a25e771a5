# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a step answers: of one that was done, or would be, and of one that has nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .journal import Journal
from .step import StepOf


def of_step(
    journal: Journal, what: StepOf, changed: bool, evidence: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "changed": changed,
        "id": journal.id,
        "operation": dict(journal.opened),
        "step": what.name,
        "title": what.title,
        "done": evidence is not None,
        "needed": True,
        "said": "",
        "evidence": dict(evidence or {}),
        "known": {},
        "steps": [],
        "ask": {},
    }


def idle(what: StepOf, why: str) -> dict[str, Any]:
    """Of an operation that has nothing to do at the site."""
    return {
        "changed": False,
        "id": "",
        "operation": {},
        "step": what.name,
        "title": what.title,
        "done": True,
        "needed": False,
        "said": why,
        "evidence": {},
        "known": {},
        "steps": [],
        "ask": {},
    }
