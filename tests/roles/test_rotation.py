# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins get new passwords on a real server: nobody is disturbed, nothing is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.running import CHECKOUT
from tests.roles.conftest import Remote, changed
from tests.roles.databases import Database, prepared

pytestmark = pytest.mark.real
# An application that keeps one session and opens others, until it is told to stop. It writes what
# went well into one file, and what did not into another.
CLIENT = """
import json, os, pathlib, psycopg2, sys, time
target = json.loads(sys.argv[1])
def session():
    made = psycopg2.connect(connect_timeout=10, **target)
    made.autocommit = True
    return made
def write(session):
    with session.cursor() as cursor:
        cursor.execute("insert into pledges default values")
kept, written = session(), 0
while not os.path.exists("/var/tmp/stop"):
    try:
        write(kept)
        other = session()
        write(other)
        other.close()
        written += 2
        beside = pathlib.Path("/var/tmp/written.new")
        beside.write_text(str(written))
        beside.rename("/var/tmp/written")
    except psycopg2.Error as error:
        with open("/var/tmp/failed", "a") as file:
            print(error, file=file)
    time.sleep(0.02)
"""
# Somebody else changes a role in a transaction, and then leaves it as it was: who gives that a
# password waits for its end.
HOLDER = """
import json, os, psycopg2, sys, time
session = psycopg2.connect(connect_timeout=10, **json.loads(sys.argv[1]))
with session.cursor() as cursor:
    cursor.execute("alter role " + sys.argv[2] + " connection limit 30")
    while not os.path.exists("/var/tmp/go"):
        time.sleep(0.05)
session.rollback()
"""
PROGRAM = b"/usr/local/lib/phoenix/rotate.py"
MOVE = "UpdateSecretVersionStage"
WAITING = (
    "from pg_stat_activity where query ilike 'alter role%password%' and wait_event_type = 'Lock'"
)


class Rotated:
    """A database whose logins are rotated."""

    def __init__(self, database: Database) -> None:
        self.database, self.remote = database, database.remote
        self.secrets = database.remote.site.client("secretsmanager")

    def read(self, login: str = "application", label: str = "AWSCURRENT") -> dict[str, str]:
        """What a secret says."""
        name = self.database.access["secrets"][login]
        told = self.secrets.get_secret_value(SecretId=name, VersionStage=label)
        found: dict[str, str] = json.loads(told["SecretString"])
        return found

    def labels(self, login: str = "application") -> set[frozenset[str]]:
        """Those of the versions of a secret."""
        name = self.database.access["secrets"][login]
        told = self.secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
        return {frozenset(labels) for labels in told.values()}

    def variables(self, *logins: str) -> dict[str, Any]:
        return self.database.variables(database_rotate=list(logins or ("application",)))

    def begin(self, *logins: str, words: tuple[str, ...] = ()) -> str:
        """What the play printed that goes up to where the secrets name the new logins."""
        return self.remote.play(self.variables(*logins), *words, role="database", tasks="rotate")

    def end(self, *logins: str) -> str:
        return self.remote.play(self.variables(*logins), role="database", tasks="rotate_end")

    def refused(self, *logins: str) -> str:
        return self.remote.fails(self.variables(*logins), role="database", tasks="rotate")

    def works(self, login: dict[str, str]) -> bool:
        return bool(self.database.ask(login, "select session_user") == [[login["username"]]])

    def program(self) -> int:
        """The process of the program on the host, as this machine numbers it; 0 without one."""
        room = self.remote.shell("readlink /proc/self/ns/pid")
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
                ours = str((place / "ns/pid").readlink()) == room
                if ours and words[0] == b"/usr/bin/python3" and PROGRAM in words:
                    return int(place.name)
            except OSError:
                continue  # It has ended meanwhile.
        return 0

    def waits(self) -> bool:
        """Whether the program waits for the holder of the role."""
        return bool(self.database.ask("database", "select count(*) " + WAITING) == [[1]])


@pytest.fixture(scope="module")
def rotated(account: Remote) -> Iterator[Rotated]:
    """A database that is set up, with a table, and nothing rotated yet."""
    with prepared(account, "shop") as database:
        database.configure()
        made = "create table pledges (id bigserial primary key, made timestamptz default now())"
        database.ask("migration", made)
        account.shell(f"cat > /var/tmp/client.py <<'EOF'\n{CLIENT}\nEOF")
        account.shell(f"cat > /var/tmp/holder.py <<'EOF'\n{HOLDER}\nEOF")
        yield Rotated(database)


