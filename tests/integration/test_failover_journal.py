# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failover has written down is whole, written once, and read for what it is."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    journal as journals,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.errors import NotAlone
from botocore.awsrequest import AWSResponse
from environment import Environment

OTHERS = {
    "operation": "failback",
    "from": "home",
    "to": "recovery",
    "operator": "bob@elsewhere",
    "began": "2026-01-01T00:00:00+00:00",
}


def begun(environment: Environment, *states: tuple[str, str]) -> journals.Journal:
    """A journal of another kind of operation, by what the library writes."""
    aws = environment.aws("recovery")
    id = journals.new_id("failback", journals.now(), journals.ids(aws))
    journal = journals.begin(aws, id, OTHERS)
    for step, state in states:
        journals.write(aws, journal, step, state, {})
    return journal


def unended(aws: Aws, kept: Sequence[Any] = ()) -> list[journals.Entry]:
    """The entries of the operation that has not ended, where these are kept."""
    found = journals.unended(aws, lambda id: kept)
    assert found
    return found.entries


def put(aws: Aws, key: str, body: bytes) -> None:
    aws.client("s3").put_object(Bucket=over.BUCKET, Key=key, Body=body)


@pytest.mark.parametrize("name", ["open", "decide"])
@pytest.mark.parametrize("dry", [True, False], ids=["dry", "done"])
def test_a_journal_that_lacks_an_entry_is_refused_and_not_taken_for_none(
    built: Environment, name: str, dry: bool
) -> None:
    over.upto(built, "decide")
    lost = over.keys(built)[1]
    built.aws("recovery").client("s3").delete_object(Bucket=over.BUCKET, Key=lost)
    before = over.keys(built)
    with pytest.raises(Refusal, match="lacks entry 1") as caught:
        over.step(built, name, dry=dry)
    assert caught.value.result["code"] == "unreadable"
    assert f"list-object-versions --region {over.RECOVERY}" in caught.value.result["hint"]
    assert over.keys(built) == before


@pytest.mark.parametrize("body", [b"", b"no json", b"{}", b"[]", b'"open"'])
@pytest.mark.parametrize(
    "which",
    [
        pytest.param(0, marks=pytest.mark.sweep),
        1,
        pytest.param(-1, marks=pytest.mark.sweep),
    ],
    ids=["first", "middle", "last"],
)
def test_a_journal_with_an_entry_that_is_none_is_refused(
    built: Environment, body: bytes, which: int
) -> None:
    over.upto(built, "decide")
    put(built.aws("recovery"), over.keys(built)[which], body)
    before = over.keys(built)
    with pytest.raises(Refusal, match="that is none") as caught:
        over.step(built, "open")
    assert caught.value.result["code"] == "unreadable"
    assert over.keys(built) == before


def test_an_entry_that_stands_at_another_number_is_none(built: Environment) -> None:
    over.upto(built, "decide")
    first, second = over.keys(built)[:2]
    aws = built.aws("recovery")
    body = aws.client("s3").get_object(Bucket=over.BUCKET, Key=first)["Body"].read()
    put(aws, second, body)
    with pytest.raises(Refusal, match="has an entry 1 that is none"):
        over.step(built, "fence")


def test_an_entry_that_was_kept_is_not_read_again_and_one_that_is_another_is(
    built: Environment,
) -> None:
    aws = built.aws("recovery")
    journal = begun(built, ("decide", "begun"), ("decide", "done"))
    _, same, longer = (json.loads(json.dumps(entry)) for entry in journal.entries)
    same["state"], longer["state"] = "later", "failed"
    for key, entry in zip(over.keys(built)[1:], (same, longer), strict=True):
        put(aws, key, json.dumps(entry, sort_keys=True).encode())
    states = [entry["state"] for entry in unended(aws, journal.entries)]
    assert states == ["opened", "begun", "failed"]
    read = [entry["state"] for entry in unended(aws)]
    assert read == ["opened", "later", "failed"]


@pytest.mark.parametrize("kept", [[None], [[]], ["open"], [{}], [{"number": 1}]])
def test_what_was_kept_and_is_no_entry_is_left_alone(built: Environment, kept: list[Any]) -> None:
    aws, journal = built.aws("recovery"), begun(built, ("decide", "begun"))
    assert unended(aws, kept) == journal.entries


