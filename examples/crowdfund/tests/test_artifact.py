# SPDX-License-Identifier: GPL-3.0-or-later
"""What is built, installed and started as on a host; and what each version does to the schema."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.postgres import Server
from tests.processes import TREE, alembic, serving

TOOLS = TREE / ".cache/build/bin/python"
PLEDGE = {"amount_cents": 2500, "email": "ada@example.com", "name": "Ada"}
# Everything of a schema that a migration could leave behind.
SCHEMA = """
select table_name, column_name, data_type, is_nullable, column_default
from information_schema.columns where table_schema = 'public'
union all select conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
from pg_constraint where connamespace = 'public'::regnamespace
union all select tablename, indexname, indexdef, '', '' from pg_indexes where schemaname = 'public'
order by 1, 2, 3
"""
Version = Callable[[str], Path]


def build(version: str, into: Path, **variables: str) -> Path:
    """Build a version's artifact."""
    done = subprocess.run(
        [TOOLS, "build.py", version, "--into", into],
        cwd=TREE,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return into / f"crowdfund-{version}.tar.gz"


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Makes artifacts, each once."""
    into = tmp_path_factory.mktemp("artifacts")

    def made(version: str) -> Path:
        path = into / f"crowdfund-{version}.tar.gz"
        return path if path.exists() else build(version, into)

    return made


@pytest.fixture(scope="session")
def unpacked(artifacts: Version, tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Unpacks artifacts, each once, into its folder."""
    into = tmp_path_factory.mktemp("releases")

    def made(version: str) -> Path:
        folder = into / f"crowdfund-{version}"
        if not folder.exists():
            with tarfile.open(artifacts(version)) as archive:
                archive.extractall(into, filter="data")
        return folder

    return made


@pytest.fixture(scope="session")
def installed(unpacked: Version) -> Path:
    """The programs of version 1, installed as README.md says; the others lock the same."""
    release = unpacked("1")
    install = ["-m", "pip", "install", "--no-index", "--find-links", "vendor", "--require-hashes"]
    for command in (
        [sys.executable, "-m", "venv", "env"],
        ["env/bin/python", *install, "-q", "-r", "requirements.txt"],
    ):
        subprocess.run(command, cwd=release, check=True)
    return release / "env/bin"


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Lays out a version's own files, as an artifact has them."""
    into = tmp_path_factory.mktemp("trees")

    def made(version: str) -> Path:
        if not (into / version).exists():
            lay_out: list[str | Path] = [
                TOOLS,
                "build.py",
                version,
                "--tree",
                "--into",
                into / version,
            ]
            subprocess.run(lay_out, cwd=TREE, check=True)
        return into / version

    return made


def schema(server: Server, url: str) -> list[tuple[object, ...]]:
    """The schema of a database."""
    return server.sql(url.rpartition("/")[2], SCHEMA)


def test_the_same_input_gives_the_same_bytes(artifacts: Version, tmp_path: Path) -> None:
    again = build("1", tmp_path, TZ="Pacific/Auckland", PYTHONHASHSEED="7")
    assert again.read_bytes() == artifacts("1").read_bytes()


def test_its_checksum_is_one_that_sha256sum_reads(artifacts: Version) -> None:
    path = artifacts("1")
    check = ["sha256sum", "--check", "--strict", f"{path.name}.sha256"]
    assert subprocess.run(check, cwd=path.parent, check=False).returncode == 0


def test_it_has_one_folder_which_belongs_to_nobody_and_holds_what_a_host_needs(
    artifacts: Version,
) -> None:
    with tarfile.open(artifacts("2")) as archive:
        members = archive.getmembers()
    assert {member.name.split("/")[0] for member in members} == {"crowdfund-2"}
    assert {(member.uid, member.gid) for member in members} == {(0, 0)}
    assert {member.mode for member in members if member.isfile()} == {0o644}
    top = {member.name.split("/")[1] for member in members if "/" in member.name}
    assert top == {
        "alembic.ini",
        "crowdfund",
        "gunicorn.conf.py",
        "migrations",
        "release.json",
        "requirements.txt",
        "sbom.cdx.json",
        "vendor",
    }


def test_it_says_what_it_is_and_was_built_from(unpacked: Version) -> None:
    said = json.loads((unpacked("2") / "release.json").read_text())
    assert (said["application"], said["version"]) == ("crowdfund", "2")
    assert said["built_from"] == ["examples/crowdfund", "examples/crowdfund/versions/2"]
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=TREE, check=True, capture_output=True, text=True
    )
    assert said["commit"].removesuffix("-dirty") == head.stdout.strip()


