# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module image in the controller's process where the connection is local."""

from __future__ import annotations

from ..module_utils.aws.session import warm
from ..plugin_utils.here import Here

warm()


class ActionModule(Here):
    what = "image"
