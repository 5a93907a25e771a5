# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module dr_step in the controller's process where the connection is local.

There the lease of the site is kept from the first step to the last: hosts and other tasks work in
between, and another run would take the operation for one that was left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import Aws, warm
from ..module_utils.converge.lease import Lease
from ..module_utils.operations import perform
from ..module_utils.runner import arguments, dry_run
from ..plugin_utils.here import Here, display

warm()
LAST = "close"


class ActionModule(Here):
    _leased: Aws | None = None

    def arguments(self) -> Mapping[str, Any]:
        return arguments(perform.FIELDS)

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
        return result
