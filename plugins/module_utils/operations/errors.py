# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What operations refuse, each with a stable code, a reason and a way on."""

from __future__ import annotations

from collections.abc import Mapping

from ..engine.errors import EngineError


class ArtifactRefused(EngineError):
    code = "artifact_refused"


class NotPassed(EngineError):
    code = "not_passed"


class NotAlone(EngineError):
    code = "not_alone"


class Unreadable(EngineError):
    """What an operation has written down cannot be made sense of."""

    code = "unreadable"


class Unconfirmed(EngineError):
    """A person has not agreed to what cannot be taken back."""

    code = "unconfirmed"


class Unfenced(EngineError):
    """The old primary may still take writes."""

    code = "unfenced"


class Fencing(Unfenced):
    """The old primary may take writes still: what was ordered there has not come about yet."""

    code = "fencing"

    def __init__(self, message: str, hint: str, layers: Mapping[str, Mapping[str, str]]) -> None:
        """layers: what became of each, for the journal."""
        super().__init__(message, hint)
        self.layers = layers


# In the journal, of a step that failed before AWS took anything for it.
SPARED = "spared"


class NotDone(EngineError):
    """An act was carried out, and what it was for is not the case. spared: AWS has taken nothing of
    what cannot be taken back.
    """

    code = "not_done"
    spared = False


class GivenBack(NotDone):
    """The old site serves on by a record of its own: the operation ends, with nothing to undo."""

    code = "given_back"


class OutOfOrder(EngineError):
    """A step that needs another one, or an operation that does not fit what there is."""

    code = "out_of_order"


class Guarded(EngineError):
    """Production might be taken for staging, or staging reach production."""

    code = "guarded"


class Silent(EngineError):
    """The region of the site that would take over does not answer."""

    code = "silent"
