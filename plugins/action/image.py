# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module image in the controller's process where the connection is local.

There the site's lease is kept as long as there is a builder: tasks that do not write work on it,
and another run would take it for one that was left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import Aws, warm
from ..module_utils.converge.lease import Lease
from ..plugin_utils.here import Here, display

warm()
BUILDER = "instance/builder"


class ActionModule(Here):
    what = "image"
    _leased: Aws | None = None

    def lease(self, aws: Aws) -> Lease:
        self._leased = aws
        return super().lease(aws)

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        result = super().work(params)
        keeper = self.keeper(str(params["site"]))
        if BUILDER not in result["known"]:
            said = keeper.end()
            if said:
                display.warning(f"the lease was not kept to the end: {said}")
        elif self._leased:
            keeper.begin(self._leased, self._controller)
        return result
