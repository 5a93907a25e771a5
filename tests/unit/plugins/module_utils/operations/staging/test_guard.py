# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a parameter of staging names a host of production."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.errors import Guarded
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging.guard import (
    _refuse_parameters,
)

HOSTS = ["shop.example.com", "*.shop.example.com", "shop.de"]
STAGING = "staging.shop.example.com"


@pytest.mark.parametrize(
    "text",
    [
        "shop.example.com",
        "shop.example.com:443/api",
        "https://SHOP.example.com/x",
        "https://www.shop.example.com/hook",
        "mail to no-reply@shop.example.com.",
        "hosts: shop.de, staging.shop.example.com",
    ],
)
def test_it_is_refused_however_it_is_written(text: str) -> None:
    with pytest.raises(Guarded, match=r"parameter hook of staging names .*, which is production's"):
        _refuse_parameters({"hook": text}, [], HOSTS, STAGING)


@pytest.mark.parametrize(
    "text",
    [
        "https://staging.shop.example.com/x",
        "https://api.staging.shop.example.com/x",
        "https://myshop.de/",
        "https://shop.develop.org/",
        "workshop.example.community",
    ],
)
def test_staging_and_names_that_are_longer_are_let_be(text: str) -> None:
    _refuse_parameters({"hook": text}, [], HOSTS, STAGING)
