# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reference side is to reach, said beside what it reached. Nothing fails because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.figures import Figure, named, ratio
from benchmarks.sides import Wrong

PEER = "peer"
Found = Callable[[Sequence[Figure], str], float | None]


def _wall_ratio(step: str) -> Found:
    def found(all_figures: Sequence[Figure], reference: str) -> float | None:
        ours, peer = (named(all_figures, side, step) for side in (reference, PEER))
        return ratio(peer.wall, ours.wall) if ours and peer else None

    return found


def _count(name: str) -> Found:
    def found(all_figures: Sequence[Figure], reference: str) -> float | None:
        ours = named(all_figures, reference, "second")
        return float(getattr(ours, name)) if ours else None

    return found


# Name in sides.toml -> how it is found, whether more is better.
KNOWN: Mapping[str, tuple[Found, bool]] = {
    "second_run_wall_ratio_to_peer": (_wall_ratio("second"), True),
    "first_run_wall_ratio_to_peer": (_wall_ratio("first"), True),
    "second_run_requests": (_count("requests"), False),
    "second_run_writes": (_count("writes"), False),
}


def sentences(
    goals: Mapping[str, float], all_figures: Sequence[Figure], reference: str
) -> Iterator[str]:
    """One for each goal that was measured. Raises Wrong for a goal that is not known."""
    for name, wanted in goals.items():
        if name not in KNOWN:
            raise Wrong(f"goals.{name}: known are {', '.join(KNOWN)}")
        find, more = KNOWN[name]
        value = find(all_figures, reference)
        if value is None:
            continue
        reached = value >= wanted if more else value <= wanted
        bound = "at least" if more else "at most"
        shown = f"{value:.1f}".removesuffix(".0")
        yield (
            f"{name.replace('_', ' ')}: {shown}, wanted {bound} {wanted:g}: "
            f"{'reached' if reached else 'NOT reached'}"
        )
