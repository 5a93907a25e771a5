#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module release_record: records what became of a release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_record
short_description: Record what became of a release
version_added: 0.1.0
description:
  - Adds an object C(records/<application>/<release>/<time>.json) to the bucket of releases. Nothing
    is written over.
notes:
  - Needs tier storage.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.release
options:
  sha256:
    description:
      - SHA-256 of the artifact, in hexadecimal.
    type: str
    default: ""
  outcome:
    description:
      - What became of it.
    type: str
    choices: [succeeded, failed]
    required: true
  reason:
    description:
      - Why it failed.
    type: str
    default: ""
  allowed:
    description:
      - Why it may run here, as module M(operatingdev.phoenix.release_gate) says.
    type: str
    default: ""
  override:
    description:
      - Why it was released although another environment had not passed it.
    type: str
    default: ""
  began:
    description:
      - When it began, as ISO 8601.
    type: str
    default: ""
  operator:
    description:
      - Who released it, and on which machine. The record has the caller's ARN besides.
    type: str
    default: ""
  images:
    description:
      - Id of the image by site.
    type: dict
    default: {}
  first:
    description:
      - Whether it is recorded only where no release of the application has succeeded yet, and this
        one was not tried. Without O(sha256), that of the published artifact is recorded.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The bucket of releases comes first
  operatingdev.phoenix.storage:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: Record a release
  operatingdev.phoenix.release_record:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    application: shop
    release: 1.4.0
    outcome: succeeded
    operator: ada@laptop
"""

RETURN = r"""
key:
  description: Where the record is in the bucket of releases.
  returned: success
  type: str
  sample: records/shop/1.4.0/20261127T120000.000000Z.json
record:
  description: What was recorded.
  returned: success
  type: dict
  sample: {application: shop, release: 1.4.0, outcome: succeeded}
"""

from ..module_utils.operations import record
from ..module_utils.runner import arguments, run_record

ARGUMENTS = arguments(record.FIELDS)


def main() -> None:
    run_record()


if __name__ == "__main__":
    main()
