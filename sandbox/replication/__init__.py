# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of replication between buckets: which objects they take, and which rules there cannot be.

Pure functions over the configuration as it was put; what is copied, and when, is the shim's.
"""
