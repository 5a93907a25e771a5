# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module site in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.runner import site_arguments
from ..plugin_utils.whole import Whole


class ActionModule(Whole):
    what = "site"

    def arguments(self) -> Mapping[str, Any]:
        return site_arguments()
