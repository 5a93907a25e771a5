#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module release_gate: refuses a release that another environment has not passed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_gate
short_description: Refuse a release that another environment has not passed
version_added: 0.1.0
description:
  - Looks at the records of environment O(after), at a site of the same name and region. The same
    bytes must have been released there with success, or in this environment before.
  - Writes nothing.
notes:
  - Needs tier storage.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.release
  - operatingdev.phoenix.release.artifact
options:
  after:
    description:
      - The environment that must have passed the release. Any release may run without one.
    type: str
    default: ""
  after_role:
    description:
      - ARN of a role in the account of O(after), where that is another one. It is assumed to read
        the records, and needs C(s3:ListBucket) and C(s3:GetObject) in the bucket of releases there.
    type: str
    default: ""
  override:
    description:
      - Why it is released all the same, a sentence of at least three words. It is recorded.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: The bucket of releases comes first
  operatingdev.phoenix.storage:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: Only what staging has passed
  operatingdev.phoenix.release_gate:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    application: shop
    release: 1.4.0
    path: dist/shop-1.4.0.tar.gz
    after: staging
    override: staging is being rebuilt
"""

RETURN = r"""
sha256:
  description: SHA-256 of the artifact, in hexadecimal.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
allowed:
  description: Why the release may run, empty where O(override) lets it.
  returned: success
  type: str
  sample: staging has passed it
overridden:
  description: O(override), where nothing else lets the release run.
  returned: success
  type: str
"""

from ..module_utils.operations import gate
from ..module_utils.runner import arguments, run_gate

ARGUMENTS = arguments(gate.FIELDS)


def main() -> None:
    run_gate()


if __name__ == "__main__":
    main()
