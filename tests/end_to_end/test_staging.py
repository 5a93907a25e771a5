# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging copies of a production with a million rows, on real servers: nobody's data is in them,
and the name of staging leads from one to the next.

One story in order. What is looked for in a copy, and how, is nothing of the collection's.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import visit
from sandbox.ground.podman import Podman
from tests.end_to_end.story import REGIONS, Story, standing
from tests.end_to_end.traffic import Shop
from tests.masking import shop
from tests.masking.scanner import left, readable

pytestmark = [pytest.mark.real, pytest.mark.sweep]
DOMAIN = "staging.shop.example.com"
PRODUCTION = "production-home-database"
PLEDGES = 1000
PLEDGED = f"""
    insert into pledges (campaign_id, idempotency_key, amount_cents, email, name)
    select 1, 'idempotent-' || md5(n::text), 100 + n, 'backer' || n || '@mail' || n % 7 || '.com',
        'Backer Number' || n
    from generate_series(1, {PLEDGES}) as n
"""
REAL = (*shop.REAL, "select email from pledges", "select idempotency_key from pledges")
# A foreign key by name: how many rows have it, and how many of these name none.
FOREIGN = """
    select format(
        'select %L || count(*) || '' '' || count(*) filter (where not exists ('
            'select from %s as b where %s)) from %s as a where %s',
        conname || ' ', confrelid::regclass,
        (select string_agg(format('a.%I = b.%I', m.attname, t.attname), ' and ')
            from unnest(conkey, confkey) as k(mine, theirs)
            join pg_attribute as m on m.attrelid = conrelid and m.attnum = k.mine
            join pg_attribute as t on t.attrelid = confrelid and t.attnum = k.theirs),
        conrelid::regclass,
        (select string_agg(format('a.%I is not null', attname), ' and ')
            from unnest(conkey) as k join pg_attribute on attrelid = conrelid and attnum = k))
    from pg_constraint where contype = 'f' and conparentid = 0 order by conname
"""


class Told:
    """What a test finds out, and a later one needs."""

    first: set[str]


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """Production with the tables of another application beside those of its own."""
    with standing() as begun:
        declared = begun.twin.folder / "examples/crowdfund/sandbox/group_vars/all.yml"
        text = declared.read_text("utf-8")
        # YAML takes JSON; what is declared first stays.
        more = "".join(f"  {name}: {json.dumps(rule)}\n" for name, rule in shop.RULES.items())
        mark = "staging_mirror_rules:\n"
        assert text.count(mark) == 1
        declared.write_text(text.replace(mark, mark + more), "utf-8")
        owner = ask(begun, "select tableowner from pg_tables where tablename = 'pledges'")
        ask(begun, "create extension citext")
        ask(begun, f"set role {owner};\n{shop.SCHEMA}", *shop.fill(shop.MILLION), PLEDGED)
        yield begun


@pytest.fixture(scope="module")
def somebodys(story: Story) -> set[bytes]:
    """What production has of people."""
    return real(story)


def server(story: Story, name: str) -> dict[str, Any]:
    [found] = [one for one in story.call("GET", "databases") if one["name"] == name]
    return dict(found)


def ask(story: Story, *texts: str, of: str = PRODUCTION) -> str:
    """What a database server answers to statements in one session, as its superuser."""
    words = visit.psql(server(story, of), "application", terminal=False)
    words = ("exec", "-i", *words[1:])
    podman = Podman(story.twin.identity)
    return podman(*words, "-qAt", "-v", "ON_ERROR_STOP=1", given=";\n".join(texts), timeout=900)


def dump(story: Story, of: str) -> Iterator[bytes]:
    """All that is in a database, as pg_dump writes it, with what the planner knows."""
    words = visit.psql(server(story, of), "application", terminal=False)
    dumping = tuple("pg_dump" if word == "psql" else word for word in words)
    yield readable(Podman(story.twin.identity)(*dumping, timeout=900).encode())
    yield readable(ask(story, "select * from pg_stats", of=of).encode())


def copies(story: Story) -> set[str]:
    """The database servers of copies."""
    names = (str(one["name"]) for one in story.call("GET", "databases"))
    return {name for name in names if not name.startswith("production-")}


def refresh(story: Story, *words: str) -> dict[str, Any]:
    """The report of a refresh that succeeded. Raises AssertionError with what went wrong."""
    try:
        story.play("staging", *words)
    except RuntimeError as failed:
        said = [(step["name"], step["said"]) for step in story.whole("refresh")["steps"]]
        raise AssertionError([one for one in said if one[1]], str(failed)[-4000:]) from failed
    return story.whole("refresh")


