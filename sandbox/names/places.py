# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what has a name given by AWS really listens."""

from __future__ import annotations

from ipaddress import IPv4Network

from sandbox.names.records import View, canonical, parent

# For documentation (RFC 5737): nobody has such an address, so nothing is ever reached there.
_NOWHERE = (
    *IPv4Network("192.0.2.0/24").hosts(),
    *IPv4Network("198.51.100.0/24").hosts(),
    *IPv4Network("203.0.113.0/24").hosts(),
)


class Places:
    """Addresses by name; where they differ by who asks, by VPC too.

    Whoever calls holds the world's lock.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], tuple[str, ...]] = {}
        self._nowhere: dict[str, str] = {}

    def adopt(self, name: str, *addresses: str, vpc: str | None = None) -> None:
        """From now on a name is answered with these addresses, in place of what it was before.

        vpc: only those who ask in this VPC, "" only those in the internet, None all for whom there
        is nothing of their own. A name `*.x` is any below `x` that has nothing of its own.
        """
        self._found[canonical(name), vpc] = addresses

    def drop(self, name: str) -> None:
        """Forget a name, in all VPCs; one that is not known is no error."""
        for key in [key for key in self._found if key[0] == canonical(name)]:
            del self._found[key]

    def find(self, name: str, view: View) -> tuple[str, ...] | None:
        """The addresses of exactly this name; None if nobody adopted it."""
        return self._found.get((name, view.vpc), self._found.get((name, None)))

    def find_wild(self, name: str, view: View) -> tuple[str, ...] | None:
        """The addresses of the nearest wildcard over a name; None if there is none."""
        above = parent(name)
        while above != ".":
            found = self.find(canonical(f"*.{above}"), view)
            if found is not None:
                return found
            above = parent(above)
        return None

    def nowhere(self, name: str) -> str:
        """The address of something that is not real: its own for as long as there are enough."""
        if name not in self._nowhere:
            self._nowhere[name] = str(_NOWHERE[len(self._nowhere) % len(_NOWHERE)])
        return self._nowhere[name]

    def unreal(self, address: str) -> str:
        """The name of what is not real and has this address; "" if it has been given to nothing."""
        return next((n for n, nowhere in self._nowhere.items() if nowhere == address), "")

    def forget(self) -> None:
        """Forget all but what is adopted for the internet by a wildcard: the API itself."""
        kept = {key: value for key, value in self._found.items() if key[0].startswith("\\052.")}
        self._found = kept
        self._nowhere.clear()
