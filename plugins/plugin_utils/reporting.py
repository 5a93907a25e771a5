# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of roles site and destroy: what they must be, as far as it can be known before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..module_utils.converge.destroy import DESTROY_FIELDS
from ..module_utils.declaration.fields import Field, Problem, read

FOLDER = Field(
    "site_report_folder",
    "str",
    "a folder on the controller, there or to be made, in which files can be written",
    "reports",
    "reports",
)
FIELDS: tuple[Field, ...] = (
    FOLDER,
    Field("site_prices", "str", "auto or snapshot", "auto", "auto", choices=("auto", "snapshot")),
    Field("site_next_steps", "list", "a list of lines", ["see the runbook"], (), elements="str"),
    *(
        replace(field, name=f"destroy_{field.name}")
        for field in DESTROY_FIELDS
        if field.name == "empty_buckets"
    ),
)


def mistakes(variables: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong in these variables, by name; one that is missing has its default."""
    declared, problems = read(FIELDS, variables, only=False)
    yield from problems
    folder = declared.get(FOLDER.name)
    reason = _unwritable(Path(folder)) if folder else ""
    if reason:
        yield Problem(FOLDER.name, folder, f"must be {FOLDER.rule} ({reason})", "/tmp/reports")


def _unwritable(folder: Path) -> str:
    """Why nothing can be written below a folder, "" where it can. Leaves nothing behind.

    A run would make what is missing of it. Whether it may is seen by a file in what is there, since
    rights alone do not tell of file systems that take no files.
    """
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"{folder}: {error.strerror}"
