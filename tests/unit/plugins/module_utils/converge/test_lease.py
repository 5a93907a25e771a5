# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time holds a site's lease; of a run that died nobody has to wait for long."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import (
    entries as entries_module,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease as module
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.entries import (
    Entry,
    Unleased,
    path,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    Holder,
    alone,
    of_run,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Held,
    Lease,
)
from botocore.exceptions import ClientError, ConnectionClosedError
from moto import mock_aws

SCOPE = Scope("production", "home", "us-east-1", "123456789012", tags={"team": "shop"})
# Processes of machines that are not this one: whether they live cannot be known here.
FIRST = Holder("boot-a:pid/10/1", "boot-a:pid/11/1", "ann@laptop")
SECOND = Holder("boot-b:pid/10/1", "boot-b:pid/11/1", "bob@laptop")
THIRD = Holder("boot-c:pid/10/1", "boot-c:pid/11/1", "cleo@laptop")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setattr(module, "LOOK", 0.05)
    monkeypatch.setattr(entries_module, "PAUSE", 0.05)
    with mock_aws():
        yield Aws(SCOPE, Connection(access_key="x", secret_key="x"))


def held_by(aws: Aws, holder: Holder, said: list[str] | None = None) -> Lease:
    return Lease(aws, holder, [].append if said is None else said.append)


def keep(aws: Aws, holder: Holder) -> None:
    """What a task does that leaves the lease to a later one of its run."""
    lease = held_by(aws, holder)
    with lease.during():
        lease.kept = True


def write(aws: Aws, holder: Holder) -> None:
    """What a run leaves that is killed while it holds the lease."""
    name = f"{path(SCOPE)}/1"
    aws.client("ssm").put_parameter(Name=name, Value=holder.dumps(), Type="String")


def entries(aws: Aws) -> list[str]:
    found = aws.client("ssm").get_parameters_by_path(Path=path(SCOPE))["Parameters"]
    return [item["Name"] for item in found]


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


