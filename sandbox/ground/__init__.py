# SPDX-License-Identifier: GPL-3.0-or-later
"""What everything real in the sandbox stands on: commands, network namespaces, containers.

Nothing here knows AWS or the emulator. All that is made carries the prefix of one sandbox in its
name, so that `sweep` finds and removes it also when the process that made it was killed.
"""
