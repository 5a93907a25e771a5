# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the whole declaration before anything is touched; messages name the variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.converge.run import run
from ..plugin_utils.whole import Whole, spelled


class ActionModule(Whole):
    what = "declaration"

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return run(params, self.what, dry=True, spell=spelled, problems=self._strangers)
