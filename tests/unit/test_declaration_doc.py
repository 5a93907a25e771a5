# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/declaration.md says what the code does."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (
    Refusal,
    declared,
)
from ansible_collections.operatingdev.phoenix.plugins.plugin_utils.declared import strange_variables
from ansible_collections.operatingdev.phoenix.plugins.plugin_utils.whole import spelled

from tools import declaration_doc

TEXT = declaration_doc.PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_fields() -> None:
    assert declaration_doc.written(TEXT) == TEXT, "run python tools/declaration_doc.py"


def test_every_table_is_on_the_page() -> None:
    assert re.findall(r"<!-- table (\w+) -->", TEXT) == list(declaration_doc.tables())


def test_a_table_that_is_out_of_date_is_seen() -> None:
    old = TEXT.replace("| `network_flow_logs` |", "| `network_logs` |")
    assert old != TEXT
    assert declaration_doc.written(old) == TEXT


def test_what_is_said_to_be_required_is_enough_and_the_messages_are_real() -> None:
    required, messages = re.findall(r"```(?:yaml)?\n(.*?)```", TEXT, re.DOTALL)
    variables = yaml.safe_load(required)
    given = {
        **{
            name.removeprefix("phoenix_"): variables[name]
            for name in variables
            if "phoenix" in name
        },
        "traffic": {"domain": variables["traffic_domain"]},
        "site": "home",
    }
    assert declared(given, TIERS)
    given["sites"]["home"]["region"] = "us-est-1"
    given["database"] = {"storage_gb": "fifty"}
    strange = strange_variables({**variables, "network_flow_log": True})
    with pytest.raises(Refusal) as refused:
        declared(given, TIERS, spelled, strange)
    assert str(refused.value) == messages.strip()