def test_what_became_of_a_journal_that_was_closed_stops_no_other_operation(
    built: Environment,
) -> None:
    old = begun(built, ("decide", "begun"), ("decide", "done"), ("close", "closed"))
    lost, spoilt = over.keys(built)[1:3]
    built.aws("recovery").client("s3").delete_object(Bucket=over.BUCKET, Key=lost)
    put(built.aws("recovery"), spoilt, b"no json")
    assert over.step(built, "open")["id"] > old.id


@pytest.mark.parametrize("body", [b"no json", b"{}"])
def test_what_s3_copies_of_the_other_sites_journals_is_not_this_sites(
    built: Environment, body: bytes
) -> None:
    """Copies come late, in any order, and the last ones not at all when a region is lost."""
    aws = built.aws("home")
    journal = journals.begin(aws, journals.new_id("failback", journals.now()), OTHERS)
    key = f"operations/home/{journal.id}/0000.json"
    copied = built.aws("recovery").client("s3").get_object(Bucket=over.BUCKET, Key=key)
    assert json.loads(copied["Body"].read())["facts"] == OTHERS
    put(built.aws("recovery"), f"operations/home/{journal.id}/0007.json", body)
    assert over.step(built, "open")["operation"]["operation"] == "failover"
    assert journals.unended(aws) is not None


def test_the_newest_operation_is_found_with_as_few_requests_as_there_were_never_others(
    built: Environment,
) -> None:
    for number in range(3):
        begun(built, *[("close", journals.CLOSED)] * (number + 1))
    aws = built.aws("recovery")
    mark = built.handle.mark()
    assert journals.unended(aws) is None
    assert [call["action"] for call in built.handle.log(mark)] == ["ListObjectsV2"] * 2 + [
        "GetObject"
    ]
    newest = begun(built)
    found = journals.unended(aws)
    assert found is not None and found.id == newest.id


def test_an_operation_that_is_opened_by_a_clock_that_is_late_is_the_newest_all_the_same(
    built: Environment,
) -> None:
    aws, soon = built.aws("recovery"), journals.now() + datetime.timedelta(hours=1)
    early = journals.begin(aws, journals.new_id("failback", soon, journals.ids(aws)), OTHERS)
    journals.write(aws, early, "close", journals.CLOSED, {})
    id = over.step(built, "open")["id"]
    assert id > early.id
    found = journals.unended(aws)
    assert found is not None and found.id == id


def test_an_operation_that_was_given_up_has_no_report_and_one_that_was_done_gets_it(
    built: Environment,
) -> None:
    """Also one that an earlier version, or a killed run, has left without; but a journal of which
    no account can be given stops nobody.
    """
    closing = {
        "ended": "2026-01-01T01:00:00+00:00",
        "regions": {"home": over.HOME, "recovery": over.RECOVERY},
        "targets": {"recovery_time_seconds": 3600.0, "recovery_point_seconds": 60.0},
        "version": "0.1.0",
        "figures": {},
    }
    aws = built.aws("recovery")
    over.step(built, "open")
    with pytest.raises(Refusal, match="nothing was touched"):
        over.step(built, "decide", confirm="")
    done = over.step(built, "open")["id"]
    journal = journals.load(aws, done)
    journals.write(aws, journal, "close", journals.CLOSED, closing)
    begun(built, ("close", journals.CLOSED))
    over.step(built, "open")
    reports = [key for key in over.objects(built) if key.endswith("report.json")]
    assert [key.split("/")[2] for key in reports] == [done]


def test_a_run_that_has_failed_gives_an_account_which_is_not_sealed(built: Environment) -> None:
    over.upto(built, "decide")
    result = over.step(built, "close", failed="the host was lost")
    report = result["report"]
    assert (report["outcome"], report["ended"] != "") == ("failed", True)
    assert "sha256" not in report and "failed" in result["lines"][0]
    assert "Failover of production" in result["page"]
    assert over.reported(built) == set()


