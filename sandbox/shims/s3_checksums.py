# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums of objects: the one that a request says is compared, kept and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import S3ClientError as Refusal
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "An object that is put with a SHA-256, SHA-1 or CRC-32 of its content keeps it, and one with "
    "a wrong one is refused.",
)
HOOKS: tuple[Hook, ...] = ((S3Response, "_get_checksum", ("response_headers",)),)
# CRC32C and CRC64NVME take libraries that the sandbox does without.
_COMPARED = ("SHA256", "SHA1", "CRC32")


def install(_world: World) -> None:
    @wrap(S3Response, "_get_checksum")
    def get(
        original: Callable[..., Any], self: Any, response_headers: dict[str, Any]
    ) -> tuple[str, str | None]:
        for algorithm in _COMPARED:
            header = f"x-amz-checksum-{algorithm.lower()}"
            if given := self.headers.get(header):
                if compute_checksum(self.body or b"", algorithm).decode() != given:
                    raise Refusal(
                        "BadDigest",
                        f"The {algorithm} you specified did not match the calculated checksum.",
                    )
                response_headers[header] = given
                return algorithm, given
        found: tuple[str, str | None] = original(response_headers)
        return found
