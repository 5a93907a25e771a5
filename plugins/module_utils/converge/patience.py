# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a failed call is worth another try, and when: pure functions of what it means.

Jitter is for throttling, where many callers must spread out. What is not visible yet is looked for
at growing, fixed intervals, so that chance does not decide whether it is made a second time.
"""

from __future__ import annotations

import random

from ..aws.errors import Meaning

ATTEMPTS = 12
LONGEST = 15.0
# Seconds for which a call is repeated because of something that AWS does not show everywhere yet.
PROPAGATION = 120.0
# Seconds for which a removal waits for others that still use the object.
BLOCKED = 600.0
# When to look, in seconds after the look before, for what a create may have made.
GLANCES = (0.0, 0.3)
LOOKS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)


def looks(how: Meaning, tokenless: bool) -> tuple[float, ...]:
    """The pauses before each look for an object that may be there after a failed create.

    tokenless: repeating the create would make a second object, so it must not be repeated early.
    """
    if how is Meaning.EXISTS or (how is Meaning.UNCLEAR and tokenless):
        return LOOKS
    return GLANCES


def pause(how: Meaning, attempt: int, elapsed: float) -> float | None:
    """Seconds until the next try, None where there is none.

    attempt: how many have failed before this one. elapsed: seconds since the first.
    """
    if how in (Meaning.THROTTLED, Meaning.UNCLEAR):
        return jitter(attempt) if attempt < ATTEMPTS - 1 else None
    if how in (Meaning.UNPROPAGATED, Meaning.ABSENT):
        return growing(attempt) if elapsed < PROPAGATION else None
    return None


def jitter(attempt: int) -> float:
    """Any time up to a bound that doubles."""
    return random.uniform(0, min(LONGEST, 0.2 * 2**attempt))


def growing(attempt: int) -> float:
    """A time that doubles, up to a bound."""
    return float(min(10.0, 0.25 * 2**attempt))
