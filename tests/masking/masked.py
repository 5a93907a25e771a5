# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop's database from its filling to its proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking import (
    catalog,
    coverage,
    proof,
    rules,
    work,
    written,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.rules import Rules
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.schema import Schema

from tests.masking import shop
from tests.masking.server import OWNER, Server, Session

CUSTOMERS = 200


class Copy:
    """A database that was restored of production, and its rules. made: statements that fill it, if
    it is not that of the shop.
    """

    def __init__(
        self,
        server: Server,
        name: str,
        customers: int = CUSTOMERS,
        made: Iterable[str] | None = None,
    ) -> None:
        self.server, self.name = server, server.database(name)
        admin = server.connect(name, "postgres")
        admin.run("create extension citext")
        admin.run(f"grant all on schema public to {OWNER}")
        admin.run(f"set role {OWNER}")
        for statement in made or (shop.SCHEMA, *shop.fill(customers)):
            admin.run(statement)
        admin.close()
        self.session = self.connect()
        self.declared: Mapping[str, Any] = shop.RULES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_what: object) -> None:
        """Nothing is left of it: another database of the server would be a finding."""
        self.session.close()
        with self.server.connect("postgres", "postgres") as admin:
            admin.run(f'drop database "{self.name}"')

    def connect(self) -> Session:
        return self.server.connect(self.name)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.session.run(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.session.rows(statement)]

    def value(self, statement: str) -> Any:
        return self.rows(statement)[0][0]

    @property
    def schema(self) -> Schema:
        return catalog.read(self.session.rows)

    @property
    def rules(self) -> Rules:
        found, problems = rules.parse(self.declared)
        assert not problems
        return found

    def gate(self, declared: Mapping[str, Any] | None = None) -> list[str]:
        """What is in the way of rules."""
        found, problems = rules.parse(declared or self.declared)
        return [str(one) for one in (*problems, *coverage.problems(found, self.schema))]

    def mask(self, *canaries: str, patience: float = 600.0) -> None:
        """Writes down what is there, and masks it."""
        written.begin(self.session, "as declared")
        written.before(self.rules, self.schema, self.session, canaries)
        work.mask(self.rules, self.schema, self.connect, patience=patience)

    def findings(self, *allowed: str) -> list[str]:
        """What the proof finds, without in how many."""
        found = proof.after(self.rules, self.schema, self.session, allowed)
        return [f"{one.where}: {one.what}" for one in found]
