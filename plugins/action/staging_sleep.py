# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module staging_sleep in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.operations.staging.sleep import sleep
from ..module_utils.runner import dry_run, sleep_arguments
from ..plugin_utils.here import display
from ..plugin_utils.whole import Whole

warm()


class ActionModule(Whole):
    def arguments(self) -> Mapping[str, Any]:
        return sleep_arguments()

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        dry = dry_run(self._task)
        return sleep(params, dry=dry, say=display.display, lease=self.lease)
