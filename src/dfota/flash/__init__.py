# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Door of the flash room: geometry, simulated flash, power cuts, partition table.

Nothing here knows what an update is; the engine room decides what is written where.
"""

from __future__ import annotations

from dfota.flash.flash_file import create_flash_file, open_flash_file
from dfota.flash.geometry import Flash, Geometry
from dfota.flash.partition_table import (
    TABLE_COPIES,
    PartitionTable,
    TableEntry,
    find_table,
    read_tables,
    table_size,
    write_table,
)
from dfota.flash.power import Cut, CutMode, Operation, OperationKind, PowerLost
from dfota.flash.shared import OverlayMemory, SharedImage
from dfota.flash.simulated import SimulatedFlash

__all__ = [
    "TABLE_COPIES",
    "Cut",
    "CutMode",
    "Flash",
    "Geometry",
    "Operation",
    "OperationKind",
    "OverlayMemory",
    "PartitionTable",
    "PowerLost",
    "SharedImage",
    "SimulatedFlash",
    "TableEntry",
    "create_flash_file",
    "find_table",
    "open_flash_file",
    "read_tables",
    "table_size",
    "write_table",
]
