# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of an operation drawn on one axis of time: as planned, as predicted, as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .evidence import Facts
from .markup import Markup, tag
from .verdicts import last_moment, title
from .words import between, lasted, line

WIDTH, LEFT, RIGHT = 1000, 250, 110
TOP, ROW, BOTTOM = 52, 34, 22
LETTERS: Final = 33
# Bars shorter than this would not be seen.
LEAST: Final = 2.0
MOST_TICKS: Final = 8
TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
# Kind of bar -> its distance from the top of its row and its height.
BARS: Final[Mapping[str, tuple[int, int]]] = {
    "planned": (5, 4),
    "predicted": (11, 4),
    "actual": (17, 11),
}
UNDONE, FAILED = "\u25c6", "\u2715"
_DESCRIPTION: Final = (
    "A row for each step, on one axis of time from the beginning of the operation: when it was "
    "planned, when earlier operations predicted it, and when it was. The table below has the same."
)


@dataclass(frozen=True, slots=True)
class Bar:
    """From when to when, in seconds from the beginning of the operation."""

    kind: str
    start: float
    end: float


def bars(facts: Facts) -> dict[str, list[Bar]]:
    """Step -> its bars. What is planned and predicted stands one after the other from the start.

    A step that was not predicted takes its planned time in what is predicted of later ones.
    """
    found: dict[str, list[Bar]] = {}
    planned = predicted = 0.0
    for step in facts["steps"]:
        own = [Bar("planned", planned, planned + step["planned_seconds"])]
        planned = own[0].end
        expected = step["predicted_seconds"]
        until = predicted + (step["planned_seconds"] if expected is None else expected)
        if expected is not None:
            own.append(Bar("predicted", predicted, until))
        predicted = until
        found[step["name"]] = [*own, *_actual(facts, step)]
    return found


def timeline(facts: Facts) -> Markup:
    """The drawing as SVG, to be put into a page that has the style; nothing without steps."""
    if not facts["steps"]:
        return Markup("")
    drawn = bars(facts)
    # To the end of all that is drawn; an operation that has just begun has an axis, too.
    span = max([1.0, _until(facts), *(one.end for own in drawn.values() for one in own)])
    height = TOP + ROW * len(facts["steps"]) + BOTTOM
    rows = [_row(n, step, drawn[step["name"]], span) for n, step in enumerate(facts["steps"])]
    at = {
        "viewBox": f"0 0 {WIDTH} {height}",
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        "aria-labelledby": "timeline-title timeline-description",
    }
    return tag(
        "svg",
        tag("title", f"Timeline: {title(facts)}", at={"id": "timeline-title"}),
        tag("desc", _DESCRIPTION, at={"id": "timeline-description"}),
        *_attempts(facts, span, height),
        *_axis(span, height),
        *_target(facts, span, height),
        *_legend(),
        *rows,
        at=at,
    )


def _actual(facts: Facts, step: Mapping[str, Any]) -> Iterator[Bar]:
    start = between(facts["began"], step["began"])
    if start is not None:
        end = between(facts["began"], step["ended"] or last_moment(facts)) or 0.0
        yield Bar("failed" if step["outcome"] == "failed" else "actual", start, max(start, end))


def _row(number: int, step: Mapping[str, Any], own: list[Bar], span: float) -> Markup:
    top = TOP + ROW * number
    name = line(step["title"])
    short = name if len(name) <= LETTERS else name[: LETTERS - 1].rstrip() + "\u2026"
    parts = [tag("title", _told(step)), _text(22, top + 21, short)]
    if not step["reversible"]:
        parts.append(_text(4, top + 21, UNDONE, kind="mark"))
    parts += [_bar(one, top, span) for one in own]
    parts.append(_outcome(step, top))
    return tag("g", *parts, at={"class": "step", "data-step": str(step["name"])})


def _told(step: Mapping[str, Any]) -> str:
    said = [f"planned {lasted(step['planned_seconds'])}"]
    if step["predicted_seconds"] is not None:
        said.append(f"predicted {lasted(step['predicted_seconds'])}")
    said.append(str(step["outcome"]))
    if step["seconds"] is not None:
        said.append(f"took {lasted(step['seconds'])}")
    if not step["reversible"]:
        said.append("cannot be undone")
    return f"{line(step['title'])}: {', '.join(said)}"


