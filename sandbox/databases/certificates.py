# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authorities of RDS, one for each region, and what they sign."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.databases.settings import REPLICATOR

_YEAR = timedelta(days=365)
_PEM = serialization.Encoding.PEM


class Authority:
    """The certificate authority of a region; its key is in memory only."""

    def __init__(self, region: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f"Sandbox RDS {region} Root CA ECC256 G1")
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
        )
        self.certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM)

    def issue(self, name: str, also: Sequence[str] = ()) -> tuple[bytes, bytes]:
        """Certificate and key (PEM) for a common name; `also` are host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        # 64 characters are all that a common name may have; endpoints can be longer.
        builder = _builder(_name(name[:64]), self._name, key.public_key())
        if also:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(text) for text in also]), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM)
        plain = serialization.NoEncryption()
        return certificate, key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain)


class Certificates:
    """All authorities of a sandbox, and the file that clients trust them by."""

    def __init__(self, regions: Iterable[str], bundle: Path) -> None:
        self._authorities = {region: Authority(region) for region in sorted(regions)}
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


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEAR)
    )
