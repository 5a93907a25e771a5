# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of a staging copy has met lets the copy become staging, or does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    probes,
    told,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts.stage import (
    Stage,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.refresh import REFRESH

ID = "20261128T101500Z-refresh-3f2a"
OWN = frozenset({"10.20.16.7"})


def judged(**more: Any) -> str:
    stage = cast("Stage", SimpleNamespace(journal=SimpleNamespace(id=ID)))
    mail = {"operation": ID, "arrived": True, "letters": 1}
    met = {"outside": [{"to": "192.0.2.7:443", "address": "", "how": "silence"}], "production": []}
    return told.JUDGES["probes"](stage, {"mail": mail, **met, **more})


def met(kind: str, how: str, address: str = "192.0.2.7") -> list[str]:
    one = {"to": "api.example.com:443", "address": address, "how": how}
    return probes.met({"outside": [], "production": [], kind: [one]}, OWN)


def test_mail_that_is_not_in_the_sink_keeps_a_copy_from_being_staging() -> None:
    assert judged() == ""
    lost = {"operation": ID, "arrived": False, "said": "it is not among the 2 that did"}
    assert judged(mail=lost) == (
        "the mail that was sent did not arrive in the sink: it is not among the 2 that did"
    )
    earlier = {"operation": "another", "arrived": True}
    assert "did not arrive" in judged(mail=earlier)
    assert "did not arrive" in judged(mail={})


def test_a_host_that_does_not_tell_what_it_met_has_proved_nothing() -> None:
    stage = cast("Stage", SimpleNamespace(journal=SimpleNamespace(id=ID)))
    mail = {"mail": {"operation": ID, "arrived": True}}
    assert "the host did not tell what it met outside" in probes.judged(stage, mail)
    # To try nothing is no proof either.
    assert "staging_mirror_outside names what to try" in judged(outside=[])


@pytest.mark.parametrize("how", ["silence", "Network is unreachable", "Name does not resolve"])
def test_whoever_does_not_answer_is_not_met(how: str) -> None:
    assert met("outside", how) == met("production", how) == []


def test_whoever_answers_is_named_and_to_be_refused_is_an_answer() -> None:
    assert met("outside", "connected") == ["api.example.com:443 answers at 192.0.2.7"]
    assert met("outside", "refused") == ["api.example.com:443 is reached at 192.0.2.7"]
    assert met("production", "connected") == [
        "api.example.com:443 answers at 192.0.2.7, which is production's"
    ]


def test_a_host_of_the_copy_with_an_address_that_production_has_too_is_not_production() -> None:
    assert met("production", "connected", "10.20.16.7") == []


def test_the_name_is_swapped_only_after_the_probes() -> None:
    names = [step.name for step in REFRESH]
    assert names.index("smoke") < names.index("probes") < names.index("lock") < names.index("swap")