def steps(report: dict[str, Any]) -> dict[str, Any]:
    return {step["name"]: step["evidence"] for step in report["steps"]}


def serving(story: Story) -> Shop:
    """Staging, as somebody finds it who looks its name up now."""
    page = visit.page(story.call("GET", "balancers"), story.call("GET", "names"), DOMAIN)
    return Shop(page.split("/ is ")[0], DOMAIN)


@dataclass
class Watch:
    """Somebody who uses staging, and looks its name up each time. outages: seconds between a good
    answer and the next one, where one in between was none.
    """

    story: Story
    outages: list[float] = field(default_factory=list)
    answers: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        good, failed = time.monotonic(), False
        while not self.over.wait(0.05):
            try:
                fine = serving(self.story).ask("GET", "/")[0] == 200
            except (OSError, visit.NobodyThere):
                fine = False
            now = time.monotonic()
            if fine:
                self.answers += 1
                if failed:
                    self.outages.append(now - good)
                good = now
            failed = not fine


@contextmanager
def watched(story: Story) -> Iterator[Watch]:
    watch = Watch(story)
    thread = threading.Thread(target=watch.look)
    thread.start()
    yield watch
    watch.over.set()
    thread.join()


def real(story: Story, of: str = PRODUCTION) -> set[bytes]:
    """What is somebody's, of at least eight signs."""
    found = ask(story, *REAL, of=of).splitlines()
    return {value.lower().encode() for value in found if len(value) >= 8}


def test_of_a_million_rows_nobodys_value_is_in_the_copy_and_all_that_belongs_together_is(
    story: Story, told: Told, somebodys: set[bytes]
) -> None:
    assert len(somebodys) > 1_000_000
    assert len(left(somebodys, dump(story, PRODUCTION))) == len(somebodys)
    began = time.monotonic()
    report = refresh(story)
    print(f"refresh of a million rows: {time.monotonic() - began:.0f} s")
    print({step["name"]: step["seconds"] for step in report["steps"]})
    assert (report["outcome"], report["findings"]) == ("succeeded", [])
    [copy] = copies(story)
    assert left(somebodys, dump(story, copy)) == set()
    count = "select count(*) from {}"
    gone = {table for table, rule in shop.RULES.items() if rule == "truncate"}
    for table in (*shop.RULES, "pledges", "campaigns"):
        rows = [int(ask(story, count.format(table), of=one)) for one in (PRODUCTION, copy)]
        assert rows[1] == (0 if table in gone else rows[0]), table
    queries = ask(story, FOREIGN).splitlines()
    keys = [ask(story, query, of=copy).split() for query in queries]
    assert len(keys) > 8 and all(orphans == "0" for _name, _rows, orphans in keys)
    done = steps(report)
    assert done["prove"]["looked_for"] > 1_000_000
    assert done["contents"]["tables"]["public.pledges"]["rows"] == PLEDGES
    told.first = set(ask(story, "select email from customers", of=copy).split())
    assert serving(story).ask("GET", "/")[0] == 200


def test_the_next_copy_has_other_values_and_nobody_notices_that_the_name_leads_to_it(
    story: Story, told: Told, somebodys: set[bytes]
) -> None:
    [first] = copies(story)
    with watched(story) as watch:
        report = refresh(story)
    assert report["outcome"] == "succeeded"
    print(f"swap: {len(watch.outages)} outages of {watch.outages} s, {watch.answers} answers")
    assert sum(watch.outages, 0.0) <= 10
    [second] = copies(story) - {first}
    emails = set(ask(story, "select email from customers", of=second).split())
    assert len(emails) == len(told.first) == shop.MILLION and not emails & told.first
    assert left(somebodys, dump(story, second)) == set()


def test_the_copy_before_is_had_back_by_its_name_within_a_minute(story: Story) -> None:
    before = serving(story)
    with watched(story) as watch:
        began = time.monotonic()
        story.play("staging_back")
        took = time.monotonic() - began
    print(f"had back in {took:.1f} s, {watch.outages}")
    assert sum(watch.outages, 0.0) <= 10 and took <= 60
    assert serving(story)._place != before._place


def test_a_column_that_production_got_since_stops_a_refresh_and_staging_stays_as_it_was(
    story: Story,
) -> None:
    before, page = copies(story), serving(story)._place
    ask(story, "alter table customers add nickname text")
    with pytest.raises(AssertionError, match=r"customers\.nickname"):
        refresh(story)
    assert story.whole("refresh")["outcome"] == "failed"
    # The copy that did not serve was in its place.
    assert copies(story) < before and serving(story)._place == page
    ask(story, "alter table customers drop nickname")


