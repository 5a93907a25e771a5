# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTML from parts. A plain text is escaped wherever it is put; only what is made here is not."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from . import words
from .style import STYLE

# "plain" is what is said without being held against anything.
State = Literal["pass", "fail", "unknown", "plain"]
SIGNS: Final[Mapping[str, str]] = {
    "pass": "\u2713",
    "fail": "\u2715",
    "unknown": "?",
    "plain": "\u00b7",
}
# Elements that HTML writes without an end.
_EMPTY: Final = frozenset({"meta", "br"})


class Markup(str):
    """A text that is HTML already, and may be put into HTML as it is."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """A text as HTML; Markup stays as it is. Valid in SVG, too, whatever the text holds."""
    return text if isinstance(text, Markup) else Markup(html.escape(words.plain(text)))


def joined(parts: Iterable[str]) -> Markup:
    """Parts one after the other."""
    return Markup("".join(escaped(part) for part in parts))


def tag(name: str, *inside: str, at: Mapping[str, str | float] | None = None) -> Markup:
    """An element with what is inside of it. at: its attributes, numbers in two decimals."""
    given = "".join(f' {key}="{_value(value)}"' for key, value in (at or {}).items())
    if name in _EMPTY:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(inside)}</{name}>")


def document(title: str, *body: str) -> str:
    """A whole page, which needs nothing else: no script, no address, one style."""
    head = tag(
        "head",
        tag("meta", at={"charset": "utf-8"}),
        tag("meta", at={"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("meta", at={"name": "color-scheme", "content": "light dark"}),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    page = tag("html", head, tag("body", tag("main", *body)), at={"lang": "en"})
    return f"<!DOCTYPE html>\n{page}\n"


def section(title: str, *inside: str) -> Markup:
    """A part of a page under its own heading; nothing where nothing is inside."""
    return tag("section", tag("h2", title), *inside) if any(inside) else Markup("")


def state(value: State, word: str) -> Markup:
    """A word for a state with its sign, so that it does not speak by colour alone."""
    sign = tag("span", SIGNS[value], at={"aria-hidden": "true"})
    return tag("span", sign, " ", word, at={"class": f"state {value}"})


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Iterable[int] = (),
    foot: Sequence[str] = (),
) -> Markup:
    """A table whose first column names its rows; nothing where there are no rows.

    numbers: the columns, from 0, that are set as numbers. foot: a last row of totals.
    """
    right = frozenset(numbers)
    lines = [_row(row, right) for row in rows]
    if not lines:
        return Markup("")
    names = [
        tag("th", name, at={"scope": "col", **_align(n, right)}) for n, name in enumerate(head)
    ]
    parts = [tag("caption", caption), tag("thead", tag("tr", *names)), tag("tbody", *lines)]
    if foot:
        parts.append(tag("tfoot", _row(foot, right)))
    return tag("div", tag("table", *parts), at={"class": "wide"})


def pairs(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names with their values, as a list of definitions."""
    lines = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows]
    return tag("dl", *lines) if lines else Markup("")


def listed(items: Iterable[str]) -> Markup:
    """A list; nothing where it is empty."""
    lines = [tag("li", item) for item in items]
    return tag("ul", *lines) if lines else Markup("")


def _row(cells: Sequence[str], right: frozenset[int]) -> Markup:
    first = tag("th", cells[0], at={"scope": "row", **_align(0, right)})
    rest = [tag("td", cell, at=_align(n, right)) for n, cell in enumerate(cells[1:], start=1)]
    return tag("tr", first, *rest)


def _align(column: int, right: frozenset[int]) -> dict[str, str]:
    return {"class": "number"} if column in right else {}


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return html.escape(words.plain(value))
    return f"{round(value, 2):g}" if isinstance(value, float) else str(value)
