# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Compute the lookup tables of the firmware, as lists of numbers for C; no input but the release.

Usage: tables.py RELEASE FOLDER
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path


def crc_table(polynomial: int) -> list[int]:
    """The table of a reflected CRC, one entry for each byte."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
        table.append(crc)
    return table


def crc32_tables() -> list[int]:
    """Four tables, so that four bytes are taken in one step."""
    first = crc_table(0xEDB88320)
    tables = [first]
    for _ in range(3):
        tables.append([first[crc & 255] ^ crc >> 8 for crc in tables[-1]])
    return [value for table in tables for value in table]


def primes(count: int) -> list[int]:
    """The first primes."""
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def cube_root_bits(number: int) -> int:
    """The first 32 bits of the fraction of a cube root, in integers."""
    scaled = number << 96
    root = round(scaled ** (1 / 3))
    while root**3 > scaled:
        root -= 1
    while (root + 1) ** 3 <= scaled:
        root += 1
    return root & 0xFFFFFFFF


def multiply(left: int, right: int, polynomial: int) -> int:
    """A product in GF(256)."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 0x100:
            left ^= polynomial
        right >>= 1
    return product


def aes_box() -> list[int]:
    """The substitution box of FIPS 197: inverse, then the affine map."""
    box = []
    for byte in range(256):
        inverse = next((x for x in range(256) if multiply(byte, x, 0x11B) == 1), 0)
        box.append(
            0x63
            ^ inverse
            ^ (inverse << 1 | inverse >> 7) & 255
            ^ (inverse << 2 | inverse >> 6) & 255
            ^ (inverse << 3 | inverse >> 5) & 255
            ^ (inverse << 4 | inverse >> 4) & 255
        )
    return box


def aes_columns(box: list[int], factors: tuple[int, int, int, int]) -> list[int]:
    """Substitution and column mixing in one, for the first byte of a column."""
    return [
        sum(
            multiply(byte, factor, 0x11B) << shift
            for factor, shift in zip(factors, (24, 16, 8, 0), strict=True)
        )
        for byte in box
    ]


def field_powers() -> list[int]:
    """Powers of the generator of GF(256) over 0x11D, twice, so that sums of logarithms need no modulo."""
    powers = [1]
    while len(powers) < 510:
        powers.append(multiply(powers[-1], 2, 0x11D))
    return powers


def field_logarithms() -> list[int]:
    """The inverse of `field_powers`; entry 0 has no meaning."""
    powers = field_powers()[:255]
    return [0, *(powers.index(value) for value in range(1, 256))]


def viterbi_outputs() -> list[int]:
    """The two bits that the K=7 convolutional code (171, 133 octal) sends, for each register."""
    return [
        (register & 0o171).bit_count() % 2 << 1 | (register & 0o133).bit_count() % 2
        for register in range(128)
    ]


def window(release: int, size: int) -> list[int]:
    """The window of the spectrum: Hann, from 01.019 on Blackman, which leaks less."""
    turn = [2 * math.pi * n / size for n in range(size)]
    if release >= 19:
        return [round(32767 * (0.42 - 0.5 * math.cos(t) + 0.08 * math.cos(2 * t))) for t in turn]
    return [round(32767 * (0.5 - 0.5 * math.cos(t))) for t in turn]


def thermistor(release: int) -> list[int]:
    """Thousandths of a degree for each reading of the converter; 01.019 has the part's measured beta."""
    beta = 3977 if release >= 19 else 3950
    table = []
    for reading in range(1024):
        ratio = min(max(reading, 1), 1022) / 1023
        kelvin = 1 / (1 / 298.15 + math.log(ratio / (1 - ratio)) / beta)
        table.append(max(-60000, min(160000, round((kelvin - 273.15) * 1000))))
    return table


def decibels() -> list[int]:
    """Hundredths of a decibel for 1 + n/256, to take logarithms without a floating point unit."""
    return [round(2000 * math.log10(1 + n / 256)) for n in range(256)]


def tables(release: int) -> dict[str, Iterable[int]]:
    """Every table of a release by its name."""
    box = aes_box()
    inverse_box = [box.index(byte) for byte in range(256)]
    return {
        "crc32": crc32_tables(),
        "crc16": crc_table(0x8408),
        "sha256": [cube_root_bits(prime) for prime in primes(64)],
        "aes_box": box,
        "aes_inverse_box": inverse_box,
        "aes_encrypt": aes_columns(box, (2, 1, 1, 3)),
        "aes_decrypt": aes_columns(inverse_box, (14, 9, 13, 11)),
        "aes_unmix": aes_columns(list(range(256)), (14, 9, 13, 11)),
        "field_power": field_powers(),
        "field_logarithm": field_logarithms(),
        "viterbi": viterbi_outputs(),
        "sine": [round(32767 * math.sin(2 * math.pi * n / 1024)) for n in range(1024)],
        "window": window(release, 512),
        "thermistor": thermistor(release),
        "decibels": decibels(),
        "bit_reverse": [int(f"{n:09b}"[::-1], 2) for n in range(512)],
    }


def main() -> None:
    """Write one file for each table."""
    release, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in tables(release).items():
        lines, row = [], ""
        for value in values:
            number = (
                f"0x{value:x},"
                if value >= 0 and name.startswith(("crc", "aes", "sha"))
                else f"{value},"
            )
            if len(row) + len(number) > 96:
                lines.append(row)
                row = ""
            row += number
        (folder / f"{name}.inc").write_text("\n".join([*lines, row, ""]), encoding="ascii")


if __name__ == "__main__":
    main()
