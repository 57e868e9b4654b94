"""The design in Amaranth's own simulator."""

import sys
import time
import warnings
from dataclasses import replace

import cloudpickle
import numpy as np

from engines.design import signals_of, words
from engines.program import FACTOR, Run, peak, python, run

__all__ = ["Amaranth"]


class Amaranth:
    """Amaranth's simulator: it is built anew in each run."""

    name = "Amaranth"
    build = 0.0

    def __init__(self, design, ports, folder):
        self.folder = folder
        (folder / "design.pickle").write_bytes(cloudpickle.dumps(
            (replace(design, record=None), ports)))

    def run(self, rows):
        """Run the recording in a file."""
        result = run(python("interpreted", rows), self.folder)
        self.build = result.load
        return result


def main(file):
    """Replay a recording."""
    from amaranth.sim import Simulator

    with open("design.pickle", "rb") as source:
        design, ports = cloudpickle.load(source)
    rows = np.fromfile(file, np.uint64).reshape(-1, ports.count).tolist()
    warnings.simplefilter("ignore")
    begin = time.process_time()
    component, clk = design.clocked()
    engine = Simulator(component)._engine
    signals = signals_of(component)

    def slot(signal):
        return engine.state.slots[engine.state.get_signal(signal)]

    clock = slot(clk)
    inputs = [(slot(signals[path]), column, words(ports.inputs[path]))
              for path, column in ports.columns.items()]
    outputs = [(slot(signals[path]), (1 << width) - 1, words(width))
               for path, width in ports.outputs.items()]
    engine.step_design()
    start, checksum = time.process_time(), 0
    for row in rows:
        clock.update(0)
        for place, column, count in inputs:
            place.update(sum(row[column + n] << 64 * n for n in range(count)))
        engine.step_design()
        found = [(place.curr & mask) >> 64 * n & (1 << 64) - 1
                 for place, mask, count in outputs for n in range(count)]
        checksum = (checksum * FACTOR + sum((2 * n + 1) * word
                                            for n, word in enumerate(found))) % 2**64
        clock.update(1)
        engine.step_design()
    end = time.process_time()
    print(Run(end - start, checksum, start - begin, peak()).line())


if __name__ == "__main__":
    main(sys.argv[1])