def _outcome(step: Mapping[str, Any], top: float) -> Markup:
    if step["outcome"] == "failed":
        return _text(WIDTH - 2, top + 21, f"{FAILED} failed", kind="failed-text", anchor="end")
    if step["outcome"] == "done" and step["seconds"] is not None:
        return _text(WIDTH - 2, top + 21, lasted(step["seconds"]), anchor="end")
    return _text(WIDTH - 2, top + 21, str(step["outcome"]), kind="small", anchor="end")


def _bar(one: Bar, top: float, span: float) -> Markup:
    below, thick = BARS.get(one.kind, BARS["actual"])
    start, end = _across(one.start, span), _across(one.end, span)
    return _box(one.kind, start, top + below, max(LEAST, end - start), thick)


def _attempts(facts: Facts, span: float, height: float) -> Iterator[Markup]:
    """A ground behind the times at which somebody was at it, so that a gap is seen as one."""
    begins = [str(attempt["began"]) for attempt in facts["attempts"]]
    for n, attempt in enumerate(facts["attempts"]):
        start = between(facts["began"], attempt["began"])
        # One that was killed has no end: its last sign of life is a step's, before the next began.
        later = begins[n + 1] if n + 1 < len(begins) else ""
        end = between(facts["began"], attempt["ended"] or _last_sign(facts, later))
        if start is not None and end is not None:
            left, right = _across(start, span), _across(max(start, end), span)
            wide = max(LEAST, right - left)
            yield _box("attempt", left, TOP - 4, wide, height - BOTTOM - TOP + 8)


def _last_sign(facts: Facts, later: str) -> str:
    if not later:
        return last_moment(facts)
    limit = between(facts["began"], later) or 0.0
    seen = [str(step[end]) for step in facts["steps"] for end in ("began", "ended") if step[end]]
    before = [at for at in seen if (between(facts["began"], at) or 0.0) < limit]
    return max(before, key=lambda at: between(facts["began"], at) or 0.0, default="")


def _axis(span: float, height: float) -> Iterator[Markup]:
    every = next((tick for tick in TICKS if span / tick <= MOST_TICKS), TICKS[-1])
    # Beyond the longest tick, as few of its multiples as are asked for.
    every *= max(1, int(span // (every * MOST_TICKS)) + (span > every * MOST_TICKS))
    for number in range(int(span // every) + 1):
        at = _across(number * every, span)
        yield _rule("grid", at, TOP - 4, height - BOTTOM + 4)
        yield _text(at, height - 4, lasted(number * every), kind="small", anchor="middle")


def _target(facts: Facts, span: float, height: float) -> Iterator[Markup]:
    target = facts["targets"].get("recovery_time_seconds")
    if target is not None and target <= span:
        at = _across(target, span)
        yield _rule("target", at, TOP - 10, height - BOTTOM + 4)
        yield _text(at, TOP - 14, "recovery target", kind="small", anchor="middle")


def _legend() -> Iterator[Markup]:
    left = float(LEFT)
    for kind in ("planned", "predicted", "actual", "attempt"):
        yield _box(kind, left, 8, 18, 8)
        yield _text(left + 24, 16, kind, kind="small")
        left += 95
    yield _text(left, 16, UNDONE, kind="mark")
    yield _text(left + 16, 16, "cannot be undone", kind="small")


def _until(facts: Facts) -> float:
    return between(facts["began"], last_moment(facts)) or 0.0


def _across(seconds: float, span: float) -> float:
    inside = min(max(seconds, 0.0), span)
    return LEFT + inside / span * (WIDTH - LEFT - RIGHT)


def _box(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    size = {"x": x, "y": y, "width": width, "height": height, "rx": 1.5}
    return tag("rect", at={"class": kind, **size})


def _rule(kind: str, x: float, top: float, bottom: float) -> Markup:
    return tag("line", at={"class": kind, "x1": x, "x2": x, "y1": top, "y2": bottom})


def _text(x: float, y: float, said: str, *, kind: str = "", anchor: str = "start") -> Markup:
    at: dict[str, str | float] = {"x": x, "y": y, "text-anchor": anchor}
    return tag("text", said, at={**at, "class": kind} if kind else at)