def test_of_two_of_which_each_claimed_a_number_of_its_own_none_goes_on_beside_the_other(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One had looked before the other one came: its own number is free, and it is too late."""
    rival = held_by(Aws(SCOPE, Connection(access_key="x", secret_key="x")), SECOND)
    late = held_by(aws, FIRST)
    looks = iter([True])
    entries_now = late._entries.look

    def looked_before_the_rival_came() -> list[Entry]:
        found = entries_now()
        if next(looks, False):
            aws.client("ssm").put_parameter(
                Name="/phoenix/production/home/lease/7", Value=SECOND.dumps(), Type="String"
            )
        return found

    monkeypatch.setattr(late._entries, "look", looked_before_the_rival_came)
    said = threading.Event()
    monkeypatch.setattr(late, "_say", lambda line: said.set())
    refused: list[Held] = []

    def work() -> None:
        try:
            with late.during():
                pytest.fail("both hold it")
        except Held as error:
            refused.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    said.wait(60)
    assert entries(aws) == ["/phoenix/production/home/lease/7"]
    with rival.during() as new:
        assert not new
        thread.join(60)
    assert len(refused) == 1


def test_a_run_whose_kept_lease_was_taken_over_does_not_sign_it_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aws, FIRST)
    first = held_by(aws, FIRST)
    put = first._put

    def too_late(**more: object) -> int:
        aws.client("ssm").put_parameter(
            Name="/phoenix/production/home/lease/2", Value=SECOND.dumps(), Type="String"
        )
        aws.client("ssm").delete_parameter(Name="/phoenix/production/home/lease/1")
        monkeypatch.setattr(first, "_put", put)
        return put(**more)

    monkeypatch.setattr(first, "_put", too_late)
    seen: list[list[str]] = []

    def say(line: str) -> None:
        seen.append(entries(aws))
        aws.client("ssm").delete_parameter(Name="/phoenix/production/home/lease/2")

    monkeypatch.setattr(first, "_say", say)
    with first.during() as new:
        assert new
    assert seen == [["/phoenix/production/home/lease/2"]]


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


def test_who_gives_a_late_sign_of_life_is_not_taken_over_from(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that waits has watched for long enough, but not what it sees in the end."""
    keep(aws, FIRST)
    monkeypatch.setattr(module, "LAPSE", 3.0)

    def renew_late(line: str) -> None:
        # The pause after it is longer than what is missing of the time.
        monkeypatch.setattr(module, "LOOK", 3.1)
        aws.client("ssm").put_parameter(
            Name="/phoenix/production/home/lease/1",
            Value=FIRST.dumps(),
            Type="String",
            Overwrite=True,
        )

    lease = held_by(aws, SECOND)
    monkeypatch.setattr(lease, "_say", renew_late)
    entries_now = lease._entries.look
    monkeypatch.setattr(
        lease._entries, "look", lambda: [replace(entry, age=0.0) for entry in entries_now()]
    )
    with pytest.raises(Held, match="ann@laptop"), lease.during():
        pytest.fail("both hold it")


def test_nobody_waits_for_ever_for_a_process_of_this_machine_that_was_stopped(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor takes over: when that is woken, a request that was half sent goes its way."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        write(aws, of_run(process.pid))
        process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(module, "LAPSE", 0.5)
        lease = held_by(aws, SECOND)
        entries_now, looks = lease._entries.look, itertools.count()

        def look() -> list[Entry]:
            assert next(looks) < 200, "it waits for ever"
            return entries_now()

        monkeypatch.setattr(lease._entries, "look", look)
        with pytest.raises(Held) as told, lease.during():
            pytest.fail("both hold it")
        assert f"kill -CONT {process.pid}" in told.value.hint
    finally:
        process.kill()
        process.wait()


def test_who_is_woken_in_a_renewal_after_another_run_took_over_and_ended_writes_no_more(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = held_by(aws, FIRST)
    put = first._put

    def too_late(**more: object) -> int:
        with monkeypatch.context() as now:
            now.setattr(module, "LAPSE", 0.0)
            with held_by(Aws(SCOPE, Connection(access_key="x", secret_key="x")), SECOND).during():
                pass
        return put(**more)

    with first.during():
        monkeypatch.setattr(first, "_put", too_late)
        monkeypatch.setattr(first, "_renewed", 0.0)
        for _again in range(2):
            with pytest.raises(Held, match="wrote at this site meanwhile"):
                first.check()
    assert entries(aws) == []


def test_what_was_read_before_a_kept_lease_was_taken_over_and_given_back_is_old(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aws, FIRST)
    first = held_by(aws, FIRST)
    put = first._put

    def too_late(**more: object) -> int:
        aws.client("ssm").delete_parameter(Name="/phoenix/production/home/lease/1")
        monkeypatch.setattr(first, "_put", put)
        return put(**more)

    monkeypatch.setattr(first, "_put", too_late)
    with first.during() as new:
        assert new


def test_a_number_that_a_third_run_has_claimed_since_is_not_the_lease_that_was_watched(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aws, FIRST)
    monkeypatch.setattr(module, "LAPSE", 3.0)

    def change_hands(line: str) -> None:
        held_by(aws, FIRST).end()
        keep(aws, THIRD)
        # The pause after it is longer than a lease lives without a sign of life.
        monkeypatch.setattr(module, "LOOK", 3.1)

    lease = held_by(aws, SECOND)
    monkeypatch.setattr(lease, "_say", change_hands)
    entries_now = lease._entries.look
    monkeypatch.setattr(
        lease._entries, "look", lambda: [replace(entry, age=0.0) for entry in entries_now()]
    )
    with pytest.raises(Held, match="cleo@laptop"), lease.during():
        pytest.fail("both hold it")


def test_a_number_that_a_third_run_has_claimed_since_is_not_the_lease_that_had_lapsed(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    dead = Holder(of_run(process.pid).run, of_run(process.pid).run, "x@y")
    process.wait()
    write(aws, dead)
    lease, name = held_by(aws, SECOND), "/phoenix/production/home/lease/1"
    claim, met = lease._claim, []

    def slow() -> None:
        # Meanwhile another run took over from the dead one and ended, and a third one began.
        aws.client("ssm").delete_parameter(Name=name)
        keep(aws, THIRD)
        monkeypatch.setattr(lease, "_claim", claim)
        claim()

    def say(line: str) -> None:
        met.append(line)
        held_by(aws, THIRD).end()

    monkeypatch.setattr(lease, "_claim", slow)
    monkeypatch.setattr(lease, "_say", say)
    with lease.during():
        assert len(met) == 1
        assert "cleo@laptop" in met[0]


@pytest.mark.parametrize("executed", [True, False])
def test_a_lease_whose_end_got_no_answer_is_gone_and_that_of_the_next_run_is_not(
    aws: Aws, executed: bool
) -> None:
    other = Aws(SCOPE, Connection(access_key="x", secret_key="x"))
    unclear = iter([True])

    def lost(**_request: object) -> None:
        if not next(unclear, False):
            return
        if executed:
            other.client("ssm").delete_parameter(Name="/phoenix/production/home/lease/1")
            keep(other, SECOND)
        raise ConnectionClosedError(endpoint_url="https://ssm")

    for client in (aws.client("ssm"), aws.once("ssm")):
        client.meta.events.register_first("before-send.ssm.DeleteParameter", lost)
    with held_by(aws, FIRST).during():
        pass
    assert next(unclear, None) is None
    assert [entry.holder for entry in held_by(other, THIRD)._entries.look()] == [SECOND] * executed


def test_who_cannot_give_a_sign_of_life_writes_no_more_before_another_run_may_take_over(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**arguments: object) -> None:
        raise ConnectionClosedError(endpoint_url="https://ssm")

    first = held_by(aws, FIRST)
    with first.during():
        monkeypatch.setattr(aws.client("ssm"), "put_parameter", down)
        first.check()
        monkeypatch.setattr(first, "_renewed", time.time() - module.LAPSE + 20)
        with pytest.raises(Unleased, match="could not renew its lease"):
            first.check()
