# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authorities of RDS, one for each region, and what they sign."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from sandbox.databases.settings import REPLICATOR
from sandbox.ground.authority import Authority


class Certificates:
    """All authorities of a sandbox, and the file that clients trust them by."""

    def __init__(self, regions: Iterable[str], bundle: Path) -> None:
        self._authorities = {
            region: Authority(f"Sandbox RDS {region} Root CA ECC256 G1")
            for region in sorted(regions)
        }
        self.trusted = b"".join(authority.certificate for authority in self._authorities.values())
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(self.trusted)

    def equip(self, folder: Path, region: str, names: Sequence[str], owner: int) -> None:
        """Write what a server needs: its own certificate, that as a replica, and the bundle.

        The files belong to the user number `owner`, and only it reads the keys.
        """
        authority = self._authorities[region]
        certificate, key = authority.issue(names[0], names)
        own, own_key = authority.issue(REPLICATOR)
        files = {
            "server.pem": certificate,
            "server.key": key,
            "replicator.pem": own,
            "replicator.key": own_key,
            "ca.pem": self.trusted,
        }
        for name, content in files.items():
            path = folder / name
            path.write_bytes(content)
            path.chmod(0o600)
            os.chown(path, owner, owner)
