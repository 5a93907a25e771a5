# SPDX-License-Identifier: GPL-3.0-or-later
"""The same environment built by our collection and by its peer, and the floor below both."""
