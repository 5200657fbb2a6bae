# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The whole decoder: old image and patch become the new image."""

from __future__ import annotations

import hashlib

from .adaptive import AdaptiveCoder
from .content import Copies, Gaps
from .copy_map import Block, MapCoder, Segment
from .header import MAX, Header, parse_header
from .mixing import MixingCoder
from .models import Coder
from .prediction import Predictor
from .range_decoder import RangeDecoder
from .refusal import Refused


def read_map(coder: Coder, header: Header) -> tuple[list[Segment], list[Block]]:
    """The head of the body."""
    models = MapCoder(coder, header.old_size, header.new_size)
    segments = [models.segment() for _ in range(header.segment_count)]
    last = header.block_count - 1
    blocks = [models.block(number == last) for number in range(header.block_count)]
    return segments, blocks


def begin_models(coder: Coder, header: Header, old: bytes) -> AdaptiveCoder | MixingCoder:
    """The coder of the profile."""
    if header.profile == MAX:
        return MixingCoder(
            coder,
            old,
            slot_bits=header.slot_bits,
            index_bits=header.index_bits,
            train=header.train,
        )
    return AdaptiveCoder(coder, header.slot_bits, header.memory_bits)


def decode(old: bytes, patch: bytes) -> bytes:
    """The new image that *patch* makes of *old*, which has the size that the header names.

    Raises:
        Refused: with the first reason in the order of reading.
    """
    header = parse_header(patch)
    coder = RangeDecoder(patch, header.size)
    segments, blocks = read_map(coder, header)
    predictor = Predictor(old, segments, blocks, header.correction_bits)
    models = begin_models(coder, header, old)
    gaps = Gaps(coder, models)
    copies = Copies(coder, models)
    new = b""
    for block in [*blocks, None]:
        gap = (block.at if block else header.new_size) - len(new)
        if gap:
            if isinstance(models, MixingCoder):
                models.gap(gap, predictor.old_offset, block.start if block else None)
            new += gaps.gap(gap)
        if block is None:
            break
        if isinstance(models, MixingCoder):
            models.block(block.at, block.length)
        predictor.begin(block)
        while predictor.left:
            unit = predictor.next()
            actual = copies.unit(unit)
            predictor.learn(unit, actual)
            new += actual
    coder.end()
    if hashlib.sha256(new).digest()[: len(header.new_digest)] != header.new_digest:
        raise Refused("DIGEST")
    return new
