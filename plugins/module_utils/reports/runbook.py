# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A runbook: the steps of an operation for a person who has to do them by hand, in Markdown.

A step is an object of name, title, why (a sentence or more), by_hand (lines), reversible, and
if_it_fails ("" where there is nothing to say). A line of by_hand that begins with "$ " is a
command; any other is text. Both name values in braces, {region}; "${x}" is the shell's, and is left
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from .words import COMMAND, plain

_HOLE = re.compile(r"(?<!\$)\{([a-z][a-z0-9_]*)\}")
_QUOTED = re.compile(r"(`[^`]*`)")


def runbook(
    operation_title: str,
    steps: Sequence[Mapping[str, Any]],
    values: Mapping[str, str] | None = None,
) -> str:
    """The whole as Markdown, for a day on which no playbook can be run.

    values: what is put in for {name}; what has none stays to be seen as <name>, and is listed.
    Commands get values as they are: what a shell would split has to be quoted in the step.
    """
    given = values or {}
    parts = [
        f"# {operation_title} by hand",
        "The steps of the playbook, in its order, for a day on which it cannot be run. Begin no "
        "step before the one above it is done. **No way back** stands where a step cannot be "
        "undone: read on before you do it.",
        *_missing(steps, given),
    ]
    for number, step in enumerate(steps, start=1):
        parts += _step(number, step, given)
    return "\n\n".join(parts) + "\n"


def missing(steps: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> list[str]:
    """The names in the texts of the steps for which there is no value, in their order."""
    texts = [str(text) for step in steps for text in _texts(step)]
    names = dict.fromkeys(name for text in texts for name in _HOLE.findall(text))
    return [name for name in names if not values.get(name)]


def _texts(step: Mapping[str, Any]) -> list[str]:
    return [step["title"], step["why"], *step["by_hand"], step["if_it_fails"]]


def _missing(steps: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> Iterator[str]:
    names = missing(steps, given)
    if names:
        yield "Look these up first: " + ", ".join(f"`<{name}>`" for name in names) + "."


def _step(number: int, step: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    yield f"## {number}. {_text(step['title'], given)}"
    if not step["reversible"]:
        yield "**No way back.**"
    if step["why"]:
        yield _text(step["why"], given)
    for command, group in groupby(step["by_hand"], lambda line: line.startswith(COMMAND)):
        lines = list(group)
        if command:
            shown = [_filled(line.removeprefix(COMMAND), given) for line in lines]
            yield "\n".join(["```sh", *shown, "```"])
        else:
            yield from (_text(line, given) for line in lines)
    if step["if_it_fails"]:
        yield f"*If it fails:* {_text(step['if_it_fails'], given)}"


def _filled(text: str, given: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: plain(given.get(hole[1]) or f"<{hole[1]}>"), text)


def _text(text: str, given: Mapping[str, str]) -> str:
    """Text outside of commands. Values are set as code, for there "<" and "_" mean themselves."""
    parts = _QUOTED.split(text)
    # Each second part stands in quotes already.
    return "".join(
        _filled(part, given)
        if number % 2
        else _HOLE.sub(lambda h: f"`{_filled(h[0], given)}`", part)
        for number, part in enumerate(parts)
    )