@pytest.fixture(autouse=True)
def flawless(rotated: Rotated) -> Iterator[None]:
    """No fault of one test is left for the next."""
    yield
    rotated.remote.site.cloud.faults([])


@pytest.fixture
def client(rotated: Rotated) -> Iterator[dict[str, str]]:
    """An application that goes on with the login it has read; that login."""
    before = rotated.read()
    start(rotated, "client", rotated.database.target(before))
    rotated.remote.site.until(lambda: written(rotated) > 0)
    yield before
    stop(rotated)


def start(rotated: Rotated, name: str, target: dict[str, str], *more: str) -> None:
    """Run a program on the host, beside everything else."""
    words = ("systemd-run", "--collect", f"--unit={name}", "python3", f"/var/tmp/{name}.py")
    rotated.remote.site.inside(rotated.remote.number, *words, json.dumps(target), *more)


def stop(rotated: Rotated) -> None:
    """End the application."""
    rotated.remote.shell(
        "touch /var/tmp/stop; while systemctl -q is-active client; do sleep 0.1; done;"
        "rm -f /var/tmp/stop /var/tmp/written /var/tmp/failed"
    )


def written(rotated: Rotated) -> int:
    return int(rotated.remote.shell("cat /var/tmp/written 2>/dev/null || echo 0"))


def failed(rotated: Rotated) -> str:
    return rotated.remote.shell("cat /var/tmp/failed 2>/dev/null || :")


@pytest.fixture
def held(rotated: Rotated) -> Iterator[subprocess.Popen[bytes]]:
    """A rotation that has the new login in the secret, and waits to set its password."""
    [other] = set(rotated.database.access["users"]["application"]) - {rotated.read()["username"]}
    target = rotated.database.target(rotated.database.logins["database"])
    start(rotated, "holder", target, other)
    idle = "select count(*) from pg_stat_activity where state = 'idle in transaction'"
    rotated.remote.site.until(lambda: rotated.database.ask("database", idle) == [[1]])
    what, environment = rotated.remote.command(rotated.variables(), role="database", tasks="rotate")
    run = subprocess.Popen(what, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL)
    rotated.remote.site.until(rotated.waits)
    yield run
    release(rotated)
    rotated.remote.shell("rm -f /var/tmp/go")


def release(rotated: Rotated) -> None:
    """Let the role go that the rotation waits for."""
    rotated.remote.shell(
        "touch /var/tmp/go; while systemctl -q is-active holder; do sleep 0.1; done"
    )


def check_rotated(rotated: Rotated, before: dict[str, str], printed: str) -> dict[str, str]:
    """Both logins work, and no password was told; the new one."""
    after = rotated.read()
    assert {before["username"], after["username"]} == set(
        rotated.database.access["users"]["application"]
    )
    assert rotated.works(before)
    assert rotated.works(after)
    for login in (before, after):
        assert login["password"] not in printed
    return after


def test_who_goes_on_with_the_login_it_has_is_not_disturbed_by_a_rotation(
    rotated: Rotated, client: dict[str, str]
) -> None:
    printed = rotated.begin(words=("-vvv",))
    assert changed(printed) > 0
    after = check_rotated(rotated, client, printed)
    so_far = written(rotated)
    rotated.remote.site.until(lambda: written(rotated) > so_far + 20)
    assert failed(rotated) == ""
    assert rotated.database.ask(after, "insert into pledges default values returning 1") == [[1]]
    assert rotated.labels() == {
        frozenset({"AWSPREVIOUS"}),
        frozenset({"AWSCURRENT", "AWSPENDING"}),
    }


def test_until_it_is_ended_a_rotation_is_not_begun_again(rotated: Rotated) -> None:
    before = rotated.read()
    assert changed(rotated.begin()) == 0
    assert rotated.read() == before
    assert changed(rotated.end()) == 1
    assert changed(rotated.end()) == 0
    assert rotated.labels() == {frozenset({"AWSPREVIOUS"}), frozenset({"AWSCURRENT"})}
    assert rotated.works(before)


def test_a_rotation_is_refused_while_somebody_is_logged_in_who_would_be_locked_out(
    rotated: Rotated,
) -> None:
    now = rotated.read()
    previous = rotated.read(label="AWSPREVIOUS")
    start(rotated, "client", rotated.database.target(previous))
    rotated.remote.site.until(lambda: written(rotated) > 0)
    labels = rotated.labels()
    said = rotated.refused("application", "reader")
    assert f"{previous['username']}, sessions: " in said
    assert "from 10.20.1." in said
    assert "No password was changed" in said
    assert (rotated.read(), rotated.labels()) == (now, labels)
    assert rotated.labels("reader") == {frozenset({"AWSCURRENT"})}
    assert failed(rotated) == ""
    stop(rotated)
    printed = rotated.begin()
    assert changed(printed) == 1
    assert rotated.read()["username"] == previous["username"]
    check_rotated(rotated, now, printed)
    assert "password authentication failed" in rotated.database.ask(previous, "select 1")
    rotated.end()


