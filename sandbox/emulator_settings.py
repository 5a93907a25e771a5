# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's switches. Imported before anything of it, since it reads some at import."""

from __future__ import annotations

import os

ACCOUNT = "123456789012"

SETTINGS = {
    # 1,291 images in each region cost a second at the first DescribeImages; ours are few and known.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    # A certificate becomes ISSUED when its shim says so, never by the passing of time alone.
    "MOTO_ACM_VALIDATION_WAIT": str(10**9),
}

for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
