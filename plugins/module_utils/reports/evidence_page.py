# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of an operation as one page of HTML that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from . import history, verdicts
from .evidence import SEAL, Facts, signer
from .markup import (
    Markup,
    State,
    document,
    joined,
    listed,
    pairs,
    section,
    state,
    table,
    tag,
)
from .timeline import UNDONE, timeline
from .verdicts import Verdict
from .words import NOT_KNOWN, between, clock, lasted

NOTHING = "\u2013"
# Lines of what shows a step; of more, as where each table is told, the rest is to be opened.
MOST_LINES = 12
# More objects of one kind than these are told in a line each.
FEW = 3
# An outcome of an operation or a step -> the state as which it is shown; any other is shown plain.
STATES: Final[Mapping[str, State]] = {
    "succeeded": "pass",
    "done": "pass",
    "failed": "fail",
    "running": "unknown",
}


def page(facts: Facts, before: Facts | None = None) -> str:
    """The report as HTML. before: the facts of the last one of the same kind, to compare with.

    Raises KeyError where a fact of schema 1 is missing, ValueError for a time that is none.
    """
    cards = [_card(verdict) for verdict in verdicts.verdicts(facts)]
    return document(
        verdicts.title(facts),
        _headline(facts),
        tag("div", *cards, at={"class": "cards"}) if cards else "",
        section("To look at", listed(facts["findings"])),
        section("Timeline", _drawn(facts)),
        section("Steps", _steps(facts)),
        section("Rows lost", _rows(facts)),
        section("Compared with the last time", _compared(facts, before) if before else ""),
        section("Who, with what", _who(facts), _attempts(facts)),
        section("Chain of reports", _chain(facts)),
    )


def _headline(facts: Facts) -> Markup:
    spent = between(facts["began"], facts["ended"])
    when = f"{clock(facts['began'])}, " + (f"{lasted(spent)} in all" if spent else "not ended")
    return tag(
        "header",
        tag("h1", f"{verdicts.name(facts)}: ", _outcome(facts["outcome"], verdicts.ending(facts))),
        tag("p", verdicts.way(facts)),
        tag("p", f"{when}, by {facts['operator']}", at={"class": "quiet"}),
        tag("p", f"Because: {facts['reason']}", at={"class": "quiet"}) if facts["reason"] else "",
    )


def _card(verdict: Verdict) -> Markup:
    return tag(
        "div",
        tag("h2", verdict.what),
        tag("p", verdict.figure, at={"class": "figure"}),
        tag("p", state(verdict.state, verdict.word), ": ", verdict.said),
        at={"class": f"card {verdict.state}"},
    )


def _drawn(facts: Facts) -> Markup:
    drawing = timeline(facts)
    return tag("div", drawing, at={"class": "drawing"}) if drawing else drawing


def _steps(facts: Facts) -> Markup:
    steps = facts["steps"]
    totals = [history.total(steps, f"{name}seconds") for name in ("planned_", "predicted_", "")]
    return table(
        f"What was done, in order. {UNDONE} cannot be undone.",
        ("Step", "Outcome", "Planned", "Predicted", "Took", "What was done, and what shows it"),
        [_step(step) for step in steps],
        numbers=(2, 3, 4),
        foot=("All steps", "", *map(_seconds, totals), ""),
    )


def _step(step: Mapping[str, Any]) -> list[str]:
    mark = tag("span", f" {UNDONE}", at={"class": "unknown", "title": "cannot be undone"})
    outcome = str(step["outcome"])
    done = [tag("code", act, at={"class": "act"}) for act in step["did"]]
    shown = _folded([tag("code", each, at={"class": "fact"}) for each in _flat(step["evidence"])])
    said = [tag("p", step["said"])] if step["said"] else []
    return [
        joined([step["title"], "" if step["reversible"] else mark]),
        _outcome(outcome, outcome),
        _seconds(step["planned_seconds"]),
        _seconds(step["predicted_seconds"]),
        _seconds(step["seconds"]),
        joined([*said, *done, *shown]),
    ]


