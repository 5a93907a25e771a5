# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time holds a site's lease; of a run that died nobody has to wait for long."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease as module
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.entries import (
    Unleased,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    Holder,
    alone,
    of_run,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Held,
)
from botocore.exceptions import ClientError

from tests.unit.plugins.module_utils.converge.leasing import (
    FIRST,
    SCOPE,
    SECOND,
    entries,
    held_by,
    keep,
)


def test_it_is_held_meanwhile_and_given_back(aws: Aws) -> None:
    with held_by(aws, FIRST).during() as new:
        assert new
        assert entries(aws) == ["/phoenix/production/home/lease/1"]
    assert entries(aws) == []


def test_it_is_given_back_after_a_failure_too(aws: Aws) -> None:
    lease = held_by(aws, FIRST)

    def work() -> None:
        with lease.during():
            lease.kept = True
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        work()
    assert entries(aws) == []


def test_a_later_task_of_the_run_finds_it_kept_and_need_not_look_again(aws: Aws) -> None:
    keep(aws, FIRST)
    assert len(entries(aws)) == 1
    with held_by(aws, FIRST).during() as new:
        assert not new
    assert entries(aws) == []


def test_a_task_that_belongs_to_no_run_keeps_nothing(aws: Aws) -> None:
    keep(aws, alone())
    assert entries(aws) == []


def test_a_run_that_another_one_keeps_out_ends_as_soon_as_that_gives_a_sign_of_life(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW", 0.2)
    said: list[str] = []
    with held_by(aws, FIRST).during():
        with (
            pytest.raises(Held, match="that of ann@laptop, which gave its last sign of life"),
            held_by(aws, SECOND, said).during(),
        ):
            pytest.fail("both hold it")
        assert entries(aws) == ["/phoenix/production/home/lease/1"]
    assert len(said) == 1
    assert "waits for the run of ann@laptop" in said[0]


def test_a_lease_that_nobody_renews_is_taken_over_and_what_was_read_before_is_old(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aws, FIRST)
    monkeypatch.setattr(module, "LAPSE", 0.5)
    with held_by(aws, SECOND).during() as new:
        assert new
        assert entries(aws) == ["/phoenix/production/home/lease/2"]


def test_who_slept_and_was_taken_over_from_writes_no_more(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = held_by(aws, FIRST)
    with first.during():
        first.check()
        monkeypatch.setattr(module, "LAPSE", 0.0)
        with held_by(aws, SECOND).during(), pytest.raises(Held, match="bob@laptop"):
            first.check()
        with pytest.raises(Held, match="bob@laptop"):
            first.check()


def test_who_slept_and_was_not_missed_goes_on(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    first = held_by(aws, FIRST)
    with first.during():
        monkeypatch.setattr(module, "LAPSE", 0.0)
        first.check()


def test_of_many_that_claim_at_once_one_holds_it_at_a_time(aws: Aws) -> None:
    inside: list[int] = []
    most: list[int] = []
    refused: list[Held] = []
    start = threading.Barrier(6)

    def claim(number: int) -> None:
        own = Aws(SCOPE, Connection(access_key="x", secret_key="x"))
        lease = held_by(own, Holder(f"boot:pid/{number}/1", f"boot:pid/1{number}/1", "x@y"))
        lease.end()
        start.wait()
        try:
            with lease.during():
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.2)
                inside.remove(number)
        except Held as error:
            refused.append(error)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(most) + len(refused) == 6
    assert entries(aws) == []


def test_a_process_of_this_machine_that_is_no_more_is_known_to_be_dead(aws: Aws) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    holder = of_run(process.pid)
    dead = Holder(holder.run, holder.run, "x@y")
    assert dead.lives
    keep(aws, dead)
    aws.client("ssm").put_parameter(
        Name="/phoenix/production/home/lease/4", Value=dead.dumps(), Type="String"
    )
    process.kill()
    process.wait()
    assert dead.lives is False
    # Its controller is dead, and the worker is not: that may still write.
    assert Holder(holder.run, alone().process, "x@y").lives
    with held_by(aws, SECOND).during() as new:
        assert new
        assert entries(aws) == ["/phoenix/production/home/lease/5"]


def test_of_another_machine_nobody_knows_whether_its_process_lives() -> None:
    assert FIRST.lives is None
    number = str(os.getpid())
    assert Holder(f"elsewhere/{number}/1", f"elsewhere/{number}/1", "x@y").lives is None
    assert Holder.loads("no json").lives is None
    assert Holder.loads(FIRST.dumps()) == FIRST


def test_the_users_tags_are_on_it(aws: Aws) -> None:
    with held_by(aws, FIRST).during():
        listed = aws.client("ssm").list_tags_for_resource(
            ResourceType="Parameter", ResourceId=entries(aws)[0]
        )
        assert listed["TagList"] == [{"Key": "team", "Value": "shop"}]


def test_an_empty_page_that_is_not_the_last_one_does_not_hide_who_holds_it(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aws, FIRST)
    lease = held_by(aws, SECOND)
    real = aws.client("ssm").get_parameters_by_path
    pages: list[str] = []

    def paged(**arguments: str) -> object:
        answer = real(Path=arguments["Path"])
        if "NextToken" not in arguments:
            return {**answer, "Parameters": [], "NextToken": "more"}
        pages.append(arguments["NextToken"])
        return answer

    monkeypatch.setattr(aws.client("ssm"), "get_parameters_by_path", paged)
    assert [entry.holder for entry in lease._entries.look()] == [FIRST]
    assert pages == ["more"]


def test_what_aws_refuses_is_told_with_the_rights_that_it_takes(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**arguments: object) -> None:
        error = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
        raise ClientError(error, "PutParameter")

    monkeypatch.setattr(aws.client("ssm"), "put_parameter", denied)
    with (
        pytest.raises(Unleased, match=r"/phoenix/production/home/lease.*not authorized") as told,
        held_by(aws, FIRST).during(),
    ):
        pytest.fail("it holds what it was refused")
    assert "ssm:PutParameter" in told.value.hint


def test_an_update_that_meets_another_one_is_tried_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = aws.client("ssm").put_parameter, iter([True, True])

    def busy(**arguments: object) -> object:
        if next(tries, False):
            raise ClientError({"Error": {"Code": "TooManyUpdates", "Message": "b"}}, "PutParameter")
        return real(**arguments)

    monkeypatch.setattr(aws.client("ssm"), "put_parameter", busy)
    with held_by(aws, FIRST).during():
        assert len(entries(aws)) == 1