def test_its_bill_of_materials_lists_what_is_locked_and_names_no_index(
    unpacked: Version, tmp_path: Path
) -> None:
    release = unpacked("1")
    script = "import sys, pathlib, build; build.bill_of_materials(*map(pathlib.Path, sys.argv[1:]))"
    again: list[str | Path] = [
        TOOLS,
        "-c",
        script,
        release / "requirements.txt",
        tmp_path / "again",
    ]
    subprocess.run(again, cwd=TREE, check=True)
    assert (tmp_path / "again").read_bytes() == (release / "sbom.cdx.json").read_bytes()
    bill = json.loads((release / "sbom.cdx.json").read_text())
    listed = {f"{part['name']}=={part['version']}" for part in bill["components"]}
    lines = (release / "requirements.txt").read_text().splitlines()
    locked = {line.split()[0] for line in lines if "==" in line and not line.startswith("#")}
    assert bill["bomFormat"] == "CycloneDX" and listed == locked and len(locked) > 10
    assert "://" not in json.dumps(bill["components"])


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_it_brings_the_wheels_for_both_kinds_of_host(unpacked: Version, machine: str) -> None:
    wheels = {path.name for path in (unpacked("1") / "vendor").iterdir()}
    for name in ("psycopg_binary", "markupsafe"):
        assert any(wheel.startswith(name) and f"_{machine}" in wheel for wheel in wheels)


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [TOOLS, "build.py", "22", "--into", tmp_path / "new"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "VERSION='22' must be one of 1, 2, 3, 4, for example 1\n",
    )
    assert not (tmp_path / "new").exists()


def test_a_wheel_that_was_changed_is_not_installed(unpacked: Version, tmp_path: Path) -> None:
    release = tmp_path / "changed"
    shutil.copytree(unpacked("2"), release)
    [wheel] = release.glob("vendor/click-*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    install = ["pip", "install", "--no-index", "--find-links", "vendor", "--require-hashes"]
    done = subprocess.run(
        [sys.executable, "-m", *install, "--target", "there", "-r", "requirements.txt"],
        cwd=release,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "HASH" in done.stderr.upper()


def test_version_1_goes_on_working_on_the_schema_of_version_2(
    unpacked: Version, installed: Path, empty: str
) -> None:
    one, two = unpacked("1"), unpacked("2")
    assert alembic("upgrade", "head", url=empty, tree=one, env=installed).returncode == 0
    with serving(empty, one, installed) as old, serving(empty, two, installed) as new:
        first = old.post(PLEDGE, "before-the-release").json()
        assert new.answers("/live") and new.answers("/ready", 503)
        assert alembic("upgrade", "head", url=empty, tree=two, env=installed).returncode == 0
        assert old.get("/ready").json() == {"status": "ready", "version": "1", "schema": "0002"}
        assert new.get("/ready").json() == {"status": "ready", "version": "2", "schema": "0002"}
        message = {**PLEDGE, "message": "Shine on!"}
        second = new.post(message, "after-the-release").json()
        assert (first.get("message"), second["message"]) == (None, "Shine on!")
        # Each reads, and repeats, what the other one wrote.
        assert old.post(PLEDGE, "after-the-release").json()["id"] == second["id"]
        assert new.post(PLEDGE, "before-the-release").json()["id"] == first["id"]
        assert new.post(PLEDGE, "after-the-release").status_code == 422
        assert old.post(PLEDGE, "third-pledge").status_code == 201
        for running in (old, new):
            assert running.get("/").status_code == 200
            assert running.get("/total").json()["backers"] == 3
            page = running.get(f"/pledges/{second['id']}", Accept="text/html").text
            assert ("Shine on!" in page) == (running is new)


def test_version_1_again_leaves_the_schema_of_version_2_as_it_is(
    server: Server, unpacked: Version, installed: Path, empty: str
) -> None:
    assert alembic("upgrade", "head", url=empty, tree=unpacked("2"), env=installed).returncode == 0
    before = schema(server, empty)
    done = alembic("upgrade", "head", url=empty, tree=unpacked("1"), env=installed)
    assert done.returncode == 0 and "newer than this version" in done.stderr
    assert schema(server, empty) == before
    name = empty.rpartition("/")[2]
    assert server.sql(name, "select version_num from alembic_version") == [("0002",)]


def test_version_3_is_live_and_never_ready(trees: Version, installed: Path, empty: str) -> None:
    three = trees("3")
    assert alembic("upgrade", "head", url=empty, tree=three, env=installed).returncode == 0
    with serving(empty, three, installed) as broken:
        assert broken.get("/live").json() == {"status": "live", "version": "development"}
        answer = broken.get("/ready")
        assert answer.status_code == 503
        assert "is at 0002 and must be at 0003" in answer.json()["reason"]


@pytest.mark.parametrize("before", ["1", "2"])
def test_the_migration_of_version_4_fails_half_way_and_leaves_the_schema_as_it_was(
    server: Server, trees: Version, installed: Path, empty: str, before: str
) -> None:
    old = trees(before)
    assert alembic("upgrade", "head", url=empty, tree=old, env=installed).returncode == 0
    there = schema(server, empty)
    done = alembic("upgrade", "head", url=empty, tree=trees("4"), env=installed)
    assert done.returncode != 0 and '"euros"' in done.stderr
    assert len(there) > 10 and schema(server, empty) == there
    with serving(empty, old, installed) as application:
        assert application.get("/ready").json()["schema"] == f"000{before}"


def test_migrations_started_at_the_same_time_are_run_once(
    server: Server, trees: Version, installed: Path, empty: str
) -> None:
    def migrate(_: int) -> int:
        return alembic("upgrade", "head", url=empty, tree=trees("2"), env=installed).returncode

    trees("2")
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(migrate, range(4))) == [0, 0, 0, 0]
    name = empty.rpartition("/")[2]
    assert server.sql(name, "select count(*) from campaigns") == [(1,)]
