# SPDX-License-Identifier: GPL-3.0-or-later
"""A second application, in PHP, by nothing but variables; and releases that go wrong.

One story in order. Whatever becomes of a release: the old one serves, nothing of the new one is
left behind, and `make site` has nothing to mend.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.end_to_end.story import REGIONS, Story, standing, until
from tests.end_to_end.traffic import visitors

pytestmark = pytest.mark.real
APP = "examples/guestbook"
FORM = "application/x-www-form-urlencoded"
# What versions have besides, by their names: nothing, or what makes them fail.
VERSIONS = {
    "no-start": {"fpm.conf": "[global]\nnonsense = yes\n"},
    "half-way": {"migrations/0003_half.sql": "create table half (id int);\nselect nothing();\n"},
    "no-room": {},
    "next-0": {"migrations/0004_slow.sql": "create table slow (id int);\nselect pg_sleep(20);\n"},
    "next-1": {},
    "next-2": {},
    "next-3": {},
}


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with standing(f"APP={APP}") as begun:
        for version, files in VERSIONS.items():
            folder = begun.twin.folder / APP / "versions" / version
            folder.mkdir()
            for name, text in files.items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="ascii")
        yield begun


BUILDER = [{"Name": "tag:phoenix:id", "Values": ["instance/builder", "security_group/builder"]}]


def builders(story: Story) -> list[str]:
    """What there is of a builder: hosts, and the group that lets the controller in."""
    groups = story.aws("ec2", "us-east-1").describe_security_groups(Filters=BUILDER)
    gone = ("terminated", "shutting-down")
    hosts = [number for number, state in _hosts(story).items() if state not in gone]
    return [*hosts, *(group["GroupId"] for group in groups["SecurityGroups"])]


def running(story: Story) -> list[str]:
    """The builders that run."""
    return [number for number, state in _hosts(story).items() if state == "running"]


def _hosts(story: Story) -> dict[str, str]:
    found = story.aws("ec2", "us-east-1").describe_instances(Filters=BUILDER)
    hosts = [one for answer in found["Reservations"] for one in answer["Instances"]]
    return {host["InstanceId"]: host["State"]["Name"] for host in hosts}


def images(story: Story, region: str) -> set[str]:
    """The releases of which there is an image that can be launched."""
    found = story.aws("ec2", region).describe_images(Owners=["self"])["Images"]
    return {
        tag["Value"]
        for image in found
        if image["State"] == "available"
        for tag in image["Tags"]
        if tag["Key"] == "phoenix:release"
    }


def releases(story: Story) -> str:
    """The bucket of releases."""
    buckets = story.aws("s3", "us-east-1").list_buckets()["Buckets"]
    return next(str(one["Name"]) for one in buckets if "-home-releases-" in one["Name"])


def recorded(story: Story, release: str) -> str:
    """Why a release failed, by its only record."""
    s3, bucket = story.aws("s3", "us-east-1"), releases(story)
    [found] = s3.list_objects_v2(Bucket=bucket, Prefix=f"records/guestbook/{release}/")["Contents"]
    record = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert record["outcome"] == "failed"
    return str(record["reason"])


def refreshing(story: Story) -> bool:
    autoscaling = story.aws("autoscaling", "us-east-1")
    [group] = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    found = autoscaling.describe_instance_refreshes(
        AutoScalingGroupName=group["AutoScalingGroupName"]
    )["InstanceRefreshes"]
    return any(one["Status"] in ("Pending", "InProgress") for one in found)


def migrating(story: Story) -> bool:
    """Whether the slow migration is under way."""
    others = "select count(*) from pg_stat_activity where pid <> pg_backend_pid()"
    return story.ask(f"{others} and query like '%pg_sleep%'") == "1"


def version(story: Story) -> str:
    return str(story.shop.json("/ready")["version"])


def intact(story: Story, serves: str) -> None:
    """The release that served serves, and nothing of another one is left."""
    assert version(story) == serves
    assert builders(story) == []
    assert story.changed_by_site() == {"0"}


def test_a_php_application_is_served_by_nothing_but_variables(story: Story) -> None:
    assert len(set(story.serving().values())) == 2
    entry = "name=Ada&text=%3Ci%3Ehello&key=0123-4567"
    # Sent twice it is kept once.
    for _time in range(2):
        assert story.shop.ask("POST", "/", entry.encode(), **{"Content-Type": FORM})[0] == 303
    seen: list[bytes] = []

    def shown() -> bool:
        seen.append(story.shop.ask("GET", "/")[1])
        return b"&lt;i&gt;hello" in seen[-1]

    until(shown, lambda: seen[-1])
    assert seen[-1].count(b"<b>Ada</b>") == 1
    # Of Ansible it has its variables, and no task.
    told = sorted(path.name for path in (story.twin.folder / APP).rglob("*.yml"))
    assert told == ["all.yml", "hosts.yml"]
    assert story.changed_by_site() == {"0"}


def test_an_application_that_does_not_start_is_told_before_there_is_an_image(story: Story) -> None:
    with visitors(story.shop) as traffic:
        with pytest.raises(RuntimeError, match="nonsense"):
            story.release("no-start")
        intact(story, "1")
    assert "unknown entry 'nonsense'" in recorded(story, "no-start")
    assert not traffic.failures
    assert "no-start" not in images(story, "us-east-1")


def test_a_migration_that_fails_half_way_leaves_nothing_of_it(story: Story) -> None:
    with visitors(story.shop) as traffic:
        with pytest.raises(RuntimeError, match="the migration failed"):
            story.release("half-way")
        intact(story, "1")
    told = recorded(story, "half-way")
    assert "function nothing() does not exist" in told
    assert "Copy the image" not in told, "nothing went wrong at the other site"
    assert not traffic.failures
    assert "half-way" not in images(story, "us-east-1")


def test_hosts_whose_disks_are_full_serve_on(story: Story) -> None:
    with visitors(story.shop) as traffic:
        for host, zone in story.serving().items():
            story.strike("disk-full", region=zone[:-1], instance=host)
        hosts = set(story.serving())
        answers = traffic.answers
        until(lambda: traffic.answers > answers + 500, lambda: traffic.failures[-5:])
        entry = b"name=Grace&text=no+room&key=9876-5432"
        assert story.shop.ask("POST", "/", entry, **{"Content-Type": FORM})[0] == 303
        until(lambda: b"no room" in story.shop.ask("GET", "/")[1], lambda: "the entry")
    assert not traffic.failures
    assert set(story.serving()) == hosts


def test_a_builder_without_room_is_told_and_goes(story: Story) -> None:
    with visitors(story.shop) as traffic:
        log = story.twin.logs / "no-room.log"
        run = story.twin.start("release", log, f"APP={APP}", "VERSION=no-room")
        # One that is full as it boots never answers: it is to be full as the release is installed.
        begun = "Read what is to be done"
        until(lambda: begun in log.read_text("utf-8"), lambda: log.read_text("utf-8")[-2000:])
        for number in running(story):
            story.strike("disk-full", region="us-east-1", instance=number)
        assert run.wait() != 0
        intact(story, "1")
    assert "No space left on device" in recorded(story, "no-room")
    assert not traffic.failures
    assert "no-room" not in images(story, "us-east-1")


def test_an_artifact_that_is_not_what_its_checksum_says_is_refused_before_anything_is_touched(
    story: Story,
) -> None:
    story.twin.make("artifact", f"APP={APP}")
    dist = story.twin.folder / APP / "dist"
    for name in ("guestbook-1.tar.gz", "guestbook-1.tar.gz.sha256"):
        text = (dist / name).read_bytes().replace(b"guestbook-1", b"guestbook-spoilt")
        (dist / name.replace("-1", "-spoilt")).write_bytes(text)
    spoilt = dist / "guestbook-spoilt.tar.gz"
    spoilt.write_bytes(spoilt.read_bytes() + b"x")
    with pytest.raises(RuntimeError, match=r"is not what guestbook-spoilt.tar.gz.sha256 says"):
        story.release("spoilt")
    intact(story, "1")


@pytest.mark.parametrize(
    ("release", "come"),
    [
        ("next-0", lambda story, _release: migrating(story)),
        ("next-1", lambda story, _release: bool(builders(story))),
        ("next-2", lambda story, release: release in images(story, "us-east-1")),
        ("next-3", lambda story, _release: refreshing(story)),
    ],
    ids=["in its migration", "on its builder", "with its image", "in the refresh"],
)
def test_a_release_that_is_killed_is_finished_by_the_same_command(
    story: Story, release: str, come: Callable[[Story, str], bool]
) -> None:
    with visitors(story.shop) as traffic:
        log = story.twin.logs / f"{release}.log"
        run = story.twin.start("release", log, f"APP={APP}", f"VERSION={release}")
        until(lambda: come(story, release), lambda: log.read_text("utf-8")[-2000:])
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        assert version(story) in story.releases().values() or refreshing(story)
        story.release(release)
        intact(story, release)
    assert not traffic.failures
    assert set(story.releases().values()) == {release}
    assert all(release in images(story, region) for region in REGIONS)


def test_its_other_version_goes_back_and_forth(story: Story) -> None:
    before = version(story)
    with visitors(story.shop) as traffic:
        story.release(2)
        assert version(story) == "2"
        # However many came before, the image of the last one is there still.
        assert "builder-home" not in story.release(before)
        assert version(story) == before
    assert not traffic.failures


def test_a_database_from_before_a_release_is_migrated_by_it_on_request(story: Story) -> None:
    checks = "select count(*) from pg_constraint where conname like '%_length'"
    before = story.ask(checks)
    assert before == "2"
    story.ask("alter table entries drop constraint name_length, drop constraint text_length")
    story.ask("delete from migrations where name like '0002%'")
    story.ask("delete from phoenix.migrations where release = '2'")
    declared = story.twin.folder / APP / "sandbox/group_vars/all.yml"
    text = declared.read_text("utf-8")
    declared.write_text(f"{text}image_migrates_again: true\n", "utf-8")
    with visitors(story.shop) as traffic:
        told = story.release(2)
        assert "builder-home" in told
        assert story.ask(checks) == before
        intact(story, "2")
    assert not traffic.failures


def test_a_first_release_that_runs_unrecorded_is_recorded_by_the_next_run(story: Story) -> None:
    s3 = story.aws("s3", "us-east-1")
    bucket = releases(story)
    records = s3.list_objects_v2(Bucket=bucket, Prefix="records/guestbook/")["Contents"]
    for one in records:
        s3.delete_object(Bucket=bucket, Key=one["Key"])
    # As after a first run that was killed before it had recorded what it released.
    assert story.changed_by_site() == {"0", "1"}
    [found] = s3.list_objects_v2(Bucket=bucket, Prefix="records/guestbook/2/")["Contents"]
    record = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert record["outcome"] == "succeeded" and len(record["sha256"]) == 64
    assert story.changed_by_site() == {"0"}
