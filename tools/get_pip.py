# SPDX-License-Identifier: GPL-3.0-or-later
"""Give ansible-test's own environments the pip that Python ships, instead of a download.

tools/sanity.py lays this file where ansible-test keeps its download of get-pip.
"""

from __future__ import annotations

import ensurepip

ensurepip.bootstrap()
