# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the whole declaration before anything is touched; messages name the variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..module_utils.converge.run import run
from ..module_utils.declaration.fields import Problem, read
from ..plugin_utils.here import CONNECTION_VARIABLE
from ..plugin_utils.whole import CONNECTION_AS_ONE, Whole, spelled, strange_variables, without_host


class ActionModule(Whole):
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
