# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The name of the environment, typed by a person before something of it is given up."""

from __future__ import annotations

from ..declaration.fields import Field
from .intake import Refusal
from .task import Task

CONFIRM = Field(
    "confirm", "str", "the name of the environment, typed by a person", "production", ""
)


def missing(task: Task, typed: str) -> str:
    """What is still to be typed, "" where the name was."""
    named = task.site.scope.environment
    return "" if typed == named else f"its name typed: -e destroy_confirm={named}"


def require(task: Task, typed: str, act: str) -> None:
    """Raises Refusal without the typed name. act: what needs it, "taking down"."""
    needed = missing(task, typed)
    if needed:
        named = task.site.scope.environment
        raise Refusal(
            f"{act} {named} needs {needed}; got {typed!r}, nothing was touched",
            code="not_confirmed",
            changed=False,
        )
