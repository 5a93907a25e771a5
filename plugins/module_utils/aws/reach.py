# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be asked while a region is given up: the other region alone, and no control plane that
is one for the whole world.

Not a habit of those who write the steps of a failover, but a gate in front of the wire: a request
that is not allowed is never sent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import WORLDWIDE

# Of S3 only objects may be asked for: settings of buckets are kept by a control plane of its own.
OBJECTS = frozenset(
    {
        "DeleteObject",
        "GetObject",
        "HeadObject",
        "ListObjectsV2",
        "ListObjectVersions",
        "PutObject",
    }
)

# Endpoints of other names are somebody's own, as one that an environment variable names.
OF_AWS = (".amazonaws.com", ".api.aws")


class OutOfReach(Exception):
    """A request that must not be sent while the region it goes to, or depends on, is given up."""

    code = "out_of_reach"


@dataclass(frozen=True, slots=True)
class Reach:
    """region: the only one that may be asked. only: of its operations, those that may be; empty for
    all but those that depend on other regions.
    """

    region: str
    only: Collection[str] = ()

    def check(self, service: str, region: str, operation: str, url: str = "") -> None:
        """Raises OutOfReach unless the request may be sent.

        url: where it is sent; an endpoint of AWS without the region in its name is not of that.
        """
        why = self._objection(service, region, operation, url)
        if why:
            raise OutOfReach(f"{service} {operation} in {region} was not sent: {why}")

    def _objection(self, service: str, region: str, operation: str, url: str) -> str:
        if region != self.region:
            return f"only {self.region} is asked"
        if service in WORLDWIDE:
            return f"{service} is one for all regions, and its writes go to one of them"
        if self.only and operation not in self.only:
            return f"of this region only {', '.join(sorted(self.only))} is asked"
        if service == "s3" and operation not in OBJECTS:
            return "settings of buckets depend on other regions"
        host = urlsplit(url).hostname or ""
        if host.endswith(OF_AWS) and f".{self.region}." not in host:
            return f"{host} is not an endpoint of {self.region}"
        return ""
