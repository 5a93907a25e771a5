# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of composite alarms: AND, OR, NOT and brackets over the states of other alarms.

The language is that of AlarmRule in
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_MOST_CHILDREN, _MOST_ELEMENTS = 100, 500
_TOKEN = re.compile(
    r"\s*(?:(?P<call>(?:ALARM|OK|INSUFFICIENT_DATA))\s*\(\s*"
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)+)\"|(?P<bare>[^\s()\"]+))\s*\)"
    r"|(?P<word>TRUE|FALSE|AND|OR|NOT)\b|(?P<bracket>[()]))",
    re.IGNORECASE,
)

# Whether the alarm of a name is in a state.
InState = Callable[[str, str], bool]


class BadRule(ValueError):
    """The rule is none; the text says where."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was understood. `names` are the alarms in it, each once, in their order."""

    names: tuple[str, ...]
    holds: Callable[[InState], bool]


def parse(text: str) -> Rule:
    """The rule that a text is. Raises BadRule."""
    parser = _Parser(_tokens(text))
    holds = parser.disjunction()
    parser.expect_end()
    names = tuple(dict.fromkeys(parser.names))
    if len(names) > _MOST_CHILDREN:
        raise BadRule(f"a rule has at most {_MOST_CHILDREN} alarms, not {len(names)}")
    return Rule(names, holds)


def _tokens(text: str) -> list[re.Match[str]]:
    found, at = list[re.Match[str]](), 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadRule(f"not understood at character {at + 1}: {text[at : at + 20]!r}")
        found.append(token)
        at = token.end()
    if len(found) > _MOST_ELEMENTS:
        raise BadRule(f"a rule has at most {_MOST_ELEMENTS} elements, not {len(found)}")
    return found


class _Parser:
    """OR binds weaker than AND, and AND weaker than NOT."""

    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self._left = tokens[::-1]
        self.names: list[str] = []

    def disjunction(self) -> Callable[[InState], bool]:
        parts = [self.conjunction()]
        while self._take("OR"):
            parts.append(self.conjunction())
        return lambda states: any(part(states) for part in parts)

    def conjunction(self) -> Callable[[InState], bool]:
        parts = [self.negation()]
        while self._take("AND"):
            parts.append(self.negation())
        return lambda states: all(part(states) for part in parts)

    def negation(self) -> Callable[[InState], bool]:
        if self._take("NOT"):
            part = self.negation()
            return lambda states: not part(states)
        return self.atom()

    def atom(self) -> Callable[[InState], bool]:
        if self._take("("):
            inner = self.disjunction()
            if not self._take(")"):
                raise BadRule("a bracket is not closed")
            return inner
        for word, value in (("TRUE", True), ("FALSE", False)):
            if self._take(word):
                return lambda _states, value=value: value  # type: ignore[misc]
        return self._alarm()

    def expect_end(self) -> None:
        if self._left:
            raise BadRule(f"too much: {self._left[-1].group().strip()!r}")

    def _alarm(self) -> Callable[[InState], bool]:
        if not self._left:
            raise BadRule("something is missing at the end")
        token = self._left.pop()
        call = token.group("call")
        if not call:
            raise BadRule(f"not expected here: {token.group().strip()!r}")
        state = call.upper()
        quoted = token.group("quoted")
        name = re.sub(r"\\(.)", r"\1", quoted) if quoted else token.group("bare")
        # An ARN names its alarm at the end.
        name = name.partition(":alarm:")[2] if name.startswith("arn:") else name
        self.names.append(name)
        return lambda in_state: in_state(name, state)

    def _take(self, what: str) -> bool:
        if not self._left:
            return False
        token = self._left[-1]
        if what not in ((token.group("word") or "").upper(), token.group("bracket")):
            return False
        self._left.pop()
        return True
