# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What modules staging_mask and staging_proof do: parameters in, result out.

Only the database of a copy gets here: it tells itself apart by the marker that an operation has put
into it, for nothing else tells a copy from what it is a copy of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..declaration.fields import REQUIRED, Field, Problem, read
from . import catalog, coverage, functions, prints, proof, work
from . import rules as rules_
from .rules import Rules
from .schema import Schema, literal
from .session import MISSING, Connected, Error, first_line
from .statements import works

COPY_FIELDS = (
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
    Field("passfile", "str", "a file of passwords, as libpq reads it", "/run/passwords", ""),
    Field("copy", "str", "what marks the copy", "staging-20261129-101500", REQUIRED),
    Field("rules", "dict", "rules by table", rules_.EXAMPLE, REQUIRED),
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
    Field("at_once", "int", "1 to 16 tables", 2, 2, lambda v: 1 <= v <= 16),
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
MARKER = "phoenix.copy"


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
    given, rules = _given(MASK_FIELDS, params)
    return _answered(given, partial(_masked, given, rules, dry, say))


def proved(params: Mapping[str, Any]) -> dict[str, Any]:
    """Looks for what should have gone; where nothing is found, all that helped to find it goes,
    too. Raises Refused.
    """
    given, rules = _given(PROOF_FIELDS, params)
    return _answered(given, partial(_proved, given, rules))


def _given(fields: tuple[Field, ...], params: Mapping[str, Any]) -> tuple[Mapping[str, Any], Rules]:
    given, problems = read(fields, params, only=False)
    rules, found = rules_.parse(given.get("rules"))
    _refuse([*problems, *found])
    if MISSING:
        raise Refused("psycopg2 is missing where this runs", exception=MISSING)
    return given, rules


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
        # What PostgreSQL adds to its first line may tell a row's values.
        raise Refused(f"the database of the copy: {first_line(error)}") from None
    except (work.Dangling, work.Seen) as error:
        raise Refused(str(error)) from None
    finally:
        if session:
            session.close()


def _connected(given: Mapping[str, Any]) -> Connected:
    more = {"sslrootcert": given["ca_cert"], "passfile": given["passfile"]}
    return Connected(
        host=given["login_host"],
        port=given["login_port"],
        user=given["login_user"],
        dbname=given["login_db"],
        sslmode=given["ssl_mode"],
        connect_timeout=10,
        **{name: value for name, value in more.items() if value},
    )


def _refuse_other(session: Connected, copy: str) -> None:
    """Raises Refused where the database does not say that it is this copy."""
    asked = f"select current_setting({literal(MARKER)}, true) as it"
    found = session.rows(asked)[0]["it"]
    if found != copy:
        raise Refused(
            f"the database does not say that it is the copy {copy}, but "
            f"{found or 'nothing'}: it is not masked, for it might be production. "
            f"Setting {MARKER} of the database tells what it is"
        )


def _masked(
    given: Mapping[str, Any], rules: Rules, dry: bool, say: work.Say, session: Connected
) -> dict[str, Any]:
    _refuse_other(session, given["copy"])
    schema = catalog.read(session.rows)
    _refuse(list(coverage.problems(rules, schema)))
    if dry:
        tables = {one.name: _about(schema, one.name) for one in works(rules, schema)}
        return {"changed": bool(tables), "tables": tables}
    proof.before(rules, schema, session, tuple(given["canaries"]))
    done = work.mask(rules, schema, partial(_connected, given), given["at_once"], say)
    return {"changed": True, "tables": done}


def _about(schema: Schema, label: str) -> dict[str, Any]:
    table = schema.table(label)
    return {"rows": table.about if table else 0}


def _proved(given: Mapping[str, Any], rules: Rules, session: Connected) -> dict[str, Any]:
    _refuse_other(session, given["copy"])
    if not session.rows(f"select to_regclass('{prints.SCHEMA}.before') as it")[0]["it"]:
        raise Refused("nothing was written down of what was there before: module staging_mask does")
    schema = catalog.read(session.rows)
    findings = list(proof.after(rules, schema, session, tuple(given["allowed"])))
    told = [{"where": one.where, "what": one.what, "rows": one.rows} for one in findings]
    if findings:
        lines = "".join(f"\n  {one}" for one in findings)
        raise Refused(f"the copy is not clean, and stays shut:{lines}", findings=told)
    looked = session.rows(
        f"select name, rows from {prints.SCHEMA}.before where name <> '' order by 1"
    )
    many = session.rows(f"select prints from {prints.SCHEMA}.before where name = ''")[0]["prints"]
    proof.forget(session)
    work.forget(session)
    return {
        "changed": True,
        "findings": [],
        "tables": {str(row["name"]): row["rows"] for row in looked},
        "looked_for": many,
        "forgotten": [functions.SCHEMA, prints.SCHEMA],
    }