def test_a_refresh_that_is_killed_in_each_of_its_steps_is_one_refresh_in_the_end(
    story: Story, somebodys: set[bytes]
) -> None:
    before, reports = copies(story), len(story.every("refresh"))
    killed: set[str] = set()
    for number in range(60):
        log = story.twin.logs / f"staging-{number}.log"
        run = story.twin.start("staging", log, *story.values)
        while run.poll() is None:
            step, state = stands(story)
            if state == "begun" and step not in killed:
                killed.add(step)
                os.killpg(run.pid, signal.SIGKILL)
                break
            time.sleep(0.005)
        if run.wait() != -signal.SIGKILL:
            assert run.returncode == 0, log.read_text("utf-8", errors="replace")[-3000:]
            break
    print(f"killed in {sorted(killed)}")
    assert killed >= {"clear", "build", "restore", "mask", "prove", "admit", "scale", "swap"}
    [report] = story.every("refresh")[reports:]
    assert report["outcome"] == "succeeded"
    [new] = copies(story) - before
    assert left(somebodys, dump(story, new)) == set()
    assert len(copies(story)) == len(before) + 1


def stands(story: Story) -> tuple[str, str]:
    """The step and the state of the last entry of the newest refresh."""
    paths = sorted((story.twin.folder / ".cache/reports").glob("*-refresh-*.journal.jsonl"))
    lines = paths[-1].read_text("utf-8").splitlines() if paths else []
    entry = json.loads(lines[-1]) if lines else {"step": "", "state": ""}
    return str(entry["step"]), str(entry["state"])


def test_copies_whose_time_is_over_are_removed_and_nothing_is_left(story: Story) -> None:
    told = story.play("staging_expire", "-e staging_mirror_keep_hours=0")
    assert len(copies(story)) == 1
    assert re.search(r"failed=0", told)
    tagging = story.aws("resourcegroupstaggingapi", REGIONS[0])
    [copy] = copies(story)
    other = {"staging-a": "staging-b", "staging-b": "staging-a"}[copy[:9]]
    filters = [{"Key": "phoenix:environment", "Values": [other]}]
    found = tagging.get_resources(TagFilters=filters)["ResourceTagMappingList"]
    lingering = (":key/", ":secret:", ":natgateway/", ":instance/", ":volume/", "-group-rule/")
    arns = [one["ResourceARN"] for one in found]
    assert [arn for arn in arns if not any(part in arn for part in lingering)] == []
    assert serving(story).ask("GET", "/")[0] == 200


def test_a_copy_sleeps_out_of_its_hours_and_serves_in_them_with_all_that_it_had(
    story: Story,
) -> None:
    [copy] = copies(story)
    count = "select count(*) from customers"
    rows, stands = ask(story, count, of=copy), hosts_of(story, copy)
    assert int(rows) == shop.MILLION and len(stands) > 1
    from_, until = (datetime.now(UTC) + timedelta(hours=hours) for hours in (6, 7))
    hours = json.dumps(
        {"staging_mirror_awake": {"from": f"{from_:%H:00}", "until": f"{until:%H:00}"}}
    )
    story.play("staging_expire", f"-e '{hours}'")
    assert status(story, copy) == "stopped"
    sink = hosts_of(story, copy)
    assert set(sink.values()) == {"stopped"} and sink.keys() < stands.keys()
    assert serving(story).ask("GET", "/")[0] == 503
    began = time.monotonic()
    story.play("staging_expire")
    print(f"awake in {time.monotonic() - began:.0f} s")
    assert status(story, copy) == "available" and ask(story, count, of=copy) == rows
    assert set(hosts_of(story, copy).values()) == {"running"}
    assert hosts_of(story, copy).keys() & stands.keys() == sink.keys()
    assert serving(story).ask("GET", "/")[0] == 200


def status(story: Story, database: str) -> str:
    rds = story.aws("rds", REGIONS[0])
    [found] = rds.describe_db_instances(DBInstanceIdentifier=database)["DBInstances"]
    return str(found["DBInstanceStatus"])


def hosts_of(story: Story, database: str) -> dict[str, str]:
    """The state of each host of the copy whose database it is, but of those that are gone."""
    environment = database.removesuffix("-staging-database")
    filters = [{"Name": "tag:phoenix:environment", "Values": [environment]}]
    told = story.aws("ec2", REGIONS[0]).describe_instances(Filters=filters)["Reservations"]
    found = {one["InstanceId"]: one["State"]["Name"] for each in told for one in each["Instances"]}
    return {id: state for id, state in found.items() if state != "terminated"}
