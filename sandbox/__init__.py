# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud in a box: the AWS API, emulated in one process on loopback."""
