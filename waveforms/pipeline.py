"""Stages of instructions, cycle by cycle: Kanata logs and text tables.

Instructions come in fetch order, each after it has left the pipeline (`Passage`). `KanataLog`
writes the format of the viewer Konata; `PipelineTable` writes the grid of timing chapters in
manuals. Nothing here depends on a machine: stages are names, with a letter for the table.
"""

import dataclasses
import enum
import heapq

__all__ = ["Fate", "Stage", "Passage", "KanataLog", "PipelineTable"]


class Fate(enum.Enum):
    """How an instruction left the pipeline."""

    RETIRED = "retired"
    FOLDED = "folded"           # a branch that needed no completion queue entry
    EXCEPTION = "exception"     # it caused one instead of retiring
    FLUSHED = "flushed"         # dropped: as far as the program can tell, never executed
    IN_FLIGHT = "in flight"     # the log ends before


#: Fates that Konata shows as flushed, and their marks in the table.
DROPPED = {Fate.FLUSHED: "x", Fate.EXCEPTION: "!"}


@dataclasses.dataclass(frozen=True)
class Stage:
    """A place in the pipeline.

    Parameters
    ----------
    name
        As Konata shows it.
    letter
        As the table shows it.
    """

    name: str
    letter: str


@dataclasses.dataclass
class Passage:
    """An instruction's way through the pipeline.

    Attributes
    ----------
    label : str
        Address and text.
    stages : list of (int, Stage)
        In which cycle each began. One that begins when the next does took no time.
    end : int
        First cycle in which it is gone.
    fate : Fate
    """

    label: str
    stages: list
    end: int = 0
    fate: Fate = Fate.IN_FLIGHT

    @property
    def begin(self):
        """Cycle of the first stage."""
        return self.stages[0][0]

    @property
    def spans(self):
        """(begin, end, stage) of the stages that took time."""
        ends = [begin for begin, _ in self.stages[1:]] + [self.end]
        return [(begin, end, stage) for (begin, stage), end in zip(self.stages, ends, strict=True)
                if end > begin]


class KanataLog:
    """A log in the format Kanata 0004, for Konata.

    Commands are in order of time. An instruction is written when it is complete, and what follows
    begins no earlier: so what is older than its beginning can be given out.

    Parameters
    ----------
    file
        Text file; it is not closed.
    """

    def __init__(self, file):
        self._file = file
        self._waiting = []      # heap of (cycle, order, command)
        self._order = 0
        self._number = self._retired = 0
        self._cycle = None
        file.write("Kanata\t0004\n")

    def write(self, passage):
        """Take the next instruction in fetch order."""
        number, spans = self._number, passage.spans
        self._number += 1
        self._at(passage.begin, f"I\t{number}\t{number}\t0", f"L\t{number}\t0\t{passage.label}",
                 f"L\t{number}\t1\t{_times(spans)}{passage.fate.value}")
        for begin, end, stage in spans:
            self._at(begin, f"S\t{number}\t0\t{stage.name}")
            if passage.fate is not Fate.IN_FLIGHT or end < passage.end:
                self._at(end, f"E\t{number}\t0\t{stage.name}")
        if passage.fate in DROPPED:
            self._at(passage.end, f"R\t{number}\t{self._retired}\t1")
        elif passage.fate is not Fate.IN_FLIGHT:
            self._at(passage.end, f"R\t{number}\t{self._retired}\t0")
            self._retired += 1
        self._give(passage.begin)

    def close(self):
        """End of the run."""
        self._give(None)

    def _at(self, cycle, *commands):
        for command in commands:
            heapq.heappush(self._waiting, (cycle, self._order, command))
            self._order += 1

    def _give(self, before):
        while self._waiting and (before is None or self._waiting[0][0] < before):
            cycle, _, command = heapq.heappop(self._waiting)
            if self._cycle is None:
                self._file.write(f"C=\t{cycle}\n")
            elif cycle > self._cycle:
                self._file.write(f"C\t{cycle - self._cycle}\n")
            self._cycle = cycle
            self._file.write(command + "\n")


class PipelineTable:
    """A table with a row for each instruction and a column for each cycle.

    The cycle of the first column is in a separate line whenever it changes. A row that is
    longer than the table ends in `>`. A flushed instruction ends in `x`, one that has caused an
    exception in `!`, in the cycle after its last.

    Parameters
    ----------
    file
        Text file; it is not closed.
    stages
        For the legend.
    width
        Columns.
    """

    def __init__(self, file, stages, width=60):
        self._file, self._width = file, width
        self._left = None
        file.write("# " + "  ".join(f"{stage.letter} {stage.name}" for stage in stages)
                   + "  x flushed  ! exception\n")

    def write(self, passage):
        """Take the next instruction in fetch order."""
        if self._left is None or passage.begin - self._left >= self._width // 2:
            self._left = passage.begin
            ruler = "".join("|" if cycle % 10 == 0 else "." for cycle in
                            range(self._left, self._left + self._width))
            self._file.write(f"\n{ruler}  from cycle {self._left}\n")
        row = " " * (passage.begin - self._left)
        row += "".join(stage.letter * (end - begin) for begin, end, stage in passage.spans)
        row += DROPPED.get(passage.fate, "")
        if len(row) > self._width:
            row = row[:self._width - 1] + ">"
        self._file.write(f"{row:{self._width}}  {passage.label}\n")

    def close(self):
        """End of the run."""


def _times(spans):
    return "".join(f"{stage.name} {begin} to {end - 1}, " for begin, end, stage in spans)
