# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksum of an object is kept and compared, where the emulator does neither."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

OBJECT = {"Bucket": "a-bucket", "Key": "a"}


def put(cloud: Any) -> tuple[str, str]:
    """The checksum that is told of an object, and the refusal of one with a wrong one."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="a-bucket")
    right = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
    s3.put_object(**OBJECT, Body=b"one", ChecksumSHA256=right)
    told = s3.head_object(**OBJECT, ChecksumMode="ENABLED").get("ChecksumSHA256", "")
    wrong = {**OBJECT, "Key": "b", "Body": b"two", "ChecksumSHA256": right}
    return "right" if told == right else told, cloud.refused("s3", "put_object", **wrong)


def test_a_checksum_is_kept_and_a_wrong_one_refused(cloud: Any) -> None:
    assert put(cloud) == ("right", "BadDigest")


def test_the_emulator_alone_keeps_none_and_takes_any(plain: Any) -> None:
    assert put(plain) == ("", "")
