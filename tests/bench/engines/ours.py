"""The design compiled by `pteg.engine`."""

import contextlib
import os
import sys
import time
from unittest import mock

import numpy as np
from numba import njit

from engines.design import Ports
from engines.program import FACTOR, Run, cpu_time, environment, peak, python, run
from pteg.engine import load_design

__all__ = ["Ours"]


class Ours:
    """Compiles a design into a cache of its own; its program finds it there.

    Attributes
    ----------
    build : float
        Seconds of processor time.
    native : Native
    ports : Ports
    nodes : int
        Operations of the circuit.
    """

    name = "pteg"

    def __init__(self, design, folder):
        self.folder, self.skips = folder, design.skips
        with contextlib.chdir(folder), mock.patch.dict(os.environ, environment(folder)):
            begin = cpu_time()
            native = loaded(design.component, self.skips)
            while not native.step.is_complete:
                time.sleep(0.05)
            native.settle(native.new_state())   # the process that compiles has ended
            self.build = cpu_time() - begin
        self.ports = Ports.of(native)
        self.nodes = len(native.design.nodes)

    def run(self, rows):
        """Run the recording in a file."""
        return run(python("ours", rows, int(self.skips)), self.folder)


def loaded(build, skips):
    """Return the design of this folder, from the cache if it is there."""
    return load_design(build, sources=[], parameters=os.getcwd(), name="top", cycle=skips)


@njit(cache=True)
def replay(function, arrays, rows, inputs, outputs, factor):
    """Call a function for each row; return the checksum of the outputs."""
    state = arrays[0]
    checksum = np.uint64(0)
    for number in range(rows.shape[0]):
        for column in range(len(inputs)):
            state[inputs[column]] = rows[number, column]
        function(*arrays)
        found = np.uint64(0)
        for place in range(len(outputs)):
            found += np.uint64(2 * place + 1) * state[outputs[place]]
        checksum = checksum * factor + found
    return checksum


def main(file, skips):
    """Replay a recording, with `cycle` or with `step`."""
    rows = np.fromfile(file, np.uint64)
    begin = time.process_time()
    native = loaded(lambda: sys.exit("the design is not in the cache"), skips)
    inputs, outputs = (np.array([part.word for probe in probes.values() for part in probe.parts])
                       for probes in (native.inputs, native.outputs))
    rows = rows.reshape(-1, len(inputs))

    def work(rows):
        function, *arrays = ((native.cycle, native.new_state(), native.new_record()) if skips
                             else (native.step, native.new_state()))
        return replay(function, tuple(arrays), rows, inputs, outputs, np.uint64(FACTOR))

    work(rows[:0])
    start = time.process_time()
    checksum = work(rows)
    end = time.process_time()
    print(Run(end - start, int(checksum), start - begin, peak()).line())


if __name__ == "__main__":
    main(sys.argv[1], bool(int(sys.argv[2])))
