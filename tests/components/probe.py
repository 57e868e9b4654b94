"""Reads and writes registers of one device, as the processor would, and lets time pass."""

import numpy as np

from pteg.platform import Platform


class Probe:
    """A device alone in a machine. Addresses are offsets."""

    def __init__(self, device, wires=()):
        self.device, self.platform = device, Platform([device], wires)
        self._functions = self.platform.functions()

    def read(self, offset, size=1):
        at = self.device.base + offset
        value, error = self._functions.bus_read(self.platform.arrays, at, size)
        assert error == 0
        return int(value)

    def write(self, offset, value, size=1):
        assert self._functions.bus_write(self.platform.arrays, self.device.base + offset, size,
                                       np.uint64(value)) == 0

    def tick(self, clocks):
        self._functions.tick(self.platform.arrays, clocks)

    def next_event(self):
        return self._functions.next_event(self.platform.arrays)

    def pin(self, name="irq"):
        return int(self.device.state[name][0])
