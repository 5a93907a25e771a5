# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules staging_mask and staging_proof answer, and what they refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.task import (
    Refused,
    mark,
    marking,
    masked,
    proved,
)

from tests.masking import shop
from tests.masking.masked import Copy
from tests.masking.server import MASTER, Server

pytestmark = [pytest.mark.real, pytest.mark.sample]
ROOT = Path(__file__).parents[2]
NAME = "staging-20261129-101500"


def marked(copy: Copy) -> None:
    """As who restores one leaves it."""
    copy.run(marking(copy.name, mark(NAME)))


@pytest.fixture
def copy(server: Server) -> Iterator[Copy]:
    with Copy(server, "told", 20) as found:
        marked(found)
        yield found


def given(copy: Copy, **more: Any) -> dict[str, Any]:
    return {
        "login_host": "127.0.0.1",
        "login_port": copy.server.port,
        "login_user": MASTER,
        "login_db": copy.name,
        "ssl_mode": "disable",
        "copy": NAME,
        "rules": shop.RULES,
        **more,
    }


def content(copy: Copy) -> dict[str, str]:
    return {table: copy.session.dump(f"select * from {table}") for table in shop.RULES}


def test_a_copy_is_masked_and_proved_by_two_tasks_after_a_check(copy: Copy, tmp_path: Path) -> None:
    options = {name: value for name, value in given(copy).items() if name != "rules"}
    tasks: list[dict[str, Any]] = [
        {
            "operatingdev.phoenix.staging_mask": {**options, "rules": "{{ rules }}"},
            "check_mode": True,
            "register": "foreseen",
        },
        {
            "operatingdev.phoenix.staging_mask": {**options, "rules": "{{ rules }}"},
            "register": "masked",
        },
        {
            "operatingdev.phoenix.staging_proof": {**options, "rules": "{{ rules }}"},
            "register": "proved",
        },
        {
            "ansible.builtin.assert": {
                "that": [
                    "foreseen.changed and masked.changed and proved.changed",
                    "foreseen.tables.keys() | sort == masked.tables.keys() | sort",
                    "masked.tables['public.customers'].rows == 20",
                    "masked.tables['public.customers'].anew",
                    "proved.findings == []",
                    "proved.looked_for > 200",
                ]
            }
        },
    ]
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"rules": shop.RULES, "ansible_python_interpreter": sys.executable}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "play.yml"],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/tree"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.value("select count(*) from customers where email like '%@example.org'") == 20
    left = "select nspname from pg_namespace where nspname in ('phoenix_mask', 'phoenix_proof')"
    assert copy.rows(left) == []


def test_a_check_touches_nothing(copy: Copy) -> None:
    before = content(copy)
    assert masked(given(copy), dry=True)["changed"]
    assert content(copy) == before
    assert copy.rows("select 1 from pg_namespace where nspname = 'phoenix_mask'") == []


@pytest.mark.parametrize("other", ["", "The shop of Ada Lovelace", mark("another-one")])
def test_what_does_not_say_that_it_is_the_copy_is_not_touched(copy: Copy, other: str) -> None:
    copy.run(marking(copy.name, other))
    before = content(copy)
    for dry in (True, False):
        with pytest.raises(Refused, match="it is not masked, for it might be production"):
            masked(given(copy), dry=dry)
    with pytest.raises(Refused, match="it is not masked, for it might be production"):
        proved(given(copy))
    assert content(copy) == before


def test_a_column_that_production_got_is_named_and_nothing_is_touched(copy: Copy) -> None:
    copy.run("alter table tickets add column contact text")
    before = content(copy)
    with pytest.raises(Refused, match=r"rules\.public\.tickets\.contact: nothing - is missing"):
        masked(given(copy), dry=False)
    assert content(copy) == before


def test_mistakes_are_told_together_before_anybody_is_asked(copy: Copy) -> None:
    options = given(copy, login_port=0, login_host="nowhere.invalid", at_once=0)
    options["rules"] = {"customers": {"email": "mail"}}
    with pytest.raises(Refused) as refused:
        masked(options, dry=False)
    told = str(refused.value)
    for path in ("login_port: 0", "at_once: 0", "rules.customers.email: 'mail'"):
        assert f"\n  {path} - " in told


def test_what_postgresql_refuses_is_told_without_values(copy: Copy) -> None:
    copy.run("alter table customers add check (phone not like '+999%')")
    with pytest.raises(Refused) as refused:
        masked(given(copy), dry=False)
    assert "customers_phone_check" in str(refused.value)
    assert "+999" not in str(refused.value)
    # It was given up as a whole, and is gone on with.
    copy.run("alter table customers drop constraint customers_phone_check")
    assert masked(given(copy), dry=False)["tables"]["public.customers"]["rows"] == 20
    assert proved(given(copy))["findings"] == []


def test_a_copy_that_is_not_clean_is_told_and_can_be_looked_at_again(copy: Copy) -> None:
    masked(given(copy), dry=False)
    copy.run("update products set name = 'for person5@mail5.com' where id = 3")
    for _time in range(2):
        with pytest.raises(Refused, match="the copy is not clean") as refused:
            proved(given(copy))
        assert refused.value.result["findings"][0] == {
            "where": "public.products.name",
            "what": "a value of public.audit.who",
            "rows": 1,
        }
        assert "person5" not in str(refused.value)
    with pytest.raises(Refused, match="the copy is not clean"):
        proved(given(copy, allowed=["mail5.com"]))


def test_without_what_was_written_down_before_there_is_no_proof(copy: Copy) -> None:
    with pytest.raises(Refused, match="nothing was written down of what was there before"):
        proved(given(copy))


def test_a_server_that_is_not_there_is_told(copy: Copy) -> None:
    with pytest.raises(Refused, match="the database of the copy: "):
        masked(given(copy, login_db="nowhere"), dry=False)
