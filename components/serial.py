"""The far end of a serial line: a console. What all serial ports share.

`memory` holds two rings of characters: first the one to the console, `OUT_RING` bytes, then the one
from it, a power of two of at least `IN_RING` bytes. The console has flow control: it sends a
character only when there is room for it.
"""

from typing import Any

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.roles import ConsolePort

__all__ = ["SerialPort", "TimedPort", "RINGS", "SPEED", "OUT_RING", "IN_RING", "put", "waiting",
           "take"]

OUT_RING = 1 << 16
IN_RING = 1 << 12

#: Fields of `state` that every serial port has: characters ever put into a ring, and taken out of
#: it; and whether `tick` has something to do.
RINGS = [("active", "u4"),
         ("out_count", "i8"), ("out_taken", "i8"), ("in_count", "i8"), ("in_taken", "i8")]

#: Fields of a `TimedPort`: clock of its baud rate generator and of the processor in Hz; whether
#: characters take their time on the line instead of one core clock.
SPEED = [("clock", "i8"), ("core_clock", "i8"), ("timed", "u1")]


class SerialPort(Device, ConsolePort):
    """A device with a console. Its `dtype` has the fields `RINGS`."""

    def __init__(self, name: str, base: int, size: int, **timing: Any):
        super().__init__(name, base, size, memory=OUT_RING + IN_RING, **timing)

    def reset(self):
        """Reset the port; what the console has sent and received stays."""
        kept = {name: self.state[name][0] for name, _ in RINGS}
        super().reset()
        for name, value in kept.items():
            self.state[name] = value
        self.state["active"] = 1

    def rings_are_sound(self):
        """Whether the functions could work with the rings as they are."""
        s, ring = self.state[0], len(self.memory) - OUT_RING
        typed, printed = (int(s[f"{way}_count"]) - int(s[f"{way}_taken"]) for way in ("in", "out"))
        return (ring >= IN_RING and ring & (ring - 1) == 0
                and all(0 <= int(s[name]) < 1 << 60 for name, _ in RINGS)
                and 0 <= typed <= ring and printed >= 0)

    def send(self, data):
        """Type `data` on the console: the port receives it as fast as it can."""
        s = self.state[0]
        ring = len(self.memory) - OUT_RING
        waiting = int(s["in_count"] - s["in_taken"])
        if waiting + len(data) > ring:  # a larger ring: the program sees no difference
            kept = [self.memory[OUT_RING + (int(s["in_taken"]) + i) % ring] for i in range(waiting)]
            while ring < waiting + len(data):
                ring *= 2
            self.memory = np.concatenate([self.memory[:OUT_RING], np.zeros(ring, np.uint8)])
            for i, byte in enumerate(kept):
                self.memory[OUT_RING + (int(s["in_taken"]) + i) % ring] = byte
        at = (int(s["in_count"]) + np.arange(len(data))) % ring
        self.memory[OUT_RING + at] = np.frombuffer(bytes(data), np.uint8)
        s["in_count"] += len(data)
        s["active"] = 1

    def receive(self):
        """Bytes that the console has printed since the last call.

        The ring holds 64 K characters; older ones are lost if they are not read in time.
        """
        s = self.state[0]
        count = int(s["out_count"])
        at = np.arange(max(int(s["out_taken"]), count - OUT_RING), count) % OUT_RING
        s["out_taken"] = count
        return self.memory[at].tobytes()

    @property
    def printed(self):
        """Number of characters that the console has ever printed."""
        return int(self.state["out_count"][0])

    @compiled
    def console(state, memory, watch):
        """Look at what has been printed since the last call; see `pteg.components.console`."""
        s = state[0]
        w = watch[0]
        while w.seen < s.out_count:
            character = memory[w.seen & (OUT_RING - 1)]
            w.seen += 1
            if w.length:
                while w.matched and w.pattern[w.matched] != character:
                    w.matched = w.fallback[w.matched - 1]
                if w.pattern[w.matched] == character:
                    w.matched += 1
                if w.matched == w.length:
                    w.matched = 0
                    return 1
        return 2 if s.out_count - s.out_taken >= OUT_RING // 2 else 0


class TimedPort(SerialPort):
    """A serial port whose characters can take their time. Its `dtype` has the fields `SPEED`, too.

    Parameters
    ----------
    timed, clock, core_clock
        See `SPEED`.
    """

    def __init__(self, name: str, base: int, size: int, *, timed: bool, clock: int,
                 core_clock: int, **timing: Any):
        self._line = {"timed": timed, "clock": clock, "core_clock": core_clock}
        super().__init__(name, base, size, **timing)

    def reset(self):
        """Reset the port; the line is as it was made."""
        super().reset()
        for name, value in self._line.items():
            self.state[name] = value

    def line_is_sound(self):
        """Whether the line is as it was made."""
        return all(self.state[0][name] == value for name, value in self._line.items())


@compiled
def put(s, memory, character):
    """The console prints a character."""
    memory[s.out_count & (OUT_RING - 1)] = character
    s.out_count += 1


@compiled
def waiting(s):
    """Whether the console has a character to send."""
    return s.in_count > s.in_taken


@compiled
def take(s, memory):
    """The next character from the console, which has one."""
    character = memory[OUT_RING + s.in_taken % (len(memory) - OUT_RING)]
    s.in_taken += 1
    return character