def test_one_that_was_given_up_has_failed_and_says_so_in_a_sealed_report(
    built: Environment,
) -> None:
    over.upto(built, "fence")
    report = over.abandon(built)["report"]
    assert (report["outcome"], report["findings"]) == ("failed", [])
    assert len(report["sha256"]) == 64
    assert over.reported(built) == over.REPORT
    again = over.upto(built, "close")[-1]["report"]
    assert (again["outcome"], again["before"]) == ("succeeded", report["sha256"])


def test_a_second_kind_of_operation_is_refused_while_one_has_not_ended(
    built: Environment,
) -> None:
    other = begun(built)
    for name in ("open", "decide", "promote"):
        with pytest.raises(Refusal) as caught:
            over.step(built, name, operation="switchover")
        assert caught.value.result["code"] == "out_of_order"
    with pytest.raises(Refusal, match=f"failback {other.id} of bob@elsewhere, begun at 2026"):
        over.step(built, "open", operation="switchover")
    assert over.told(built) == ["open opened"]
    journals.write(built.aws("recovery"), other, "close", journals.CLOSED, {})
    over.step(built, "open", operation="switchover")


def test_a_failover_takes_the_place_of_one_that_needs_the_region_that_is_lost(
    built: Environment,
) -> None:
    begun(built)
    for name in ("decide", "promote"):
        with pytest.raises(Refusal) as caught:
            over.step(built, name)
        assert caught.value.result["code"] == "out_of_order"
    over.step(built, "open")
    assert over.told(built) == ["open opened", "open closed", "open opened"]


def test_of_two_that_write_one_number_the_second_is_told_and_writes_nothing_over(
    built: Environment,
) -> None:
    aws = built.aws("recovery")
    begun(built)
    mine, theirs = journals.unended(aws), journals.unended(aws)
    assert mine
    assert theirs
    journals.write(aws, theirs, "decide", "begun", {"by": "them"})
    with pytest.raises(NotAlone, match="another run goes on with operation"):
        journals.write(aws, mine, "decide", "begun", {"by": "me"})
    assert [entry["facts"] for entry in over.entries(built)[1:]] == [{"by": "them"}]
    assert len(mine.entries) == 1


@pytest.mark.parametrize(
    "skipped", [0, *(pytest.param(number, marks=pytest.mark.sweep) for number in (1, 2))]
)
@pytest.mark.parametrize("effect", ["lost", "error500", "throttle"])
def test_an_answer_of_s3_that_does_not_come_is_not_taken_for_another_run(
    built: Environment, effect: str, skipped: int
) -> None:
    rule = {"effect": effect, "service": "s3", "action": "PutObject", "times": 1}
    built.handle.faults([{**rule, "skip": skipped}])
    over.upto(built, "decide")
    assert [fault["action"] for fault in built.handle.fired()] == ["PutObject"]
    assert over.told(built) == ["open opened", "decide begun", "decide done"]


def test_a_write_that_collides_with_its_own_earlier_attempt_is_made_again(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 refuses with status 409 what meets another conditional write of the same object."""
    aws = built.aws("recovery")
    journal = begun(built)
    met: list[str] = []

    def conflict(**_more: object) -> AWSResponse | None:
        if met:
            return None
        met.append("409")
        text = b"<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>"
        raw = type("Raw", (), {"stream": lambda self, **_: iter([text])})()
        return AWSResponse("https://s3", 409, {}, raw)

    aws.client("s3").meta.events.register("before-send.s3.PutObject", conflict)
    journals.write(aws, journal, "decide", "begun", {})
    assert met == ["409"]
    assert over.told(built) == ["open opened", "decide begun"]


def test_facts_are_the_same_for_those_who_wrote_them_and_those_who_read_them(
    built: Environment,
) -> None:
    """A list that was no list would be taken for an entry of another run."""
    aws, journal = built.aws("recovery"), begun(built)
    rule = {"effect": "lost", "service": "s3", "action": "PutObject", "times": 1}
    built.handle.faults([rule])
    journals.write(aws, journal, "decide", "done", {"layers": ("hosts", "database")})
    assert built.handle.fired()
    assert over.entries(built)[-1]["facts"] == {"layers": ["hosts", "database"]}
