# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module dr_validate in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.operations.validate import check
from ..module_utils.runner import validate_arguments
from ..plugin_utils.whole import Whole

warm()


class ActionModule(Whole):
    def arguments(self) -> Mapping[str, Any]:
        return validate_arguments()

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Never writes, in check mode or not."""
        return check.validate(params)
