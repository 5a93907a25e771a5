# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Login that hosts read at their start: which version of its secret, and who has read another.

Nothing is made. A host says by a tag which version was current when its launch was declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import LOGIN
from ..aws.view import View
from ..engine import canon
from ..engine.model import Have, Want
from .instance import GONE, listed
from .observed import Observed
from .secret_reading import described

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
SHOWN = 5


class Login(Observed):
    """spec: name (of the secret, in the site's own region), version ("" for whichever is current),
    hosts (whose tags are looked at; the id of an instance of ours), taken (bool: whether every host
    that there is must have been launched with that version). facts: id, version (the current one),
    adopted (bool: a rotation has got to where the secret names the new login, and has not ended),
    behind (ids of hosts that were launched with another version).

    Settled: the region has the version and, with `taken`, no host has another one. The copy of a
    secret in another region gets a new version a moment later.
    """

    name: ClassVar[str] = "login"
    services: ClassVar[tuple[str, ...]] = ("ec2", "secretsmanager")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in wants:
            spec = want.spec
            data = described(view, spec["name"]) or {}
            labels: Mapping[str, Sequence[str]] = data.get("VersionIdsToStages", {})
            current = bearer(labels, CURRENT)
            if not current or data.get("DeletedDate"):
                continue
            behind = _behind(view, spec["hosts"], current)
            come = spec["version"] in ("", current)
            late = behind if spec["taken"] else []
            yield Have(
                self.name,
                want.id,
                spec,
                {
                    "id": data["Name"],
                    "version": current,
                    "adopted": bearer(labels, PENDING) == current,
                    "behind": behind,
                },
                settled=come and not late,
                status=_told(late) if come else f"still to come as version {spec['version']}",
            )


def bearer(labels: Mapping[str, Sequence[str]], label: str) -> str:
    """The version of a secret that has a label; "" where none has."""
    return next((version for version, found in labels.items() if label in found), "")


def _behind(view: View, hosts: str, version: str) -> list[str]:
    """The ids of the hosts that were launched with another version of the login."""
    return sorted(
        item["InstanceId"]
        for item in listed(view)
        if item["State"]["Name"] not in GONE and _is_behind(view, item, hosts, version)
    )


def _is_behind(view: View, item: Mapping[str, Any], hosts: str, version: str) -> bool:
    tags = canon.tags(item.get("Tags", []))
    ours = view.scope.owns(tags, "instance") and view.scope.id_of(tags) == hosts
    return ours and tags.get(LOGIN) != version


def _told(hosts: Sequence[str]) -> str:
    """Who is waited for."""
    more = ", …" if len(hosts) > SHOWN else ""
    return f"still to be read by {', '.join(hosts[:SHOWN])}{more}" if hosts else "read"