def test_migrations_and_readers_get_new_logins_with_the_same_rights(rotated: Rotated) -> None:
    before = {login: rotated.read(login) for login in ("migration", "reader")}
    assert changed(rotated.begin("migration", "reader")) == 1
    for login, old in before.items():
        new = rotated.read(login)
        assert new["username"] != old["username"]
        assert rotated.works(old)
        assert rotated.works(new)
    rotated.end("migration", "reader")
    new = rotated.read("migration")
    rotated.database.ask(new, "create table gifts (id int)")
    owner = "select tableowner from pg_tables where tablename = 'gifts'"
    assert rotated.database.ask(rotated.read("reader"), owner) == [["shop_owner"]]
    assert rotated.database.ask(rotated.read("reader"), "select count(*) from gifts") == [[0]]


def test_killed_before_the_password_is_set_it_is_finished_with_the_password_that_was_kept(
    rotated: Rotated, held: subprocess.Popen[bytes]
) -> None:
    before, proposed = rotated.read(), rotated.read(label="AWSPENDING")
    rotated.remote.shell("kill -KILL $(pgrep -f [/]rotate.py)")
    assert held.wait() == 2
    # Its statement would wait on in the server.
    rotated.database.ask("database", "select pg_terminate_backend(pid) " + WAITING)
    release(rotated)
    assert "password authentication failed" in rotated.database.ask(proposed, "select 1")
    assert rotated.works(before)
    assert rotated.read() == before
    check_rotated(rotated, before, rotated.begin())
    assert rotated.read() == proposed
    rotated.end()


def test_killed_before_the_secret_names_the_new_login_it_is_finished_with_that_login(
    rotated: Rotated, held: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    before, proposed = rotated.read(), rotated.read(label="AWSPENDING")
    number = tmp_path / "number"
    number.write_text(str(group_of(rotated.program())))
    call = {"service": "secretsmanager", "action": MOVE}
    kill = {"effect": "kill", "mode": "before", "pid_file": str(number), **call}
    rotated.remote.site.cloud.faults([kill])
    release(rotated)
    assert held.wait() != 0
    assert len(rotated.remote.site.cloud.fired()) == 1
    rotated.remote.site.cloud.faults([])
    assert rotated.works(proposed)
    assert rotated.works(before)
    assert rotated.read() == before
    check_rotated(rotated, before, rotated.begin())
    assert rotated.read() == proposed
    rotated.end()


def test_answers_that_are_lost_make_no_second_password(rotated: Rotated) -> None:
    before = rotated.read()
    lost = {"effect": "lost", "write": True, "service": "secretsmanager"}
    calls = [{**lost, "times": 1, "action": it} for it in ("PutSecretValue", MOVE)]
    rotated.remote.site.cloud.faults(calls)
    printed = rotated.begin()
    assert len(rotated.remote.site.cloud.fired()) == 2
    rotated.remote.site.cloud.faults([])
    check_rotated(rotated, before, printed)
    assert rotated.labels() == {
        frozenset({"AWSPREVIOUS"}),
        frozenset({"AWSCURRENT", "AWSPENDING"}),
    }
    rotated.end()


def test_a_secret_that_names_somebody_else_is_refused_and_left_alone(rotated: Rotated) -> None:
    reader = rotated.read("reader")
    name = rotated.database.access["secrets"]["reader"]
    strange = {**reader, "username": "ada"}
    rotated.secrets.put_secret_value(SecretId=name, SecretString=json.dumps(strange))
    said = rotated.refused("reader")
    assert "username is ada, which is neither shop_reader_a nor shop_reader_b" in said
    assert rotated.read("reader") == strange
    rotated.secrets.put_secret_value(SecretId=name, SecretString=json.dumps(reader))


def test_a_check_tells_that_there_would_be_new_passwords_and_makes_none(rotated: Rotated) -> None:
    before = (rotated.read(), rotated.labels())
    assert changed(rotated.begin(words=("--check", "--diff"))) == 1
    assert (rotated.read(), rotated.labels()) == before


def group_of(process: int) -> int:
    """The process group of a process."""
    assert process
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[2])
