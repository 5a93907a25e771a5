# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module site_unprotect in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.converge.unprotect import unprotect
from ..module_utils.runner import dry_run, unprotect_arguments
from ..plugin_utils.whole import Whole

warm()


class ActionModule(Whole):
    def arguments(self) -> Mapping[str, Any]:
        return unprotect_arguments()

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return unprotect(params, dry=dry_run(self._task), listener=self.tell, lease=self.lease)
