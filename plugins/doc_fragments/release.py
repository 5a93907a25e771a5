# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that say which release is meant."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments operatingdev.phoenix.release and operatingdev.phoenix.release.artifact."""

    DOCUMENTATION = r"""
options:
  application:
    description:
      - Name of the application.
    type: str
    required: true
  release:
    description:
      - Version of the release.
    type: str
    required: true
"""

    ARTIFACT = r"""
options:
  path:
    description:
      - The artifact on the controller. Its checksum is beside it, with C(.sha256) behind the name.
    type: str
    required: true
"""
