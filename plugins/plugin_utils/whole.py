# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks over all tiers of a site: their options are the roles' variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils.converge.catalog import TIERS, Tier
from ..module_utils.runner import CONNECTION, whole_arguments
from .here import CONNECTION_VARIABLE, PREFIX, Here


class Whole(Here):
    """Fills in what the task does not name from the variables of the site's roles."""

    def arguments(self) -> Mapping[str, Any]:
        return whole_arguments()

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        given = super().parameters(given, task_vars)
        for tier in TIERS:
            given.setdefault(tier.TIER, options(tier, self._templar.template, task_vars))
        return given


def options(
    tier: Tier, template: Callable[[Any], Any], task_vars: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of a tier that the variables of its role have."""
    names = {field.name: f"{tier.TIER}_{field.name}" for field in tier.FIELDS}
    return {name: template(task_vars[of]) for name, of in names.items() if of in task_vars}


def spelled(path: str) -> str:
    """A path of the declaration as the variable of its role: network.zones -> network_zones."""
    head, dot, rest = path.partition(".")
    if dot and any(head == tier.TIER for tier in TIERS):
        return f"{head}_{rest}"
    if head in CONNECTION:
        return f"{CONNECTION_VARIABLE}.{path}"
    return PREFIX + path
