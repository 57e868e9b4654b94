"""Hostile lines: random words and bytes at the prompt, thousands of them (hostile.py).

Each seed of the slow tests is some thousand lines of 100,000 in all; a failure tells seed and line.
"""

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

#: What words are for that a line is not to have, if it is to do no harm.
RESTARTS = set("reset-all bye banner boot power-off shut-down".split())
RUNS_ANYTHING = set("execute catch call-package patch (patch) evaluate eval byte-load throw alarm "
                    "begin-package go gos sync apply".split())
WRITES = set("! c! w! l! 2! +! on off move fill erase blank filll pack wbflips lwflips lbflips "
             "unaligned-w! unaligned-l! rb! rw! rl! cpoke wpoke lpoke memory-test-suite word "
             "set-token +bp till free-mem expect accept dl value defer to".split())
SETS = set("setenv $setenv nvalias $nvalias nvunalias $nvunalias nvstore set-default set-defaults "
           "reset-nvram init-nvram io output input install-console password nvedit nvrecover "
           "forget new-device".split())
HARMFUL = RESTARTS | RUNS_ANYTHING | WRITES | SETS


def nvram(machine):
    (device,) = (device for device in machine.platform.devices if device.name == "nvram")
    return bytes(device.memory)


def difference(old, new):
    """The first address whose contents differ."""
    return hex(FIRMWARE_END + next(i for i, pair in enumerate(zip(old, new, strict=True))
                                   if pair[0] != pair[1]))


def harmless(name):
    return name in STANDARD and name not in HARMFUL


def attack(seed, lines, words=harmless, bytes=0.1, batch=100):
    """Every line must come back, and nothing outside of the firmware's own data may change."""
    attacker = hostile.Attacker(seed, words=words, bytes=bytes, ram="16M")
    attacker.pieces = [piece for piece in hostile.PIECES if piece not in HARMFUL]
    for number in range(lines):
        if number % batch == 0:
            attacker.restore()
            machine = attacker.machine
            memory = machine.memory.read(FIRMWARE_END, (16 << 20) - FIRMWARE_END)
            vectors, kept = machine.memory.read(0, 0x1800), nvram(machine)
        line = attacker.line()
        end, text = attacker.type(line)
        assert end not in {hostile.End.NEVER, hostile.End.RESTART}, (seed, number, line,
                                                                     text[-200:])
        if number % batch == batch - 1:
            well, texts = attacker.well()
            assert well, (seed, number, texts)
            assert machine.memory.read(0, 0x1800) == vectors, (seed, number)
            now = machine.memory.read(FIRMWARE_END, len(memory))
            assert now == memory, (seed, number, difference(memory, now))
            assert nvram(machine) == kept, (seed, number)


def attack_with_all_words(seed, lines, batch=100):
    """Words that write to any address can break everything. A new start repairs it, at once if the
    firmware itself finds out, else when it is asked for; what is in NVRAM does not hinder it."""
    attacker = hostile.Attacker(seed, ram="16M")
    for number in range(lines):
        if number % batch == 0:
            attacker.restore()
        line = attacker.line()
        end, text = attacker.type(line)
        assert end is not hostile.End.NEVER, (seed, number, line, text[-200:])
        if end is hostile.End.RESTART or number % batch == batch - 1:
            if end is not hostile.End.RESTART:
                attacker.start_again()
            well, texts = attacker.well()
            assert well, (seed, number, line, texts)
            attacker.restore()


def test_hostile_lines_come_back():
    attack(seed=20261128, lines=1_000)


def test_lines_of_all_words_come_back():
    attack_with_all_words(seed=20261129, lines=1_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_thousands_of_hostile_lines_come_back(seed):
    attack(seed, lines=2_500)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_thousands_of_lines_of_random_bytes_come_back(seed):
    attack(seed, lines=5_000, bytes=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_thousands_of_lines_of_all_words_come_back(seed):
    attack_with_all_words(seed, lines=5_000)
