# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where reports are written, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

USUAL = "reports"


def of_reports(task_vars: Mapping[str, Any], templar: Any) -> Path:
    """The folder that variable site_report_folder names, made where it is not there."""
    named = templar.template(task_vars.get("site_report_folder")) or USUAL
    folder = Path(str(named))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
