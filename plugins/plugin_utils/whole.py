# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks over all tiers of a site: their options are the roles' variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..module_utils.converge.catalog import TIERS
from ..module_utils.converge.intake import RUN_FIELDS
from ..module_utils.declaration.fields import Field, Problem, near
from ..module_utils.declaration.secrets import HIDDEN, NO_SECRET, SECRETIVE
from ..module_utils.declaration.site import ENVIRONMENT_FIELDS
from ..module_utils.runner import CONNECTION, whole_arguments
from .here import CONNECTION_VARIABLE, PREFIX, Here

# First words of variables that other roles do not use, or that a database's password would have.
OURS_ALONE = (PREFIX, "web_tier_", "database_")
CONNECTION_AS_ONE = Field(
    CONNECTION_VARIABLE,
    "dict",
    "the options by which the account is reached",
    {"profile": "production"},
    {},
)


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


def strange_variables(
    variables: Mapping[str, Any], is_template: Callable[[Any], bool] = lambda value: False
) -> Iterator[Problem]:
    """Variables that look like ours and are not: a typo would otherwise change nothing, silently.

    Of the roles' variables only near misses count, because other roles may use the same first word.
    A password that is meant for the database is one too, if it stands there in clear text.
    """
    known: dict[str, Field] = {
        PREFIX + field.name: field for field in (*ENVIRONMENT_FIELDS, *RUN_FIELDS)
    }
    known |= {f"{tier.TIER}_{field.name}": field for tier in TIERS for field in tier.FIELDS}
    listed = (*(name for name in known if name.startswith(PREFIX)), CONNECTION_VARIABLE)
    for name, value in variables.items():
        if name in known or name == CONNECTION_VARIABLE or name.endswith("_result"):
            continue
        ours = name.startswith(PREFIX)
        if name.startswith(OURS_ALONE) and SECRETIVE.search(name):
            if isinstance(value, str) and not is_template(value):
                yield Problem(name, HIDDEN, NO_SECRET, f"leave out {name}")
            continue
        tiers = any(name.startswith(f"{tier.TIER}_") for tier in TIERS)
        close = near(name, known, cutoff=0.8) if ours or tiers else ""
        if close:
            example = f"{close}: {known[close].example}"
            yield Problem(name, value, f"is unknown; did you mean {close}?", example)
        elif ours:
            rule = f"is unknown; there are {', '.join(listed)}"
            yield Problem(name, value, rule, f"leave out {name}")


def without_host(sites: Any, hosts: Iterable[str]) -> Iterator[Problem]:
    """Sites that no host of the inventory stands for: nobody would build them, and others wait."""
    if not isinstance(sites, Mapping):
        return
    for site in sorted({str(name) for name in sites} - set(hosts)):
        rule = "must be a host of the inventory, where every host is a site"
        yield Problem(f"{PREFIX}sites.{site}", sites.get(site), rule, {"hosts": {site: None}})
