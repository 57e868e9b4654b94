"""Packets of GDB's remote serial protocol ("Debugging with GDB", appendix E.1): framing only."""

__all__ = ["Packets", "frame", "LONGEST"]

#: Longest packet that is accepted; GDB is told so.
LONGEST = 0x4000
_ESCAPE, _FLIP = 0x7D, 0x20


def frame(data):
    """The packet with `data`, whose special characters are escaped."""
    escaped = bytearray()
    for byte in data:
        if byte in b"#$}*":
            escaped += bytes([_ESCAPE, byte ^ _FLIP])
        else:
            escaped.append(byte)
    return b"$%b#%02x" % (bytes(escaped), sum(escaped) & 0xFF)


class Packets:
    """Finds packets in a stream of bytes, whatever the stream holds.

    Attributes
    ----------
    interrupted : bool
        A Ctrl-C came between packets.
    """

    def __init__(self):
        self._buffer = bytearray()
        self.interrupted = False

    def feed(self, data):
        """Take bytes; return a list of packets, None for each with a wrong checksum."""
        self._buffer += data
        found = []
        while True:
            start = self._buffer.find(b"$")
            outside = self._buffer if start < 0 else self._buffer[:start]
            self.interrupted |= 0x03 in outside
            del self._buffer[:len(outside)]
            end = self._buffer.find(b"#")
            if end < 0 or len(self._buffer) < end + 3:
                if len(self._buffer) > 2 * LONGEST:  # no packet of GDB's: forget it
                    del self._buffer[:1]
                    continue
                return found
            body, digits = bytes(self._buffer[1:end]), bytes(self._buffer[end + 1:end + 3])
            del self._buffer[:end + 3]
            try:
                right = int(digits, 16) == sum(body) & 0xFF and digits.isalnum()
            except ValueError:
                right = False
            found.append(_unescaped(body) if right else None)


def _unescaped(body):
    data, escaped = bytearray(), False
    for byte in body:
        if byte == _ESCAPE and not escaped:
            escaped = True
        else:
            data.append(byte ^ _FLIP if escaped else byte)
            escaped = False
    return bytes(data)
