# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module release_gate in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.operations import gate
from ..module_utils.runner import arguments
from ..plugin_utils.here import Here

warm()


class ActionModule(Here):
    def arguments(self) -> Mapping[str, Any]:
        return arguments(gate.FIELDS)

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return gate.check(params)
