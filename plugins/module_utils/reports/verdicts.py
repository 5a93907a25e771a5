# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the facts of an operation come to: was it in time, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .evidence import Facts
from .markup import State
from .words import between, count, lasted

# Of a staging copy: the span -> what it is called, and what it is.
TIMES: Mapping[str, tuple[str, str]] = {
    "restore": ("Restored in", "since its site was begun until its rows were counted"),
    "mask": ("Masked in", "until nobody's data was in it"),
    "prove": ("Proved in", "until that was seen"),
    "swap": ("Ready in", "from the beginning until the name led to it"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure held against its target. figure: for people; word: the state in a word or two."""

    what: str
    state: State
    figure: str
    word: str
    said: str


def title(facts: Facts) -> str:
    """The operation in a line: "Failover of production: succeeded"."""
    return f"{name(facts)}: {ending(facts)}"


def name(facts: Facts) -> str:
    """What was to be done: "Failover of production"."""
    return f"{str(facts['operation']).capitalize()} of {facts['environment']}"


def ending(facts: Facts) -> str:
    """What became of it: "succeeded", "failed" or "has not ended"."""
    return "has not ended" if facts["outcome"] == "running" else str(facts["outcome"])


def way(facts: Facts) -> str:
    """From where to where: "home (us-east-1) → recovery (us-west-2)"."""
    regions = facts["regions"]
    sites = dict.fromkeys(name for name in (facts["from"], facts["to"]) if name)
    return " \u2192 ".join(f"{name} ({regions.get(name) or 'no region'})" for name in sites)


def last_moment(facts: Facts) -> str:
    """When the operation ended, or else the last time it gave a sign of life, in ISO 8601."""
    if facts["ended"]:
        return str(facts["ended"])
    spans = (*facts["steps"], *facts["attempts"])
    seen = [str(span[end]) for span in spans for end in ("began", "ended") if span[end]]
    return max([str(facts["began"]), *seen], key=lambda at: between(facts["began"], at) or 0.0)


def verdicts(facts: Facts) -> list[Verdict]:
    """Recovery time, loss and write outage, each where it has a target or was measured; of a copy
    how long it took, and what it costs.
    """
    return [*_recovery(facts), *_loss(facts), *_outage(facts), *_copy(facts)]


def lost(facts: Facts) -> list[tuple[str, int]]:
    """Tables and how many of their rows are named as lost, the most first."""
    rows: Mapping[str, int] = facts["measured"]["loss"]["rows"]
    return sorted(rows.items(), key=lambda pair: (-pair[1], pair[0]))


def _recovery(facts: Facts) -> Iterator[Verdict]:
    what = "Recovery time"
    target, took = (
        facts["targets"].get("recovery_time_seconds"),
        facts["measured"]["recovery_time_seconds"],
    )
    if took is not None:
        yield _held(what, took, target)
    elif target is not None:
        spent = between(facts["began"], last_moment(facts)) or 0.0
        so_far = f"not recovered after {lasted(spent)}; the target is {lasted(target)}"
        if spent > target:
            yield Verdict(what, "fail", "not recovered", "missed", so_far)
        else:
            yield Verdict(what, "unknown", "not recovered", "open", so_far)


def _loss(facts: Facts) -> Iterator[Verdict]:
    what, loss = "Loss", facts["measured"]["loss"]
    target, how, seconds = (
        facts["targets"].get("recovery_point_seconds"),
        loss["how"],
        loss["seconds"],
    )
    rows = sum(loss["rows"].values())
    if how == "none":
        yield Verdict(what, "pass", "none", "met", "every acknowledged write is there")
        return
    if how == "unknown" or (seconds is None and not loss["rows"]):
        if target is not None:
            said = f"nobody counted it; the target is {_most(target)}"
            yield Verdict(what, "unknown", "not known", "open", said)
        return
    parts = [count(rows, "row")] if loss["rows"] else []
    parts += [lasted(seconds)] if seconds is not None else []
    figure, by = ", ".join(parts), "counted" if how == "counted" else "expected, not counted"
    if target is None:
        yield Verdict(what, "plain", figure, by, "no target is declared")
    elif seconds is None and rows:
        said = f"{by}; in seconds it is not known, and the target is {_most(target)}"
        yield Verdict(what, "unknown", figure, "open", said)
    elif (seconds or 0.0) > target:
        yield Verdict(what, "fail", figure, "missed", f"{by}; the target is {_most(target)}")
    elif how == "counted":
        yield Verdict(what, "pass", figure, "met", f"{by}; the target is {_most(target)}")
    else:
        # An estimate can show that a target is out of reach, and cannot show that it was met.
        yield Verdict(what, "unknown", figure, "open", f"{by}; the target is {_most(target)}")


def _outage(facts: Facts) -> Iterator[Verdict]:
    took = facts["measured"]["write_outage_seconds"]
    if took is not None:
        yield _held("No writes for", took, facts["targets"].get("write_outage_seconds"))


def _copy(facts: Facts) -> Iterator[Verdict]:
    copy = facts["measured"].get("copy")
    if not copy:
        return
    for step, (what, said) in TIMES.items():
        took = copy["seconds"][step]
        if took is not None:
            yield Verdict(what, "plain", lasted(took), "measured", said)
    cost = copy["usd_per_day"]
    if cost:
        least, most = f"{cost['least']:.2f}", f"{cost['most']:.2f}"
        figure = f"USD {least if least == most else f'{least} to {most}'} a day"
        said = f"what depends on use is not in it; prices from {cost['prices_from']}"
        if cost["unknown"]:
            said += f"; without {count(cost['unknown'], 'thing')} of no known price"
        yield Verdict("Cost", "plain", figure, "estimated", said)


def _held(what: str, took: float, target: float | None) -> Verdict:
    if target is None:
        return Verdict(what, "plain", lasted(took), "measured", "no target is declared")
    said = f"measured; the target is {_most(target)}"
    if took <= target:
        return Verdict(what, "pass", lasted(took), "met", said)
    over = f"{said}, and it took {lasted(took - target)} more"
    return Verdict(what, "fail", lasted(took), "missed", over)


def _most(target: float) -> str:
    return f"at most {lasted(target)}" if target else "none at all"
