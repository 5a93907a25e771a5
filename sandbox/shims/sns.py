# SPDX-License-Identifier: GPL-3.0-or-later
"""Topics."""

from __future__ import annotations

from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = ("CreateTopic of an existing topic with other tags is refused.",)
HOOKS: tuple[Hook, ...] = ((SNSBackend, "create_topic", ("name", "attributes", "tags")),)


def install(world: World) -> None:
    """Change how the emulator keeps topics."""

    @wrap(SNSBackend, "create_topic")
    def create_topic(
        original: Any,
        self: Any,
        name: str,
        attributes: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> Any:
        before = set(self.topics)
        topic = original(name, attributes, tags)
        if topic.arn in before and tags and dict(topic._tags or {}) != tags:
            raise SNSInvalidParameter(
                "Invalid parameter: Tags Reason: Topic already exists with different tags"
            )
        return topic
