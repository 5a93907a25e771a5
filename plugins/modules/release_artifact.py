#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module release_artifact: has the artifact of a release in the releases bucket and at hand."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_artifact
short_description: Have the artifact of a release in the releases bucket and at hand
version_added: 0.1.0
description:
  - Publishes the artifact under C(<application>/<application>-<release>.tar.gz), with its checksum
    beside it. Where it is only in the bucket it is fetched to O(path) instead.
  - What is published once is never written over. Other bytes under the same name are refused, and
    so is an artifact that is not what its checksum says.
notes:
  - Needs tier storage.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.release
  - operatingdev.phoenix.release.artifact
"""

EXAMPLES = r"""
- name: The bucket of releases comes first
  operatingdev.phoenix.storage:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: Publish a release
  operatingdev.phoenix.release_artifact:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    application: shop
    release: 1.4.0
    path: dist/shop-1.4.0.tar.gz
"""

RETURN = r"""
sha256:
  description: SHA-256 of the artifact, in hexadecimal.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
bucket:
  description: The bucket of releases.
  returned: success
  type: str
  sample: production-home-releases-123456789012-us-east-1
key:
  description: Where the artifact is in the bucket.
  returned: success
  type: str
  sample: shop/shop-1.4.0.tar.gz
"""

from ..module_utils.operations import artifact
from ..module_utils.runner import arguments, run_artifact

ARGUMENTS = arguments(artifact.FIELDS)


def main() -> None:
    run_artifact()


if __name__ == "__main__":
    main()
