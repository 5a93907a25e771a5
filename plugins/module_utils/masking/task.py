# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What modules staging_rules, staging_mask and staging_proof do: parameters in, result out.

Only the database of a copy is written to: it tells itself apart by the marker that an operation has
put into it, for nothing else tells a copy from what it is a copy of.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from ..declaration.fields import REQUIRED, Field, Problem, read
from ..declaration.secrets import HIDDEN
from . import catalog, coverage, functions, neutral, prints, proof, propose, work, written
from . import rules as rules_
from .frameworks import Rows
from .rules import Rules
from .schema import Schema, Table, literal, quoted
from .session import MISSING, Connected, Error, without_values
from .statements import Work, room, works

# Of a database that says so itself in its comment, which anybody who owns it may set, on RDS too.
MARK = "phoenix copy"
COMMON = "postgres"
GIB = 2**30
# RDS stops a database whose disk is full; its log needs some of it, too.
FULL = 0.95
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
LONGEST_HOST = 253
HOST_RULE = "the name of a host, in small letters"


def _host(value: str) -> bool:
    return bool(HOST.fullmatch(value)) and len(value) <= LONGEST_HOST


CONNECTION_FIELDS = (
    Field("login_host", "str", "the name of the database's server", "db.example.org", REQUIRED),
    Field("login_port", "int", "a port", 5432, 5432, lambda v: 1 <= v <= 65535),
    Field("login_user", "str", "the user whose the tables are", "phoenix_owner", REQUIRED),
    Field("login_db", "str", "the name of the database", "application", REQUIRED),
    Field(
        "ssl_mode",
        "str",
        "as libpq has it",
        "verify-full",
        "verify-full",
        choices=("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    ),
    Field("ca_cert", "str", "a file of authorities", "/etc/phoenix/database-authorities.pem", ""),
    Field("login_file", "str", "a file of passwords, as libpq reads it", "/run/passwords", ""),
)
COPY_FIELDS = (
    *CONNECTION_FIELDS,
    Field("copy", "str", "what marks the copy", "staging-20261129-101500", REQUIRED),
    Field("rules", "dict", "rules by table", rules_.EXAMPLE, REQUIRED),
    Field(
        "hosts",
        "dict",
        "names of hosts of production, and what they are called in staging",
        {"shop.example.com": "staging.shop.example.com"},
        {},
        key=Field("host", "str", HOST_RULE, "shop.example.com", check=_host),
        entry=Field("host", "str", HOST_RULE, "staging.shop.example.com", check=_host),
    ),
    Field("at_once", "int", "1 to 16 tables", 2, 2, lambda v: 1 <= v <= 16),
)
PROPOSAL_FIELDS = (
    *CONNECTION_FIELDS,
    Field("declared", "dict", "rules by table", rules_.EXAMPLE, {}),
)
STOP_FIELDS = (
    Field("table", "str", "the name of a table", "webhooks", REQUIRED),
    Field("where", "str", "a condition, in SQL", "active", REQUIRED, bool),
    Field(
        "set",
        "dict",
        "what columns become, in SQL",
        {"active": "false"},
        {},
        key=Field("column", "str", "the name of a column", "active"),
        entry=Field("value", "str", "an expression of SQL", "false"),
    ),
)
MASK_FIELDS = (
    *COPY_FIELDS,
    Field(
        "canaries",
        "list",
        "texts of two words or more, or of six signs and a digit",
        ["Canary Bird, 7 Cage Road"],
        (),
        elements="str",
        secret=True,
    ),
    Field("disk_gb", "int", "GiB of the server's disk, 0 for not known", 100, 0, lambda v: v >= 0),
    Field(
        "stop",
        "list",
        "dictionaries of table, where, and what columns are set to",
        [{"table": "webhooks", "where": "active", "set": {"active": "false"}}],
        (),
        elements="dict",
    ),
)
PROOF_FIELDS = (
    *COPY_FIELDS,
    Field(
        "allowed",
        "list",
        "domains and addresses of mail that are nobody's or your own",
        ["shop.example.com"],
        (),
        elements="str",
    ),
)


class Refused(Exception):
    """Nothing was touched, or what was done did not lead to what was asked. result: what is told
    besides.
    """

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


def masked(
    params: Mapping[str, Any], *, dry: bool, say: work.Say = lambda _text: None
) -> dict[str, Any]:
    """Masks the database of a copy. Raises Refused. dry: it is only seen what would be done."""
    given = _given(MASK_FIELDS, params)
    return _answered(given, partial(_masked, given, dry, say))


def proved(params: Mapping[str, Any]) -> dict[str, Any]:
    """Looks for what should have gone; where nothing is found, all that helped to find it goes,
    too. Raises Refused.
    """
    given = _given(PROOF_FIELDS, params)
    return _answered(given, partial(_proved, given))


def proposed(params: Mapping[str, Any]) -> dict[str, Any]:
    """Rules for a database, by its schema and a sample of what is in it. Raises Refused."""
    given, problems = read(PROPOSAL_FIELDS, params, only=False)
    _refuse(problems)
    if MISSING:
        raise Refused("psycopg2 is missing where this runs", exception=MISSING)
    return _answered(given, partial(_proposed, given))


def _proposed(given: Mapping[str, Any], session: Connected) -> dict[str, Any]:
    # Nothing is written, and it is all seen as of one moment.
    session.run("begin isolation level repeatable read read only")
    schema = catalog.read(session.rows)
    found = propose.proposed(schema, propose.look(schema, session), given["declared"])
    rules, problems = rules_.parse(found.rules)
    problems += coverage.problems(rules, schema)
    return {
        "changed": False,
        "rules": dict(found.rules),
        "reasons": dict(found.reasons),
        "left": [str(one) for one in problems],
    }


def _back(hosts: Mapping[str, str]) -> Iterator[Problem]:
    """A host of staging that is one of production, so that what leads there would stay."""
    for production, staging in hosts.items():
        if staging in hosts:
            rule = "must be a host of staging, and this is one of production"
            yield Problem(f"hosts.{production}", staging, rule, "staging.shop.example.com")


def _given(fields: tuple[Field, ...], params: Mapping[str, Any]) -> Mapping[str, Any]:
    given, problems = read(fields, params, only=False)
    problems += rules_.parse(given.get("rules"))[1]
    problems += _back(given.get("hosts") or {})
    for number, one in enumerate(given.get("stop") or ()):
        problems += read(STOP_FIELDS, one, f"stop.{number}")[1]
    _refuse(problems)
    if MISSING:
        raise Refused("psycopg2 is missing where this runs", exception=MISSING)
    return given


def _refuse(problems: list[Problem]) -> None:
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise Refused(f"{len(problems)} in the rules of staging; nothing was touched:{lines}")


def _answered(
    given: Mapping[str, Any], do: Callable[[Connected], dict[str, Any]]
) -> dict[str, Any]:
    session = None
    try:
        session = _connected(given)
        return do(session)
    except Error as error:
        raise Refused(f"the database of the copy: {without_values(error)}") from None
    except (written.Changed, work.Dangling, work.Seen) as error:
        raise Refused(str(error)) from None
    finally:
        if session:
            session.close()


def _connected(given: Mapping[str, Any]) -> Connected:
    more = {"sslrootcert": given["ca_cert"], "passfile": given["login_file"]}
    return Connected(
        host=given["login_host"],
        port=given["login_port"],
        user=given["login_user"],
        dbname=given["login_db"],
        sslmode=given["ssl_mode"],
        connect_timeout=10,
        **{name: value for name, value in more.items() if value},
    )


def marking(database: str, mark: str) -> str:
    """By which a database says what it is, in SQL."""
    return f"comment on database {quoted(database)} is {literal(mark)}"


def mark(copy: str) -> str:
    """What the database of a copy says of itself, as whoever restores it has to have it say."""
    return f"{MARK} {copy}"


def done_mark(copy: str) -> str:
    """What it says when nobody's data is in it any more."""
    return f"{mark(copy)}, masked"


def _mark(session: Connected) -> str:
    asked = (
        "select shobj_description(oid, 'pg_database') as it from pg_database "
        "where datname = current_database()"
    )
    return str(session.rows(asked)[0]["it"] or "")


def _refuse_other(session: Connected, copy: str) -> None:
    """Raises Refused where the database does not say that it is this copy."""
    found = _mark(session)
    if found not in (mark(copy), done_mark(copy)):
        raise Refused(
            f"the database does not say that it is the copy {copy}, but {found or 'nothing'}: it "
            "is not masked, for it might be production. Its comment tells what it is: comment on "
            f"database … is '{mark(copy)}'"
        )


@contextmanager
def _common(given: Mapping[str, Any]) -> Iterator[Connected | None]:
    """A session of the database that each server has; None where that is the one that is masked."""
    if given["login_db"] == COMMON:
        yield None
        return
    session = _connected({**given, "login_db": COMMON})
    try:
        yield session
    finally:
        session.close()


def _elsewhere(given: Mapping[str, Any]) -> Iterator[proof.Finding]:
    """Tables with rows in the database that each server has, where nothing is masked."""
    with _common(given) as session:
        for table in catalog.read(session.rows).tables if session else ():
            if session and not table.partitioned and _may_have_rows(table, session):
                told = "is in a database that was not masked"
                yield proof.Finding(f"{COMMON}: {table.label}", told, table.about)


def _may_have_rows(table: Table, session: Connected) -> bool:
    """Where the login may not look there may be some."""
    asked = f"select has_table_privilege({literal(table.quoted)}, 'select') as it"
    if not session.rows(asked)[0]["it"]:
        return True
    return bool(session.rows(f"select exists (select from {table.quoted}) as it")[0]["it"])


def _masked(
    given: Mapping[str, Any], dry: bool, say: work.Say, session: Connected
) -> dict[str, Any]:
    _refuse_other(session, given["copy"])
    schema, rules = _gated(given, session)
    if dry:
        tables = {one.name: _about(schema, one.name) for one in works(rules, schema)}
        return {"changed": bool(tables), "tables": tables, "stopped": {}}
    if _mark(session) == done_mark(given["copy"]):
        return {"changed": False, "tables": {}, "stopped": {}}
    _refuse_cramped(given, works(rules, schema), session)
    work.prepare(session)
    neutral.tell_hosts(given["hosts"], session)
    written.begin(session, _digest(given))
    _refuse([*_untold(given, session)])
    rows = [*neutral.rows(schema), *_more(given)]
    written.before_rows(rows, schema, session)
    stopped = neutral.stop(schema, _more(given), session)
    with _common(given) as common:
        for what, many in neutral.unscheduled(common) if common else ():
            stopped[what] = stopped.get(what, 0) + many
    if found := list(_elsewhere(given)):
        # It would be found after hours.
        raise Refused("\n".join(map(str, found)))
    # What was stopped may have gone with its tables.
    schema, rules = _gated(given, session)
    connect = partial(_connected, given)
    written.before(
        rules, schema, session, tuple(given["canaries"]), connect, at_once=given["at_once"]
    )
    done = work.mask(
        rules,
        schema,
        connect,
        given["at_once"],
        say,
        touched=frozenset(rules_.label(one.table) for one in rows),
    )
    return {"changed": True, "tables": done, "stopped": stopped}


def _refuse_cramped(given: Mapping[str, Any], todo: Iterable[Work], session: Connected) -> None:
    """Raises Refused where the disk would be full in the midst of it. Once it is begun some tables
    stand twice already.
    """
    if session.rows(f"select to_regclass('{functions.SCHEMA}.done') as it")[0]["it"]:
        return
    used = session.rows("select sum(pg_database_size(oid))::bigint as it from pg_database")[0]["it"]
    more, disk = room(todo, given["at_once"]), given["disk_gb"] * GIB
    if disk and used + more > disk * FULL:
        raise Refused(
            f"masking needs up to {more / GIB:.1f} GiB besides the {used / GIB:.1f} GiB that are "
            f"there, and the disk has {given['disk_gb']} GiB: give production's database more "
            "(database_storage_gb), of which the copy is made; for example "
            f"{math.ceil((used + more) / GIB / FULL)}"
        )


def _digest(given: Mapping[str, Any]) -> str:
    """Of all by which it is known what has to go."""
    told = json.dumps([given["rules"], given["hosts"]], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _untold(given: Mapping[str, Any], session: Connected) -> Iterator[Problem]:
    for number, canary in enumerate(given["canaries"]):
        if not written.tells(canary, session):
            rule = "is a word as others are, and would not be looked for"
            yield Problem(f"canaries.{number}", HIDDEN, rule, "Canary Bird, 7 Cage Road")


def _more(given: Mapping[str, Any]) -> list[Rows]:
    read_ = (read(STOP_FIELDS, one)[0] for one in given["stop"])
    return [Rows(one["table"], one["where"], one["set"]) for one in read_]


def _gated(given: Mapping[str, Any], session: Connected) -> tuple[Schema, Rules]:
    """The schema, and rules that do for it. Raises Refused."""
    schema = catalog.read(session.rows)
    rules, _problems = rules_.parse(neutral.completed(given["rules"], schema))
    problems = (coverage.problems(rules, schema), coverage.unowned(schema), _strange(given, schema))
    _refuse([one for found in problems for one in found])
    return schema, rules


def _strange(given: Mapping[str, Any], schema: Schema) -> Iterator[Problem]:
    for number, one in enumerate(given.get("stop") or ()):
        table = schema.table(rules_.label(str(one["table"])))
        if table is None:
            where = f"stop.{number}.table"
            yield Problem(where, one["table"], "is no table of the database", "webhooks")
            continue
        for name in one.get("set") or {}:
            if table.column(name) is None:
                where = f"stop.{number}.set.{name}"
                yield Problem(where, name, f"is no column of {table.label}", table.columns[0].name)


def _about(schema: Schema, label: str) -> dict[str, Any]:
    table = schema.table(label)
    return {"rows": table.about if table else 0}


def _proved(given: Mapping[str, Any], session: Connected) -> dict[str, Any]:
    _refuse_other(session, given["copy"])
    if _mark(session) == done_mark(given["copy"]):
        return {"changed": False, "findings": [], "tables": {}, "looked_for": 0, "forgotten": []}
    if not session.rows(f"select to_regclass('{prints.SCHEMA}.before') as it")[0]["it"]:
        raise Refused("nothing was written down of what was there before: module staging_mask does")
    if not session.rows(f"select 1 from {functions.SCHEMA}.done where name = ''"):
        raise Refused("it has not been masked to the end: run module staging_mask again")
    written.refuse_changed(session, _digest(given))
    schema = catalog.read(session.rows)
    rules, _problems = rules_.parse(neutral.completed(given["rules"], schema))
    _refuse(list(coverage.problems(rules, schema)))
    findings = list(
        proof.after(
            rules,
            schema,
            session,
            tuple(given["allowed"]),
            given["hosts"],
            partial(_connected, given),
            at_once=given["at_once"],
        )
    )
    findings += _elsewhere(given)
    told = [{"where": one.where, "what": one.what, "rows": one.rows} for one in findings]
    if findings:
        lines = "".join(f"\n  {one}" for one in findings)
        raise Refused(f"the copy is not clean, and stays shut:{lines}", findings=told)
    looked = session.rows(
        f"select name, rows from {prints.SCHEMA}.before where name like '%.%' order by 1"
    )
    many = session.rows(f"select prints from {prints.SCHEMA}.before where name = ''")[0]["prints"]
    # Without the one the other would be begun for nothing.
    session.run("begin")
    written.forget(session)
    session.run(marking(given["login_db"], done_mark(given["copy"])))
    session.run("commit")
    return {
        "changed": True,
        "findings": [],
        "tables": {str(row["name"]): row["rows"] for row in looked},
        "looked_for": many,
        "forgotten": [functions.SCHEMA, prints.SCHEMA],
    }
