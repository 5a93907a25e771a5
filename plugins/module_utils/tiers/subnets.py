# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which part of a site's network each subnet gets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

LETTERS = "abcdef"
LAYERS = ("public", "app", "database")


def subnets(cidr: str, zones: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """(layer, zone's letter, CIDR) of every subnet.

    Each letter has its place in the network, taken or not, so a zone that comes or goes moves no
    other. The first quarter is public, the second is the database's, in thirty-seconds; the second
    half is the application's, in sixteenths, for that is where the hosts are.
    """
    network = ipaddress.ip_network(cidr)
    small, large = list(network.subnets(5)), list(network.subnets(4))
    starts = {"public": small[0:], "database": small[8:], "app": large[8:]}
    for layer in LAYERS:
        for letter in sorted(zones):
            yield layer, letter, str(starts[layer][LETTERS.index(letter)])
