# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that meet over a lease at the worst moment: none writes beside another."""

from __future__ import annotations

import itertools
import signal
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
    Entry,
    Unleased,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    Holder,
    of_run,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Held,
)
from botocore.exceptions import ConnectionClosedError

from tests.unit.plugins.module_utils.converge.leasing import (
    FIRST,
    SCOPE,
    SECOND,
    THIRD,
    entries,
    held_by,
    keep,
    only_watched,
    write,
)


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
    only_watched(lease, monkeypatch)
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
    only_watched(lease, monkeypatch)
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
