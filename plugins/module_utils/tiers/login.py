# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The logins to the database: which there are, and whose secrets hold them."""

from __future__ import annotations

from ..aws.scope import Scope
from ..declaration.site import Site

MASTER = "database"
APPLICATION = "application"
# Those with two users in the database, so that a new password is one of the other user.
ROTATED = (APPLICATION, "migration", "reader")
# Each is the id of a secret.
LOGINS = tuple(sorted((*ROTATED, MASTER)))


def home_of(site: Site) -> Scope:
    """The site whose secrets hold the logins; the other region has copies under the same names."""
    return site.scope if site.is_home or not site.peer else site.peer
