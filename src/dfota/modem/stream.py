# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A TCP connection without HTTP, in the module's time; see ``exchange`` for all it shares."""

from __future__ import annotations

from dfota.modem.exchange import Exchange, FetchEnd


class Stream(Exchange):
    """A connection whose bytes are its client's business.

    Of its listener, ``received`` is called with what comes and ``ended`` when it is over;
    ``COMPLETE`` means that the other side has closed it in order.
    """

    def _send(self, message: bytes) -> None:
        self._bearer.count(len(message))
        if self._link is not None:
            self._module.links.send(self._link, message)

    def _parse(self, data: bytes) -> None:
        if data:
            self._listener.received(data)
        else:
            self._end(FetchEnd.COMPLETE)
