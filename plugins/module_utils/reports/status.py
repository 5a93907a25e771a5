# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an environment stands, on one page: who serves, what is ready to take over, what is next.

The facts of a status are a JSON object:

environment; looked: when it was looked at, ISO 8601 (ages are told as of then)
commit: of the playbooks that look, "" where not known
active: site, region, since (ISO 8601, "" where not known), by (id of the operation that made it so,
    "" for the one that built it)
protection: state ("protected", "unprotected" or "unknown"), since (ISO 8601 or ""), said, next
replication: lag_seconds and heartbeat_age_seconds (null where not known); null as a whole where
    nothing is to be replicated
objectives: recovery_point_seconds, drill_days (what is left out or null is not asked for)
copies: list of what, state ("pass", "fail" or "unknown"), age_seconds (null), said, next
drill: the last operation that proved the way and succeeded: id, ended (ISO 8601), commit ("" where
    not known), recovery_time_seconds (null); null as a whole where there is none
proof: what is thought of it: state ("pass", "fail" or "unknown"), next
unfinished: id, operation, began (ISO 8601), operator, step (title of the one it stands at), command
    (to go on with); null as a whole where all have ended
staging: the copies of production that nobody's data is in; null as a whole where none is known of
    restored: the last refresh that succeeded, by which a backup was restored: id, ended (ISO 8601),
        restore_seconds (null), as_of (ISO 8601 or ""), rows and tables (null), age_seconds (how old
        the newest row was, null where not known); null where none has
    serves: environment, of (the site that it is a copy of), by (id), since, until (both ISO 8601,
        until "" where not known); null where none does
    unfinished: as of the whole environment, of a refresh or the way back from one
restore: what is thought of restored: state ("" where it is nothing to be judged), next
next: what else is to be done

Each next is "", a sentence, or a command that begins with "$ ".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import words
from .commits import differ
from .markup import (
    SIGNS,
    Markup,
    State,
    document,
    escaped,
    joined,
    listed,
    section,
    state,
    table,
    tag,
)
from .words import COMMAND, NOT_KNOWN, between, clock, count, lasted

