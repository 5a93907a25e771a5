# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of AWS means, and what is to be done about it."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import way_on
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
