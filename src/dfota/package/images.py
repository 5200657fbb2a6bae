# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whole images as payloads: one xz stream each; what an image means is not known here.

Rule 1. The reader never gives out more bytes than were promised, and never holds more than
one chunk and the decoder's dictionary (8 MiB): a small payload cannot become a large memory.
"""

from __future__ import annotations

import lzma

from dfota.errors import ContainerError

DICTIONARY_SIZE_MAX = 8 * 1024 * 1024
"""Largest xz dictionary that a payload may ask for."""

_DECODER_MEMORY_LIMIT = DICTIONARY_SIZE_MAX + 1024 * 1024
"""The dictionary and liblzma's own needs, but not the next larger dictionary (12 MiB)."""

_DICTIONARY_SIZE_MIN = 4096
_CHUNK_SIZE = 64 * 1024

_XZ_MAGIC = b"\xfd7zXZ\0"
_XZ_EDGE = 12
_XZ_SIZE_MIN = 2 * _XZ_EDGE + 8
"""Header, footer and the index of an empty stream."""


def compress_image(image: bytes, *, give_up_size: int | None = None) -> bytes | None:
    """Compress *image* into one xz stream without integrity check; digests are checked anyway.

    Args:
        image: what to compress.
        give_up_size: stop and return None as soon as the stream is not smaller than this.
    """
    dictionary_size = min(max(len(image), _DICTIONARY_SIZE_MIN), DICTIONARY_SIZE_MAX)
    compressor = lzma.LZMACompressor(
        format=lzma.FORMAT_XZ,
        check=lzma.CHECK_NONE,
        filters=[{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": dictionary_size}],
    )
    pieces: list[bytes] = []
    size = 0
    for offset in range(0, len(image) + _CHUNK_SIZE, _CHUNK_SIZE):
        chunk = image[offset : offset + _CHUNK_SIZE]
        pieces.append(compressor.compress(chunk) if chunk else compressor.flush())
        size += len(pieces[-1])
        if give_up_size is not None and size >= give_up_size:
            return None
        if not chunk:
            break
    return b"".join(pieces)


class ImageReader:
    """Reads an image back out of its payload, a piece at a time.

    Raises:
        ContainerError: the payload is no xz stream of one block with LZMA2 alone.
    """

    def __init__(self, payload: bytes | memoryview, size: int) -> None:
        self._payload = memoryview(payload)
        _check_form(self._payload)
        self._offset = 0
        self._left = size
        self._checked_end = False
        self._decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_DECODER_MEMORY_LIMIT)

    def read(self, size: int) -> bytes:
        """The next bytes of the image, at most *size*; empty at its end.

        Raises:
            ContainerError: the payload is not one whole xz stream of the promised size.
        """
        pieces: list[bytes] = []
        wanted = min(size, self._left)
        while wanted:
            piece = self._decode(wanted)
            pieces.append(piece)
            wanted -= len(piece)
            self._left -= len(piece)
        if not self._left and not self._checked_end:
            self._check_end()
            self._checked_end = True
        return b"".join(pieces)

    def _decode(self, size: int) -> bytes:
        """Decode 1 to *size* more bytes."""
        while True:
            if self._decoder.eof:
                raise ContainerError("a compressed image is shorter than the manifest says")
            piece = self._advance(size)
            if piece:
                return piece

    def _advance(self, size: int) -> bytes:
        """One step of the decoder, with new input if it wants some: 0 to *size* bytes."""
        chunk = memoryview(b"")
        if self._decoder.needs_input:
            chunk = self._payload[self._offset : self._offset + _CHUNK_SIZE]
            if not chunk:
                raise ContainerError("a compressed image is cut short")
            self._offset += len(chunk)
        try:
            piece = self._decoder.decompress(chunk, max_length=size)
        except lzma.LZMAError as error:
            raise ContainerError(f"a compressed image is damaged: {error}") from None
        if self._decoder.check not in (lzma.CHECK_NONE, lzma.CHECK_UNKNOWN):
            raise ContainerError("a compressed image has an integrity check of its own")
        return piece

    def _check_end(self) -> None:
        while not self._decoder.eof:
            if self._advance(1):
                raise ContainerError("a compressed image is longer than the manifest says")
        if self._decoder.unused_data or self._offset != len(self._payload):
            raise ContainerError("bytes lie behind a compressed image")


def _check_form(payload: memoryview) -> None:
    """Refuse what liblzma reads and a small decoder does not: other filters, several blocks.

    The offsets are those of the .xz format, 1.2: stream header and footer have 12 bytes
    each, the low bits of a block's flags count its filters, of which LZMA2 is always the
    last, and the footer says where the index with the number of blocks begins.
    """
    if len(payload) < _XZ_SIZE_MIN or payload[: len(_XZ_MAGIC)] != _XZ_MAGIC:
        raise ContainerError("a compressed image is no xz stream")
    if payload[_XZ_EDGE] and payload[_XZ_EDGE + 1] & 0x03:
        raise ContainerError("a compressed image has another filter than LZMA2")
    index_size = 4 * (int.from_bytes(payload[-8:-4], "little") + 1)
    index_at = len(payload) - _XZ_EDGE - index_size
    if index_at > _XZ_EDGE and payload[index_at + 1] != 1:
        raise ContainerError("a compressed image does not have exactly one block")


def open_image(payload: bytes | memoryview, size: int) -> ImageReader:
    """Open an IMAGE payload; *size* is the new size that the manifest promises.

    Raises:
        ContainerError: the payload is no xz stream of one block with LZMA2 alone.
    """
    return ImageReader(payload, size)
