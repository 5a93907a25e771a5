# SPDX-License-Identifier: GPL-3.0-or-later
"""Masking beside pynonymizer, on the same rows in one run: `python -m benchmarks.masking`.

Of one database with a shop's rows two copies are made for each round, and one is masked by each,
the first one by turns. Both mask the same columns: those of texts, for pynonymizer knows no others.
Neither is asked for what only one can do: pynonymizer reads no schema and proves nothing, and we
neither look whether all columns are named nor for what is left. What that takes is told after the
rounds, of another copy: all columns of all tables by their rules, from the prints to the proof.

pynonymizer updates each table of its strategy as often as there are tables in it (2.5.0), so it is
given one strategy a table, and runs once for each.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking import (
    catalog,
    proof,
    rules,
    work,
    written,
)

from tests.masking import shop
from tests.masking.server import OWNER, Server, serving

GOAL = 3.0  # times as fast
AT_ONCE = 2  # tables, as the modules do where nothing else is asked for
PEER = Path(sys.prefix).with_name(".venv-bench") / "bin/pynonymizer"
# Column by column: our method, and what Faker calls a value of that kind.
COLUMNS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "customers": {
        "email": ("email", "unique_email"),
        "first_name": ("first_name", "first_name"),
        "last_name": ("last_name", "last_name"),
        "phone": ("phone", "msisdn"),
    },
    "addresses": {"street": ("address", "street_address"), "city": ("place", "city")},
    "orders": {"ship_to": ("name", "name"), "note": ("text", "sentence")},
    "payments": {"card": ("card", "credit_card_number"), "iban": ("iban", "iban")},
    "tickets": {"subject": ("text", "sentence"), "body": ("text", "text")},
}


def main() -> int:
    """0 where the goal is met."""
    given = argparse.ArgumentParser(prog="make masking")
    given.add_argument("--customers", type=int, default=shop.MILLION)
    given.add_argument("--rounds", type=int, default=3)
    words = given.parse_args()
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        rows = filled(server, words.customers)
        print(f"{rows} rows in {len(shop.RULES)} tables; load {os.getloadavg()[0]:.1f}", flush=True)
        sides: dict[str, Callable[[Server, str], None]] = {
            "phoenix": ours,
            "pynonymizer": lambda where, name: theirs(where, name, Path(folder)),
        }
        took: dict[str, list[float]] = {side: [] for side in sides}
        for number in range(words.rounds):
            for side in sorted(sides, reverse=bool(number % 2)):
                took[side].append(timed(server, side, sides[side]))
                print(f"  {side} {took[side][-1]:.1f} s", flush=True)
        print(refreshed(server), flush=True)
    mine, peer = (statistics.median(took[side]) for side in ("phoenix", "pynonymizer"))
    print(
        f"phoenix {mine:.1f} s, {rows / mine:,.0f} rows a second; pynonymizer {peer:.1f} s; "
        f"{peer / mine:.1f} times as fast (goal: {GOAL})"
    )
    return 0 if peer / mine >= GOAL else 1


def refreshed(server: Server) -> str:
    """What a whole refresh takes, step by step, of all columns and not of texts alone."""
    parsed, _problems = rules.parse(shop.RULES)
    with server.connect("postgres", "postgres") as admin:
        admin.run(f"create database refreshed template shop_rows owner {OWNER}")
        admin.run("drop database shop_rows")
    moments = [time.monotonic()]
    with server.connect("refreshed") as session:
        connect = partial(server.connect, "refreshed")
        schema = catalog.read(session.rows)
        written.begin(session, "as declared")
        written.before(parsed, schema, session, connect=connect, at_once=AT_ONCE)
        moments.append(time.monotonic())
        masked = moments[-1]

        def say(_text: str) -> None:
            nonlocal masked
            masked = time.monotonic()

        work.mask(parsed, schema, connect, AT_ONCE, say)
        moments += [masked, time.monotonic()]
        findings = list(proof.after(parsed, schema, session, connect=connect, at_once=AT_ONCE))
        moments.append(time.monotonic())
    took = (later - one for one, later in itertools.pairwise(moments))
    steps = ("written down", "masked", "written anew", "proved")
    told = ", ".join(f"{step} in {s:.1f} s" for step, s in zip(steps, took, strict=True))
    return f"a whole refresh: {told}; {moments[-1] - moments[0]:.1f} s, {len(findings)} findings"


def filled(server: Server, customers: int) -> int:
    """Makes the database that is copied; how many rows it has."""
    server.database("shop_rows")
    with server.connect("shop_rows", "postgres") as admin:
        admin.run("create extension citext")
        admin.run(f"grant all on schema public to {OWNER}")
        admin.run(f"set role {OWNER}")
        for statement in (shop.SCHEMA, *shop.fill(customers)):
            admin.run(statement)
        counted = " + ".join(f"(select count(*) from {table})" for table in shop.RULES)
        return int(admin.rows(f"select {counted} as rows")[0]["rows"])


def timed(server: Server, name: str, mask: Callable[[Server, str], None]) -> float:
    """Seconds that it takes to mask a new copy, which is looked at afterwards and goes."""
    with server.connect("postgres", "postgres") as admin:
        admin.run(f"create database {name} template shop_rows owner {OWNER}")
        admin.run("checkpoint")
        began = time.monotonic()
        mask(server, name)
        took = time.monotonic() - began
        with server.connect(name) as session:
            for table, columns in COLUMNS.items():
                for column in columns:
                    asked = f"select {column}::text as it from {table} where {column} is not null"
                    found = session.rows(f"{asked} limit 1")[0]["it"]
                    if "person" in found.lower() or found.endswith("Karl Marx Allee"):
                        raise RuntimeError(f"{name} has left {table}.{column} as it was")
        admin.run(f"drop database {name}")
    return took


def ours(server: Server, name: str) -> None:
    declared: dict[str, Any] = {}
    with server.connect(name) as session:
        schema = catalog.read(session.rows)
    for table in schema.declared:
        mine = COLUMNS.get(table.name, {})
        named = {one.name: mine.get(one.name, ("keep",))[0] for one in table.columns}
        declared[table.label] = named
    # It names rows of customers by their mail.
    declared["public.newsletters"]["email"] = "email"
    parsed, problems = rules.parse(declared)
    if problems:
        raise ValueError(str(problems[0]))
    work.mask(parsed, schema, lambda: server.connect(name))


def theirs(server: Server, name: str, folder: Path) -> None:
    for table, columns in COLUMNS.items():
        kinds = {column: kind for column, (_ours, kind) in columns.items()}
        strategy = {"tables": {table: {"columns": kinds}}}
        path = folder / f"{table}.yml"
        path.write_text(yaml.safe_dump(strategy), encoding="utf-8")
        done = subprocess.run(
            [
                *(PEER, "--db-type", "postgres", "--db-host", "127.0.0.1"),
                *("--db-port", str(server.port), "--db-user", "phoenix_owner", "--db-name", name),
                *("--strategy", path, "--only-step", "ANONYMIZE_DB"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])


if __name__ == "__main__":
    sys.exit(main())
