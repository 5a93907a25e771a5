# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module dr_status in the controller's process where the connection is local, and keeps the
page beside the other reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.operations import status
from ..module_utils.runner import status_arguments
from ..plugin_utils import folders
from ..plugin_utils.here import display
from ..plugin_utils.whole import Whole

warm()


class ActionModule(Whole):
    def arguments(self) -> Mapping[str, Any]:
        return status_arguments()

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        self._folder = folders.of_reports(task_vars, self._templar)
        return super().parameters(given, task_vars)

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Writes nothing in the account, in check mode or not."""
        result = status.status(params)
        if not result["page"]:
            return result
        path = self._folder / f"{params['environment']}-status.html"
        path.write_text(str(result["page"]), "utf-8")
        display.display("\n".join(["", *result["report"], "", f"the page: {path}"]))
        return {**result, "page": "", "path": str(path)}