def _folded(lines: list[Markup]) -> list[Markup]:
    if len(lines) <= MOST_LINES:
        return lines
    head = tag("summary", f"{len(lines) - MOST_LINES} more lines")
    return [*lines[:MOST_LINES], tag("details", head, *lines[MOST_LINES:])]


def _outcome(outcome: str, word: str) -> str:
    return state(STATES[outcome], word) if outcome in STATES else word


def _flat(value: Any, name: str = "") -> Iterator[str]:
    """Plain data in lines, "field.inner: value"; of many objects "field.inner: a 1, b 2" each."""
    if name and isinstance(value, Mapping) and len(value) > FEW and _alike(value.values()):
        for key, inner in value.items():
            told = ", ".join(f"{field} {_spelt(one)}" for field, one in inner.items())
            yield f"{name}.{key}: {told}"
    elif isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(v, (Mapping, list)) for v in value):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{name}.{number}" if name else str(number))
    elif name:
        yield f"{name}: {_spelt(value)}"


def _alike(values: Iterable[Any]) -> bool:
    """Whether each is an object with the same fields, and plain values."""
    found = list(values)
    if not all(isinstance(value, Mapping) and value for value in found):
        return False
    plain = not any(isinstance(one, (Mapping, list)) for value in found for one in value.values())
    return plain and len({frozenset(value) for value in found}) == 1


def _spelt(value: Any) -> str:
    """One value of plain data: a text as it is, a list with commas, all else as JSON has it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_spelt, value))
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _rows(facts: Facts) -> Markup:
    loss = facts["measured"]["loss"]
    return table(
        "Acknowledged rows that the new database lacks, as "
        + ("counted." if loss["how"] == "counted" else "expected before it was promoted."),
        ("Table", "Rows"),
        [(name, f"{number:,}") for name, number in verdicts.lost(facts)],
        numbers=(1,),
        foot=("All tables", f"{sum(loss['rows'].values()):,}"),
    )


def _compared(facts: Facts, before: Facts) -> Markup:
    now, then = facts["measured"], before["measured"]
    rows = [
        _change("Recovery time", now["recovery_time_seconds"], then["recovery_time_seconds"]),
        _change("Loss", now["loss"]["seconds"], then["loss"]["seconds"]),
    ]
    rows += [_change(step.title, step.now, step.before) for step in history.compared(facts, before)]
    return table(
        f"Against {before['id']}, {clock(before['began'])}, which {verdicts.ending(before)}.",
        ("What", "Now", "Before", "Difference"),
        rows,
        numbers=(1, 2, 3),
    )


def _seconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else lasted(seconds)


def _change(what: str, now: float | None, before: float | None) -> Sequence[str]:
    if now is None or before is None:
        return (what, _seconds(now), _seconds(before), NOTHING)
    sign = "+" if now > before else ""
    same = lasted(now - before) in ("0 s", "-0 s")
    return (what, _seconds(now), _seconds(before), "same" if same else sign + lasted(now - before))


def _who(facts: Facts) -> Markup:
    return pairs(
        [
            ("Operation", str(facts["id"])),
            ("Operator", str(facts["operator"])),
            ("Caller at AWS", str(facts["caller"] or NOT_KNOWN)),
            ("Phoenix", str(facts["version"] or NOT_KNOWN)),
            ("Commit", tag("code", str(facts["commit"] or NOT_KNOWN))),
            ("Began", clock(facts["began"])),
            ("Ended", clock(facts["ended"]) if facts["ended"] else "not yet"),
        ]
    )


def _attempts(facts: Facts) -> Markup:
    return table(
        "Each time somebody began it or went on with it.",
        ("Attempt", "Began", "Ended", "By"),
        [
            (
                str(n),
                clock(one["began"]),
                clock(one["ended"]) if one["ended"] else "",
                one["operator"],
            )
            for n, one in enumerate(facts["attempts"], start=1)
        ],
    )


def _chain(facts: Facts) -> Markup:
    own, before = str(facts.get(SEAL) or ""), str(facts.get("before") or "")
    return pairs(
        [
            ("This report", tag("code", own or "not sealed")),
            ("The one before", tag("code", before) if before else Markup("none, it is the first")),
            *([("Signed by", tag("code", signer(facts)))] if own else []),
        ]
    )
