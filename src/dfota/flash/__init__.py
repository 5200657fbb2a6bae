# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Door of the flash room: geometry, simulated flash, cuts, faults, management, partition table.

Nothing here knows what an update is; the engine room decides what is written where.
"""

from __future__ import annotations

from dfota.flash.faults import DECAYS, Fault, FaultKind, FaultSource, faults_of, random_faults
from dfota.flash.flash_file import create_flash_file, open_flash_file
from dfota.flash.geometry import Flash, FlashKind, Geometry
from dfota.flash.partition_table import (
    FORWARD,
    REVERSE,
    TABLE_COPIES,
    LayoutKind,
    PartitionTable,
    TableEntry,
    find_table,
    read_tables,
    replace_table,
    table_size,
    write_table,
)
from dfota.flash.power import Cut, CutMode, Operation, OperationKind, PowerLost
from dfota.flash.shared import OverlayMemory, SharedImage
from dfota.flash.simulated import SimulatedFlash
from dfota.flash.spare_sectors import MAP_SECTORS, Chip, ManagedFlash, managed

__all__ = [
    "DECAYS",
    "FORWARD",
    "MAP_SECTORS",
    "REVERSE",
    "TABLE_COPIES",
    "Chip",
    "Cut",
    "CutMode",
    "Fault",
    "FaultKind",
    "FaultSource",
    "Flash",
    "FlashKind",
    "Geometry",
    "LayoutKind",
    "ManagedFlash",
    "Operation",
    "OperationKind",
    "OverlayMemory",
    "PartitionTable",
    "PowerLost",
    "SharedImage",
    "SimulatedFlash",
    "TableEntry",
    "create_flash_file",
    "faults_of",
    "find_table",
    "managed",
    "open_flash_file",
    "random_faults",
    "read_tables",
    "replace_table",
    "table_size",
    "write_table",
]
