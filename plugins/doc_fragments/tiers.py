# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of all tiers, one dictionary each, made from the same fields that check them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from ..module_utils.converge.catalog import BY_NAME, TIERS, Tier
from ..module_utils.declaration.fields import Field


def options(fields: Iterable[Field]) -> dict[str, Any]:
    """Fields as the options of a module's documentation."""
    return {field.name: _option(field) for field in fields}


def _option(field: Field) -> dict[str, Any]:
    option: dict[str, Any] = {
        "description": [f"Must be {field.rule}. Example {json.dumps(field.example)}."],
        "type": field.type,
    }
    if field.required:
        option["required"] = True
    elif field.default is not None:
        default = field.default
        option["default"] = list(default) if isinstance(default, tuple) else default
    if field.choices:
        option["choices"] = list(field.choices)
    if field.elements:
        option["elements"] = field.elements
    if field.fields:
        option["suboptions"] = options(field.fields)
    return option


def documented(tiers: Iterable[Tier]) -> str:
    """A dictionary of options for each tier."""
    found = {
        tier.TIER: {
            "description": [f"Options of the tier, as in module {tier.TIER}."],
            "type": "dict",
            "default": {},
            "suboptions": options(tier.FIELDS),
        }
        for tier in tiers
    }
    return json.dumps({"options": found})


class ModuleDocFragment:
    """Fragment operatingdev.phoenix.tiers."""

    DOCUMENTATION: ClassVar[str] = documented(TIERS)
    # Fragment operatingdev.phoenix.tiers.database.
    DATABASE: ClassVar[str] = documented([BY_NAME["database"]])
