# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module dr_step in the controller's process where the connection is local.

There the lease of the site is kept from the first step to the last: hosts and other tasks work in
between, and another run would take the operation for one that was left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import Aws, warm
from ..module_utils.converge.lease import Lease
from ..module_utils.operations import perform
from ..module_utils.runner import arguments, dry_run
from ..plugin_utils import folders
from ..plugin_utils.here import Here, display

warm()
LAST = "close"


class ActionModule(Here):
    _leased: Aws | None = None

    def arguments(self) -> Mapping[str, Any]:
        return arguments(perform.FIELDS)

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        self._folder = folders.of_reports(task_vars, self._templar)
        return super().parameters(given, task_vars)

    def lease(self, aws: Aws) -> Lease:
        self._leased = aws
        return super().lease(aws)

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        keeper = self.keeper(str(params["site"]))
        last = params.get("step") == LAST
        if last:
            said = keeper.end()
            if said:
                display.warning(f"the lease was not kept to the end: {said}")
        result = perform.perform(
            params, dry=dry_run(self._task), say=display.display, lease=self.lease
        )
        if self._leased and not last:
            keeper.begin(self._leased, self._controller)
        if "report" in result:
            result |= self._kept(result)
        return result

    def _kept(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Writes the report into the folder of the site's reports, and shows it in some lines."""
        paths = {kind: self._folder / f"{result['id']}.{kind}" for kind in ("json", "html")}
        paths["json"].write_text(json.dumps(result["report"], indent=2, sort_keys=True), "utf-8")
        paths["html"].write_text(str(result["page"]), "utf-8")
        display.display("\n".join(["", *result["lines"], "", f"the report: {paths['html']}"]))
        return {"page": "", "paths": {kind: str(path) for kind, path in paths.items()}}
