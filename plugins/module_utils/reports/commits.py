# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was proven is what is at hand, by the commits of the two."""

from __future__ import annotations

# Behind a commit, as git describes it: files of the checkout were otherwise than it has them.
DIRTY = "-dirty"


def differ(proven: str, now: str) -> str:
    """How the code that was proven differs from that which is at hand; "" where it is the same.

    Both as git names a commit. Neither may be "", which is one that is not known.
    """
    if proven != now:
        return f"on commit {proven}, not {now}"
    return f"on what no commit has ({now})" if now.endswith(DIRTY) else ""
