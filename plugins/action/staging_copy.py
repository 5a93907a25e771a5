# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module staging_copy in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.operations.staging import mirror
from ..module_utils.runner import copy_arguments
from ..plugin_utils.whole import Whole

warm()


class ActionModule(Whole):
    def arguments(self) -> Mapping[str, Any]:
        return copy_arguments()

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Never writes, in check mode or not."""
        return mirror.mirrored(params)
