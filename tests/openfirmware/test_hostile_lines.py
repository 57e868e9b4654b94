"""Hostile lines: random words and bytes at the prompt, thousands of them (hostile.py)."""

import importlib.util
from pathlib import Path

import pytest

FIRMWARE_END = 0x100000


def load(name):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hostile = load("hostile")
STANDARD = {word for words in load("standard_words").WORDS.values() for word in words.split()}

#: What words are for that a line is not to have, if it is to do no harm and to end by itself.
WAITS = set("key expect accept password login nvedit nvquit nvrecover dl".split())
RESTARTS = set("reset-all bye banner boot".split())
NEVER_ENDS = set("again until repeat while do ?do loop +loop ms finish-loop dump type spaces "
                 ".r u.r to-column steps hops gos".split())
DEFINES = set("variable value constant defer buffer: create alias field 2constant 2variable "
              "vocabulary forget : new-device".split())
RUNS_ANYTHING = set("execute catch call-package patch (patch) evaluate eval byte-load throw "
                    "begin-package go gos sync apply".split())
WRITES = set("! c! w! l! 2! +! on off move fill erase blank filll pack wbflips lwflips lbflips "
             "unaligned-w! unaligned-l! rb! rw! rl! cpoke wpoke lpoke memory-test-suite word "
             "set-token +bp till free-mem".split())
SETS = set("setenv $setenv nvalias $nvalias nvunalias $nvunalias nvstore set-default set-defaults "
           "reset-nvram init-nvram to io output input install-console".split())
HARMFUL = WAITS | RESTARTS | NEVER_ENDS | RUNS_ANYTHING | WRITES | SETS | DEFINES


def nvram(machine):
    (device,) = (device for device in machine.platform.devices if device.name == "nvram")
    return bytes(device.memory)


def difference(old, new):
    """The first address whose contents differ."""
    return hex(FIRMWARE_END + next(i for i, pair in enumerate(zip(old, new, strict=True))
                                   if pair[0] != pair[1]))


def harmless(name):
    return name in STANDARD and name not in HARMFUL


def attack(seed, lines, batch=100):
    """Every line must come back, and nothing outside of the firmware's own data may change."""
    attacker = hostile.Attacker(seed, words=harmless, ram="16M")
    attacker.pieces = [piece for piece in hostile.PIECES if piece not in HARMFUL]
    for number in range(lines):
        if number % batch == 0:
            attacker.restore()
            machine = attacker.machine
            memory = machine.memory.read(FIRMWARE_END, (16 << 20) - FIRMWARE_END)
            vectors, kept = machine.memory.read(0, 0x1800), nvram(machine)
        line = attacker.line()
        end, text = attacker.type(line)
        # Control keys may ask for another one: ^Q, ESC.
        right = {hostile.End.PROMPT, *([hostile.End.KEY] if min(line, default=32) < 32 else [])}
        assert end in right, (seed, number, line, text[-200:])
        if number % batch == batch - 1:
            well, texts = attacker.well()
            assert well, (seed, number, texts)
            assert machine.memory.read(0, 0x1800) == vectors, (seed, number)
            now = machine.memory.read(FIRMWARE_END, len(memory))
            assert now == memory, (seed, number, difference(memory, now))
            assert nvram(machine) == kept, (seed, number)


def test_hostile_lines_come_back():
    attack(seed=20261128, lines=400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_thousands_of_hostile_lines_come_back(seed):
    attack(seed, lines=5_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_with_all_words_the_firmware_starts_again_at_worst(seed):
    """Words that write anywhere can break everything; a new start repairs it."""
    attacker = hostile.Attacker(seed, ram="16M", words=lambda name: name in STANDARD
                                and name not in WAITS | NEVER_ENDS)
    attacker.pieces = [piece for piece in hostile.PIECES if piece not in NEVER_ENDS]
    for number in range(2_000):
        end, text = attacker.type(line := attacker.line())
        assert end is not hostile.End.NEVER, (seed, number, line, text[-200:])
        if end is not hostile.End.PROMPT or number % 100 == 99:
            attacker.restore()
