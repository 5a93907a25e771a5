# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module manifest in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.operations import manifest
from ..module_utils.runner import arguments, dry_run
from ..plugin_utils import folders
from ..plugin_utils.here import Here

warm()


class ActionModule(Here):
    def arguments(self) -> Mapping[str, Any]:
        return arguments(manifest.FIELDS)

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        self._folder = folders.of_reports(task_vars, self._templar)
        return super().parameters(given, task_vars)

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        result = manifest.write(params, dry=dry_run(self._task))
        for name, text in result["runbooks"].items():
            (self._folder / name).write_text(text, "utf-8")
        return result
