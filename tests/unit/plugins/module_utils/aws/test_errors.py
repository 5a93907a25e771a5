# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of AWS means, and what is to be done about it."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Meaning,
    meaning,
    way_on,
)
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AddressLimitExceeded", True),
        ("VpcLimitExceeded", True),
        ("LimitExceededException", True),
        ("StorageQuotaExceeded", True),
        ("RequestLimitExceeded", False),
        ("InvalidParameterValue", False),
    ],
)
def test_where_a_quota_is_used_up_the_way_on_is_told(code: str, told: bool) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "AnyOperation")
    assert ("Service Quotas" in way_on(error)) is told


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "InsufficientHostCapacity"])
def test_a_zone_without_capacity_is_a_clear_answer_whatever_its_status(code: str) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 500}}
    assert meaning(ClientError(answer, "RunInstances")) is Meaning.REFUSED


@pytest.mark.parametrize(
    ("code", "text", "absent"),
    [
        (
            "InvalidChangeBatch",
            "[Tried to delete resource record set [name='a.', type='A'] but it was not found]",
            True,
        ),
        ("InvalidChangeBatch", "[RRSet with DNS name a. is not permitted]", False),
        ("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup: web", True),
        ("ValidationError", "Launch template name not given", False),
    ],
)
def test_what_is_gone_is_known_by_the_text_where_the_code_does_not_tell(
    code: str, text: str, absent: bool
) -> None:
    error = ClientError({"Error": {"Code": code, "Message": text}}, "AnyOperation")
    assert (meaning(error) is Meaning.ABSENT) is absent
