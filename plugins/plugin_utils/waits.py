# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long each wait took, kept beside the reports, so that the next run can say what to expect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

# Site -> address -> seconds.
Waits = Mapping[str, Mapping[str, float]]


def read(folder: Path, environment: str) -> dict[str, dict[str, float]]:
    """The waits of earlier runs. A file that is missing or not ours only means that none is known.

    folder: that of the reports, on the controller.
    """
    try:
        found = json.loads(_place(folder, environment).read_text(encoding="utf-8"))
        return {
            str(site): {str(address): float(seconds) for address, seconds in waits.items()}
            for site, waits in found.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def keep(folder: Path, environment: str, waited: Waits) -> None:
    """Writes down what this run waited for; what it did not wait for keeps its older figure."""
    if not any(waited.values()):
        return
    kept = read(folder, environment)
    for site, waits in waited.items():
        kept[site] = {**kept.get(site, {}), **waits}
    folder.mkdir(parents=True, exist_ok=True)
    place = _place(folder, environment)
    draft = place.with_suffix(".new")
    draft.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(place)


def _place(folder: Path, environment: str) -> Path:
    return folder / f"{environment}-waits.json"
