# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks over all tiers of a site: their options are the roles' variables."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ..module_utils.converge.catalog import TIERS
from ..module_utils.declaration.fields import Problem
from ..module_utils.declaration.site import ENVIRONMENT_FIELDS
from .here import PREFIX, Here

OTHERS = ("phoenix_aws", "phoenix_report_dir", "phoenix_wait", "phoenix_wait_timeout")


class Whole(Here):
    """Fills in what the task does not name from the variables of the site's roles."""

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        self._strangers = tuple(strangers(task_vars))
        given = super().parameters(given, task_vars)
        for tier in TIERS:
            options = {
                field.name: self._templar.template(task_vars[f"{tier.TIER}_{field.name}"])
                for field in tier.FIELDS
                if f"{tier.TIER}_{field.name}" in task_vars
            }
            given.setdefault(tier.TIER, options)
        return given


def spelled(path: str) -> str:
    """A path of the declaration as the variable of its role: network.zones -> network_zones."""
    head, dot, rest = path.partition(".")
    if dot and any(head == tier.TIER for tier in TIERS):
        return f"{head}_{rest}"
    return PREFIX + path


def strangers(task_vars: Mapping[str, Any]) -> Iterator[Problem]:
    """Variables that look like ours and are not: a typo would otherwise change nothing, silently.

    Of the roles' variables only near misses count, because other roles may use the same first word.
    """
    known = {PREFIX + field.name: field for field in ENVIRONMENT_FIELDS}
    known |= {f"{tier.TIER}_{field.name}": field for tier in TIERS for field in tier.FIELDS}
    for name in task_vars:
        if name in known or name in OTHERS or name.endswith("_result"):
            continue
        ours = name.startswith(PREFIX)
        tiers = any(name.startswith(f"{tier.TIER}_") for tier in TIERS)
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8) if ours or tiers else []
        if close:
            example = f"{close[0]}: {known[close[0]].example}"
            yield Problem(name, task_vars[name], f"is unknown; did you mean {close[0]}?", example)
        elif ours:
            listed = ", ".join(item for item in known if item.startswith(PREFIX))
            yield Problem(name, task_vars[name], f"is unknown; there are {listed}", listed)
