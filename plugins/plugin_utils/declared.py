# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The look at all variables before anything is touched: what is wrong, missing or misspelt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..module_utils.converge.catalog import TIERS
from ..module_utils.converge.intake import CONNECTION_FIELDS, RUN_FIELDS
from ..module_utils.converge.run import run
from ..module_utils.declaration.fields import Field, Problem, near, read
from ..module_utils.declaration.secrets import HIDDEN, NO_SECRET, SECRETIVE
from ..module_utils.declaration.site import ENVIRONMENT_FIELDS
from ..module_utils.runner import CONNECTION
from . import reporting
from .here import CONNECTION_VARIABLE, PREFIX
from .whole import Whole, spelled

# First words of variables that other roles do not use, or that a database's password would have.
OURS_ALONE = (PREFIX, "web_tier_", "database_")
# First words of the variables of roles, of which only near misses count.
ROLES = (*(f"{tier.TIER}_" for tier in TIERS), "site_", "destroy_")
# Options of modules that nobody else's variables are called, and that decide what is removed.
OPTIONS_ALONE = ("allow_replace", "purge_tags")
CONNECTION_AS_ONE = Field(
    CONNECTION_VARIABLE,
    "dict",
    "the options by which the account is reached",
    {"profile": "production"},
    {},
)


class Declared(Whole):
    """Checks the declaration; messages name the variables."""

    what = "declaration"
    _found: tuple[Problem, ...] = ()

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        params = super().parameters(given, task_vars)
        shared = self._templar.template(task_vars.get(CONNECTION_VARIABLE) or {})
        hosts = task_vars.get("groups", {}).get("all", ())
        self._found = (
            *strange_variables(task_vars, self._templar.is_template),
            *without_host(params.get("sites"), hosts),
            *read((CONNECTION_AS_ONE,), {CONNECTION_VARIABLE: shared})[1],
            *connecting(shared),
            *reporting.mistakes(
                {
                    field.name: self._templar.template(task_vars[field.name])
                    for field in reporting.FIELDS
                    if field.name in task_vars
                }
            ),
        )
        return params

    def refuse(self, found: Iterable[Problem]) -> None:
        """Keeps them, to be told together with all others."""
        self._found += tuple(found)

    def is_here(self) -> bool:
        """Always: it makes no API call, and a module would check the types first, one by one."""
        return True

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return run(params, self.what, dry=True, spell=spelled, problems=self._found)


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
    known |= {field.name: field for field in reporting.FIELDS}
    listed = (*(name for name in known if name.startswith(PREFIX)), CONNECTION_VARIABLE)
    for name in OPTIONS_ALONE:
        if name in variables:
            right = PREFIX + name
            rule = f"is an option of modules; the variable is {right}"
            yield Problem(name, variables[name], rule, f"{right}: {known[right].example}")
    for name, value in variables.items():
        if name in known or name == CONNECTION_VARIABLE or name.endswith("_result"):
            continue
        ours = name.startswith(PREFIX)
        if name.startswith(OURS_ALONE) and SECRETIVE.search(name):
            if isinstance(value, str) and not is_template(value):
                yield Problem(name, HIDDEN, NO_SECRET, f"leave out {name}")
            continue
        roles = name.startswith(ROLES)
        close = near(name, known, cutoff=0.8) if ours or roles else ""
        if close:
            example = f"{close}: {known[close].example}"
            yield Problem(name, value, f"is unknown; did you mean {close}?", example)
        elif ours:
            rule = f"is unknown; there are {', '.join(listed)}"
            yield Problem(name, value, rule, f"leave out {name}")


def connecting(shared: Any) -> list[Problem]:
    """What is wrong inside of the variable by which the account is reached."""
    if not isinstance(shared, Mapping):
        return []
    aliases = {alias for spec in CONNECTION.values() for alias in spec.get("aliases", ())}
    named = {name: value for name, value in shared.items() if name not in aliases}
    return read(CONNECTION_FIELDS, named, CONNECTION_VARIABLE)[1]


def without_host(sites: Any, hosts: Iterable[str]) -> Iterator[Problem]:
    """Sites that no host of the inventory stands for: nobody would build them, and others wait."""
    if not isinstance(sites, Mapping):
        return
    for site in sorted({str(name) for name in sites} - set(hosts)):
        rule = "must be a host of the inventory, where every host is a site"
        yield Problem(f"{PREFIX}sites.{site}", sites.get(site), rule, {"hosts": {site: None}})