StatusFacts = Mapping[str, Any]
NOTHING = "\u2013"
WORDS: Mapping[str, str] = {"pass": "good", "fail": "not good", "unknown": NOT_KNOWN}
# What facts call a state -> the state; any other word is as good as not known.
STATES: Mapping[str, State] = {
    "pass": "pass",
    "fail": "fail",
    "protected": "pass",
    "unprotected": "fail",
}
DAY = 86400


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a failover relies on. age: in seconds; next: what to do about it, or ""."""

    what: str
    state: State
    age: float | None
    said: str
    next: str = ""


def checks(facts: StatusFacts) -> list[Check]:
    """All that a failover relies on, in order of weight."""
    return [
        *_unfinished(facts),
        _protection(facts),
        *_replication(facts),
        *(_copy(each) for each in facts["copies"]),
        _drill(facts),
        *_restored(facts),
    ]


def readiness(facts: StatusFacts) -> State:
    """Whether a failover can be relied on now: "pass", or else the worst of what is in its way."""
    found = {check.state for check in checks(facts)}
    return next((worst for worst in ("fail", "unknown") if worst in found), "pass")


def next_steps(facts: StatusFacts) -> list[str]:
    """What to do, the most pressing first, each once."""
    found = checks(facts)
    pressing = [
        check.next for state in ("fail", "unknown") for check in found if check.state == state
    ]
    going = (facts["staging"] or {}).get("unfinished")
    more = [COMMAND + going["command"]] if going else []
    return list(dict.fromkeys(step for step in (*pressing, *facts["next"], *more) if step))


def status_page(facts: StatusFacts) -> str:
    """The status as HTML that needs nothing else.

    Raises KeyError where a fact is missing, ValueError for a time that is none.
    """
    found = checks(facts)
    return document(
        f"Status of {facts['environment']}",
        tag(
            "header",
            tag("h1", f"{facts['environment']}: ", state(readiness(facts), _headline(found))),
            tag("p", _active(facts)),
            tag("p", f"As of {clock(facts['looked'])}", at={"class": "quiet"}),
        ),
        section("Next", listed(_typed(step) for step in next_steps(facts))),
        section("What a failover relies on", _table(found)),
        section("Staging", listed(_staging(facts))),
    )


def status_text(facts: StatusFacts) -> list[str]:
    """The same in lines for a terminal, with nothing in them that would steer it."""
    found = checks(facts)
    width = max(len(words.line(check.what)) for check in found)
    lines = [f"{facts['environment']}: {_headline(found)}", _active(facts)]
    for check in found:
        age = f" ({lasted(check.age)} old)" if check.age is not None else ""
        lines.append(f"  {SIGNS[check.state]} {check.what:<{width}}  {check.said}{age}")
    lines += _staging(facts)
    lines += [f"next: {step}" for step in next_steps(facts)]
    # Blanks within a line are its columns.
    return [words.plain(each).replace("\n", " ").replace("\t", " ") for each in lines]


def _headline(found: list[Check]) -> str:
    wrong = sum(check.state == "fail" for check in found)
    unknown = sum(check.state == "unknown" for check in found)
    parts = [f"{count(wrong, 'thing')} not good"] if wrong else []
    parts += [f"{count(unknown, 'thing')} not known"] if unknown else []
    return ", ".join(parts) or "ready for a failover"


def _active(facts: StatusFacts) -> str:
    active = facts["active"]
    since = f" since {clock(active['since'])}" if active["since"] else ""
    by = f", by {active['by']}" if active["by"] else ""
    return f"Site {active['site']} ({active['region']}) serves{since}{by}."


def _unfinished(facts: StatusFacts) -> Iterator[Check]:
    held = facts["unfinished"]
    if held:
        said = f"{held['id']} of {held['operator']} has not ended; it stands at: {held['step']}"
        age = between(held["began"], facts["looked"])
        yield Check(f"Operation {held['operation']}", "fail", age, said, COMMAND + held["command"])


def _protection(facts: StatusFacts) -> Check:
    found, what = facts["protection"], "Protection"
    since = f" since {clock(found['since'])}" if found["since"] else ""
    said = ": ".join(part for part in (f"{found['state']}{since}", found["said"]) if part)
    return Check(what, STATES.get(found["state"], "unknown"), None, said, found["next"])


def _replication(facts: StatusFacts) -> Iterator[Check]:
    """The heartbeat decides: a lag of nothing is also what a copy tells that hears nothing."""
    found, what = facts["replication"], "Replication"
    if not found:
        return
    lag, age = found["lag_seconds"], found["heartbeat_age_seconds"]
    most = facts["objectives"].get("recovery_point_seconds")
    said = f"heartbeat {_old(age)}, lag {lasted(lag)}"
    if most is None:
        yield Check(what, "unknown", None, f"{said}; no objective is declared")
        return
    said += f"; the objective is {lasted(most)}"
    late = any(seconds is not None and seconds > most for seconds in (lag, age))
    yield Check(what, "fail" if late else "unknown" if age is None else "pass", None, said)


def _copy(found: Mapping[str, Any]) -> Check:
    known = STATES.get(found["state"], "unknown")
    return Check(found["what"], known, found["age_seconds"], found["said"], found["next"])


def _drill(facts: StatusFacts) -> Check:
    found, judged = facts["drill"], facts["proof"]
    known = STATES.get(judged["state"], "unknown")
    if not found:
        never = "never proven: no drill has succeeded"
        return Check("Proof", known, None, never, judged["next"])
    age = between(found["ended"], facts["looked"]) or 0.0
    most = facts["objectives"].get("drill_days")
    said = f"proven {_ago(age)} by {found['id']}"
    if found["recovery_time_seconds"] is not None:
        said += f" in {lasted(found['recovery_time_seconds'])}"
    said += f", {_commit(found['commit'], facts['commit'])}"
    if most is not None and age > most * DAY:
        said += f"; the objective is {count(most, 'day')}"
    return Check("Proof", known, None, said, judged["next"])


def _restored(facts: StatusFacts) -> Iterator[Check]:
    """As a restore of production was timed last, where there is staging."""
    found, judged = (facts["staging"] or {}).get("restored"), facts["restore"]
    if not judged["state"]:
        return
    known, what = STATES.get(judged["state"], "unknown"), "Restore test"
    if not found:
        said = "no refresh of staging has succeeded"
        yield Check(what, known, None, said, judged["next"])
        return
    age = between(found["ended"], facts["looked"]) or 0.0
    most = facts["objectives"].get("drill_days")
    said = f"production was restored {_ago(age)}"
    if found["restore_seconds"] is not None:
        said += f" in {lasted(found['restore_seconds'])}"
    said += f" by {found['id']}"
    if found["as_of"]:
        said += f", as of {clock(found['as_of'])}"
    if found["rows"] is not None:
        said += f": {count(found['rows'], 'row')} in {count(found['tables'], 'table')}"
    if found["age_seconds"] is not None:
        said += f", the newest {lasted(found['age_seconds'])} old"
    if most is not None and age > most * DAY:
        said += f"; the objective is {count(most, 'day')}"
    yield Check(what, known, None, said, judged["next"])


def _staging(facts: StatusFacts) -> list[str]:
    """Which copy serves and until when, and what has not ended."""
    found = facts["staging"]
    if not found:
        return ["No staging copy is known of, so no restore of production was timed."]
    said, serves, held = [], found["serves"], found["unfinished"]
    if serves:
        since = f"{serves['environment']}, a copy of site {serves['of']}, is staging since "
        said.append(f"{since}{clock(serves['since'])}, by {serves['by']}{_stays(facts, serves)}.")
    if held:
        age = between(held["began"], facts["looked"])
        said.append(
            f"{str(held['operation']).capitalize()} {held['id']} of {held['operator']} has not "
            f"ended; it stands at: {held['step']} ({lasted(age)} old)."
        )
    return said


def _stays(facts: StatusFacts, serves: Mapping[str, Any]) -> str:
    """That a copy was removed since no report tells."""
    until = serves["until"]
    if not until:
        return ""
    over = (between(until, facts["looked"]) or 0.0) >= 0
    return f"; it {'was to be removed on' if over else 'stays until'} {clock(until)}"


def _ago(age: float) -> str:
    days = int(age // DAY)
    return "today" if not days else f"{count(days, 'day')} ago"


def _typed(step: str) -> Markup:
    """A sentence as it is; a command as code, without what says that it is one."""
    return tag("code", step.removeprefix(COMMAND)) if step.startswith(COMMAND) else escaped(step)


def _commit(proven: str, now: str) -> str:
    if not proven or not now:
        return "on a commit not known"
    return differ(proven, now) or "on this commit"


def _old(age: float | None) -> str:
    return NOT_KNOWN if age is None else f"{lasted(age)} old"


def _table(found: list[Check]) -> Markup:
    return table(
        "Each with its age where it has one.",
        ("What", "State", "Age", "Why, and what to do"),
        [
            (
                check.what,
                state(check.state, WORDS[check.state]),
                NOTHING if check.age is None else lasted(check.age),
                joined(
                    [
                        tag("p", check.said),
                        tag("p", _typed(check.next))
                        if check.next and check.state != "pass"
                        else "",
                    ]
                ),
            )
            for check in found
        ],
        numbers=(2,),
    )
