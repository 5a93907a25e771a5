# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One look at an account: every answer is fetched once, in full, and shared by all who need it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from ..engine import canon
from .errors import Meaning, meaning
from .scope import ENVIRONMENT, SITE, Scope
from .session import Aws


class View:
    """Memoised reads of one scope. Safe to use from threads; make a new one for a new look."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._answers: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()

    @property
    def scope(self) -> Scope:
        return self.aws.scope

    def call(self, service: str, operation: str, region: str = "", **arguments: Any) -> Any:
        """The answer of one read call as a dict, or None where the object is absent."""

        def fetch() -> Any:
            try:
                return getattr(self.aws.client(service, region), operation)(**arguments)
            except Exception as error:
                if meaning(error) is Meaning.ABSENT:
                    return None
                raise

        return self._memo(f"{service}.{operation}.{region}{arguments!r}", fetch)

    def pages(
        self, service: str, operation: str, key: str, region: str = "", **arguments: Any
    ) -> list[Any]:
        """All items under `key` of a list call, all pages; [] where their owner is absent."""

        def fetch() -> list[Any]:
            client = self.aws.client(service, region)
            try:
                if not client.can_paginate(operation):
                    return list(getattr(client, operation)(**arguments).get(key, []))
                pages = client.get_paginator(operation).paginate(**arguments)
                return [item for page in pages for item in page.get(key) or []]
            except Exception as error:
                if meaning(error) is Meaning.ABSENT:
                    return []
                raise

        answer: list[Any] = self._memo(f"{service}.{operation}.{key}.{region}{arguments!r}", fetch)
        return answer

    def owned(
        self, kind: str, service: str, operation: str, key: str, **arguments: Any
    ) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
        """(id, item, tags) of our objects of a kind, from an EC2 list call that returns Tags."""
        arguments.setdefault("Filters", self.scope.filters())
        for item in self.pages(service, operation, key, **arguments):
            tags = canon.tags(item.get("Tags", []))
            if self.scope.owns(tags, kind):
                yield self.scope.id_of(tags), item, tags

    def tagged(self, *services: str) -> Mapping[str, Mapping[str, str]]:
        """Tags by ARN of everything of this site that the tagging API knows, from one call.

        services: only theirs ("rds", "s3"), so that one page holds them all.
        For tags only: it may lag behind, so nothing is concluded from an ARN that it lacks.
        """
        types: dict[str, Any] = {"ResourceTypeFilters": sorted(services)} if services else {}
        found = self.pages(
            "resourcegroupstaggingapi",
            "get_resources",
            "ResourceTagMappingList",
            TagFilters=[
                {"Key": ENVIRONMENT, "Values": [self.scope.environment]},
                {"Key": SITE, "Values": [self.scope.site]},
            ],
            ResourcesPerPage=100,
            **types,
        )
        return {item["ResourceARN"]: canon.tags(item["Tags"]) for item in found}

    def _memo(self, key: str, fetch: Callable[[], Any]) -> Any:
        with self._lock:
            future = self._answers.get(key)
            mine = future is None
            if future is None:
                future = self._answers[key] = Future()
        if mine:
            try:
                future.set_result(fetch())
            except BaseException as error:
                future.set_exception(error)
        return future.result()
