"""A device that raises its interrupt at random times, for a random while."""

import numpy as np

from pteg.components.device import Device, compiled


class Injector(Device):
    """`seed` chooses when; about once in `every` clocks."""

    dtype = np.dtype([("irq", "i8"), ("left", "i8"), ("every", "i8"), ("random", "u8")])

    def __init__(self, name="injector", base=0x40000000, *, seed=1, every=300):
        self.seed, self.every = seed, every
        super().__init__(name, base, 8)

    def reset(self):
        self.state["irq"] = self.state["left"] = 0
        self.state["every"], self.state["random"] = self.every, self.seed * 2 + 1

    @compiled
    def read(state, memory, offset, size):
        return np.uint64(0)

    @compiled
    def write(state, memory, offset, size, value):
        pass

    @compiled
    def tick(state, memory, clocks):
        s = state[0]
        for _ in range(clocks):
            # A linear congruential generator; its upper bits are the good ones.
            s.random = s.random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            value = np.int64(s.random >> np.uint64(33))
            if s.left > 0:
                s.left -= 1
            elif value % s.every == 0:
                s.left = value // s.every % 80
            s.irq = s.left > 0

    @compiled
    def next_event(state, memory):
        return 1        # it may change in each clock
