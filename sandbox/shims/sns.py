# SPDX-License-Identifier: GPL-3.0-or-later
"""Topics."""

from __future__ import annotations

from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateTopic of an existing topic with other tags is refused.",
    "Publish does not fail for an endpoint that cannot be reached; nothing is sent to HTTP "
    "endpoints, since nothing may leave the machine.",
)
HOOKS: tuple[Hook, ...] = (
    (SNSBackend, "create_topic", ("name", "attributes", "tags")),
    (Subscription, "publish", ("message", "message_id")),
)


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

    @wrap(Subscription, "publish")
    def publish(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        if self.protocol not in ("http", "https"):
            original(*args, **kwargs)
