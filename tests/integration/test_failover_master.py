# SPDX-License-Identifier: GPL-3.0-or-later
"""The master user's password is another one after a move, and the secret names what it is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import instance
from botocore.client import BaseClient
from environment import Environment, addresses

SECRET = "production/home/database"
# The writes of the step, in their order.
WRITES = (
    "PutSecretValue",
    "ModifyDBInstance",
    "UpdateSecretVersionStage:AWSCURRENT",
    "UpdateSecretVersionStage:AWSPENDING",
)


class Killed(BaseException):
    """A run that dies here: nothing of it goes on, and nothing is written down."""


class Watched:
    """What instances are told to have as password, and where a run dies."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.given: list[str] = []
        self.dies = ("", "")
        self._call = call

    def __call__(self, client: Any, action: str, asked: Mapping[str, Any]) -> Any:
        label = asked.get("VersionStage") if action.startswith("Update") else None
        name, (at, mode) = f"{action}:{label}" if label else action, self.dies
        if (name, mode) == (at, "before"):
            raise Killed
        answer = self._call(client, action, asked)
        if "MasterUserPassword" in asked:
            self.given.append(asked["MasterUserPassword"])
        if (name, mode) == (at, "after"):
            raise Killed
        return answer


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    found = Watched(BaseClient._make_api_call)

    def call(client: Any, action: str, asked: Mapping[str, Any]) -> Any:
        return found(client, action, asked)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return found


def login(environment: Environment, site: str = "recovery") -> dict[str, str]:
    client = environment.aws(site).client("secretsmanager")
    found: dict[str, str] = json.loads(client.get_secret_value(SecretId=SECRET)["SecretString"])
    return found


def labels(environment: Environment) -> dict[str, list[str]]:
    told = environment.aws("recovery").client("secretsmanager").describe_secret(SecretId=SECRET)
    return {version: sorted(found) for version, found in told["VersionIdsToStages"].items()}


def version(id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{id}/{SECRET}"))


def test_a_failover_gives_the_master_user_a_password_that_the_lost_region_never_had(
    built: Environment, watched: Watched
) -> None:
    before = login(built)
    over.go_dark(built)
    found = over.upto(built, "master", accept_unfenced=True)[-1]
    after = login(built)
    assert watched.given == [after["password"]]
    assert after == {**before, "password": after["password"]} != before
    ours, pending = version(found["id"]), over.database(built)["PendingModifiedValues"]
    assert "AWSCURRENT" in labels(built)[ours]
    assert not [one for one in labels(built).values() if "AWSPENDING" in one]
    assert "MasterUserPassword" not in pending
    assert found["evidence"]["version"] == ours
    told = json.dumps([over.entries(built), found])
    assert after["password"] not in told
    assert before["password"] not in told
    mark = built.handle.mark()
    assert over.step(built, "master")["evidence"]["version"] == ours
    assert over.beside_journal(built, mark) == set()
    # When home is back it is told of it with the rest, and site has nothing to change of either.
    over.upto(built, "close", accept_unfenced=True)
    built.handle.faults([])
    assert login(built, "home") == before
    changes = addresses(built.plan())
    assert not [one for one in changes if "secret/" in one]
    built.run()
    assert login(built) == after
    assert watched.given == [after["password"]]


def test_a_run_that_dies_at_any_write_leaves_what_the_same_command_finishes_with_one_password(
    built: Environment, watched: Watched
) -> None:
    before = login(built)["password"]
    id = over.upto(built, "lock")[-1]["id"]
    for write in WRITES:
        for mode in ("before", "after"):
            watched.dies = (write, mode)
            with pytest.raises(Killed):
                over.step(built, "master")
            current = login(built)["password"]
            has = watched.given[-1] if watched.given else before
            # Who reads it gets in, or the one that does is kept.
            assert has == current or "AWSPENDING" in labels(built)[version(id)]
    watched.dies = ("", "")
    assert over.step(built, "master")["done"]
    current = login(built)["password"]
    assert set(watched.given) == {current} != {before}
    assert labels(built)[version(id)] == ["AWSCURRENT"]


@pytest.mark.sweep
def test_an_instance_that_is_busy_is_waited_for_and_the_secret_names_the_password_only_then(
    built: Environment, watched: Watched
) -> None:
    """As one that gets its class and zones. Visitors are served meanwhile."""
    before = login(built)["password"]
    over.upto(built, "lock")
    rds = built.aws("recovery").client("rds")
    built.handle.speed(4)
    rds.reboot_db_instance(DBInstanceIdentifier=over.DATABASE)
    with pytest.raises(Refusal, match="the master user's new password: after"):
        over.step(built, "master", wait_timeout=1)
    assert (watched.given, login(built)["password"]) == ([], before)
    assert over.switched(built)
    with pytest.raises(Refusal, match="has not done master"):
        over.step(built, "close")
    built.handle.speed(0)
    assert over.step(built, "master")["done"]
    assert watched.given == [login(built)["password"]]


def test_of_a_database_that_fails_once_visitors_are_there_it_is_not_said_that_none_are(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    over.upto(built, "lock")
    assert over.switched(built)
    monkeypatch.setattr(instance.reading, "failed", lambda item: True)
    with pytest.raises(Refusal, match="does not come back by itself") as caught:
        over.step(built, "master")
    assert caught.value.result["hint"].startswith("look at the instance's events")


@pytest.mark.parametrize(
    "effect",
    [
        "lost",
        pytest.param("error500", marks=pytest.mark.sweep),
        pytest.param("throttle", marks=pytest.mark.sweep),
    ],
)
@pytest.mark.parametrize(
    "action",
    [
        pytest.param(write.partition(":")[0], marks=[pytest.mark.sweep] if number else [])
        for number, write in enumerate(WRITES[:3])
    ],
)
def test_an_answer_that_does_not_come_makes_no_second_password(
    built: Environment, watched: Watched, action: str, effect: str
) -> None:
    over.upto(built, "lock")
    rule = {"effect": effect, "action": action, "region": over.RECOVERY, "times": 1}
    built.handle.faults([rule])
    assert over.step(built, "master")["done"]
    assert [fault["action"] for fault in built.handle.fired()] == [action]
    assert set(watched.given) == {login(built)["password"]}


@pytest.mark.sweep
def test_a_switchover_does_it_too_and_the_replica_of_the_next_protection_has_the_same_login(
    built: Environment, watched: Watched
) -> None:
    before = login(built)
    over.upto(built, "close", operation="switchover")
    after = login(built)
    assert watched.given == [after["password"]] != [before["password"]]
    # What knows the old primary is as that is, until it stands by.
    assert login(built, "home") == before
    over.upto(built, "protect", operation="reprotect")
    assert login(built, "home") == after
    built.run()
    assert addresses(built.plan()) == set()
    assert (login(built), watched.given) == (after, [after["password"]])
