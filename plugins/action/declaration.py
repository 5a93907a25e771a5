# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the whole declaration before anything is touched."""

from __future__ import annotations

from ..plugin_utils.declared import Declared


class ActionModule(Declared):
    what = "declaration"
