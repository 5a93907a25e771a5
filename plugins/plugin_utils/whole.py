# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks over all tiers of a site: their options are the roles' variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.converge.catalog import TIERS
from ..module_utils.runner import CONNECTION, whole_arguments
from .here import CONNECTION_VARIABLE, PREFIX, Here


class Whole(Here):
    """Fills in what the task does not name from the variables of the site's roles."""

    def arguments(self) -> Mapping[str, Any]:
        return whole_arguments()

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
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
    if head in CONNECTION:
        return f"{CONNECTION_VARIABLE}.{path}"
    return PREFIX + path
