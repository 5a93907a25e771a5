# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module dr_step in the controller's process where the connection is local.

There the leases of the sites are kept from the first step to the last: hosts and other tasks work
in between, and another run would take the operation for one that was left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..module_utils.aws.session import Aws, warm
from ..module_utils.converge.catalog import BY_NAME
from ..module_utils.converge.lease import Lease
from ..module_utils.operations import perform
from ..module_utils.operations.journal import Journal
from ..module_utils.runner import arguments, dry_run
from ..plugin_utils import folders
from ..plugin_utils.here import Here, display
from ..plugin_utils.whole import options

warm()
LAST = ("close", "abandon")
DATABASE = "database"


class ActionModule(Here):
    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        self._leased: dict[str, Aws] = {}
        return super().run(tmp, task_vars)

    def arguments(self) -> Mapping[str, Any]:
        return arguments(perform.FIELDS)

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        self._folder = folders.of_reports(task_vars, self._templar)
        given = super().parameters(given, task_vars)
        template = self._templar.template
        given.setdefault(DATABASE, options(BY_NAME[DATABASE], template, task_vars))
        return given

    def lease(self, aws: Aws) -> Lease:
        self._leased[aws.scope.site] = aws
        return super().lease(aws)

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        last = params.get("step") in LAST
        for site in params["sites"] if last else ():
            if said := self.keeper(str(site)).end():
                display.warning(f"the lease of {site} was not kept to the end: {said}")
        result = perform.perform(
            params,
            dry=dry_run(self._task),
            say=display.display,
            lease=self.lease,
            heard=self._heard,
            kept=self._entries,
        )
        for site, aws in self._leased.items():
            if not last and result["needed"]:
                self.keeper(site).begin(aws, self._controller)
        if "report" in result:
            result |= self._kept(result)
        return result

    def _heard(self, journal: Journal) -> None:
        """Keeps the journal beside the reports, too: the region where it is may be lost as well."""
        path = self._copy(journal.id)
        draft = path.with_suffix(".new")
        draft.write_text("".join(f"{json.dumps(e, sort_keys=True)}\n" for e in journal.entries))
        draft.replace(path)

    def _entries(self, id: str) -> list[Any]:
        """The entries of a journal that was kept here, [] where none was."""
        try:
            return [json.loads(line) for line in self._copy(id).read_text().splitlines()]
        except (OSError, ValueError):
            return []

    def _copy(self, id: str) -> Path:
        return self._folder / f"{id}.journal.jsonl"

    def _kept(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Writes the report into the folder of the site's reports, and shows it in some lines."""
        paths = {kind: self._folder / f"{result['id']}.{kind}" for kind in ("json", "html")}
        paths["json"].write_text(json.dumps(result["report"], indent=2, sort_keys=True), "utf-8")
        paths["html"].write_text(str(result["page"]), "utf-8")
        display.display("\n".join(["", *result["lines"], "", f"the report: {paths['html']}"]))
        return {"page": "", "paths": {kind: str(path) for kind, path in paths.items()}}
