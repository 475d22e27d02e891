# SPDX-License-Identifier: GPL-2.0
"""The end mark in a guest's output."""
import re


class EndMark:
    """Takes a guest's output piece by piece and gives back what is the
    command's, until the mark with the run's secret word and the status."""

    def __init__(self, token):
        self.status = None
        self._head = b'\x1e' + token.encode() + b' '
        self._held = b''

    def feed(self, data):
        """What of the output so far may be shown; sets status at the mark."""
        data = self._held + data
        self._held = b''
        at = data.find(self._head)
        if at >= 0:
            full = re.match(rb'(\d+)\x1e', data[at + len(self._head):])
            if full:
                self.status = int(full[1])
            else:
                self._held = data[at:]
            return data[:at]
        # The mark may be cut anywhere: hold back what could be its beginning.
        for n in range(min(len(self._head) - 1, len(data)), 0, -1):
            if data.endswith(self._head[:n]):
                self._held = data[-n:]
                return data[:-n]
        return data

    def rest(self):
        """What was held back, when no more is to come."""
        held, self._held = self._held, b''
        return held
