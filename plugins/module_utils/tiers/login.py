# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the storage tier, which keeps the database's password, and the database tier agree on."""

from __future__ import annotations

from ..aws.scope import Scope


def identifier(scope: Scope) -> str:
    """The name of a site's database instance and of its groups."""
    return scope.database


def secret_name(scope: Scope) -> str:
    """The name of the secret with the master user's password."""
    return scope.secret
