"""Hostile lines at the prompt, by the thousand: `Attacker` types them and says how each ended.

A line is random words of the ROM's own dictionary, numbers and pieces of control structures, or
random bytes. `python hostile.py SEED LINES` shows how many ended how.
"""

import random
import re
import sys
import tempfile
from collections import Counter
from enum import Enum
from pathlib import Path

import pteg
from pteg.firmware.openfirmware.build import compile_rom
from pteg.presets import PRESETS

PROMPT = re.compile(r"(-?\d+) > $")
NUMBERS = ["0", "1", "-1", "2", "5", "10", "7f", "100", "ffffffff", "4000", "300000", "80000",
           "fff00000", "deadbee0"]
PIECES = ['" abc"', '" /memory"', '" /cpus/@0"', "' dup", "' @", "if", "then", "else", "do", "loop",
          "begin", "while", "repeat", ": x", ";", "dup", "drop", "swap", "over", "( a", "{ a b }"]
#: Instructions for a line before ^C is typed, and before it is given up.
SOON, LATE = 5_000_000, 15_000_000
QUIET = 30_000
#: What ends every word and every question: ^C, answers to questions, ^C of the script editor.
ANSWERS = b"\x03", b"\r\x03\r\x04\r"


class End(Enum):
    """How a line ended."""

    PROMPT = "back at the prompt"
    BREAK = "ended by ^C"
    KEY = "waited for keys, then back at the prompt"
    RESTART = "the firmware started again"
    NEVER = "did not come back"


class Attacker:
    """A machine at the prompt, and random lines for it.

    Parameters
    ----------
    seed : int
    preset : str
    words : predicate, optional
        Which words of the dictionary are used.
    bytes : float
        The part of the lines that are random bytes.
    **options
        Of the preset.
    """

    def __init__(self, seed, preset="mac99", words=lambda name: True, bytes=0.1,
                 **options):
        self.random, self.bytes = random.Random(seed), bytes
        compiler, _ = compile_rom(PRESETS[preset]())
        self.names = [name for name in compiler.forth.words if name.isprintable() and words(name)]
        machine = pteg.Machine(preset, cpu="functional", rom="openfirmware", **options)
        assert machine.run(until="0 > ", instructions=5_000_000) == "console"
        machine.console.write(b"marker pristine immediate\r")
        assert machine.run(until="0 > ", instructions=5_000_000) == "console"
        self.pieces = PIECES
        self.folder = tempfile.TemporaryDirectory()
        self.checkpoint = Path(self.folder.name) / "prompt.ckpt"
        machine.save(self.checkpoint)
        self.restore()

    def restore(self):
        """Back to the first prompt."""
        self.machine = pteg.Machine.restore(self.checkpoint, "functional")
        self.machine.console.read()

    def line(self):
        """A random line: bytes, or words."""
        if self.random.random() < self.bytes:
            return bytes(self.random.randrange(256) for _ in range(self.random.randint(1, 60))
                         ).replace(b"\r", b"").replace(b"\n", b"")
        return " ".join(self._word() for _ in range(self.random.randint(1, 8))).encode("latin-1")

    def _word(self):
        kind = self.random.random()
        return self.random.choice(self.names if kind < 0.62 else NUMBERS if kind < 0.85
                                  else self.pieces)

    def _wait(self, text, instructions):
        while True:
            if PROMPT.search(text.replace("\r\n", "\n")):
                self.machine.run(instructions=QUIET)        # what is printed may look like one
                text += self.machine.console.read().decode("latin-1")
                if PROMPT.search(text.replace("\r\n", "\n")):
                    return text, True
            before = self.machine.instructions
            stop = self.machine.run(until="> ", instructions=max(1, instructions))
            text += self.machine.console.read().decode("latin-1")
            instructions -= self.machine.instructions - before
            if stop != "console" or instructions <= 0:
                return text, False

    def type(self, line):
        """Type a line; returns its `End` and what was printed."""
        self.machine.console.write(line + b"\r")
        text, back = self._wait("", SOON)
        end = End.PROMPT
        for keys, kind in zip(ANSWERS, (End.BREAK, End.KEY), strict=True):
            if not back:
                end = kind
                self.machine.console.write(keys)
                text, back = self._wait(text, LATE)
        if not back:
            end = End.NEVER
        if "it has started again." in text:
            end = End.RESTART
        return end, text

    def start_again(self):
        """The firmware starts again, from whatever the lines have left."""
        self.machine.reset()
        assert self.machine.run(until="0 > ", instructions=5_000_000) == "console"
        self.machine.console.read()

    def well(self):
        """Whether the firmware still does what it should."""
        texts = [self.type(line)[1] for line in (
            b"pristine",                # whatever `+` has become
            b"debug-off",
            b"] [ 0 if then only forth definitions device-end clear decimal noshowstack",
            b"2 3 + . depth .")]
        return texts[-1].replace("\r\n", "\n").endswith("\n5 0  ok\n0 > "), texts


def main(seed, count):
    attacker, ends = Attacker(seed), Counter()
    before = []
    for _ in range(count):
        line = attacker.line()
        end, text = attacker.type(line)
        ends[end] += 1
        before.append(line)
        if end in (End.NEVER, End.RESTART):
            print(end.name, before[-6:], text[-60:].encode(),
                  f"pc {attacker.machine.cpu.pc:08x}", flush=True)
        if end is not End.PROMPT or len(before) == 50:
            attacker.restore()
            before.clear()
    print({end.value: number for end, number in ends.items()})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
