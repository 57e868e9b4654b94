"""Guests that do anything: random words as code of the guest's supervisor.

The host stays whole, and the session can be ended.
"""

import random
from functools import cache

import pytest

from pteg.lockstep.encoding import encode, to_spr
from pteg.mol.guest import Guest
from pteg.mol.hostb import HostB

SIZE, INSTRUCTIONS = 1 << 21, 1_000_000
PRIVILEGED = [encode("mtmsr", rS=3), encode("rfi"), encode("mtsr", SR=5, rS=3), encode("sc"),
              encode("mtsrin", rS=3, rB=4), encode("tlbie", rB=3), encode("mfmsr", rD=3)]
TO_SPR = [to_spr(name, 3) for name in (
    "SDR1", "IBAT0U", "IBAT0L", "IBAT1U", "IBAT1L", "DBAT0U", "DBAT0L", "DBAT3U", "DBAT3L",
    "DEC", "HID0", "SRR0", "SRR1", "SPRG2", "SPRG3")]


@cache
def load_halves(register):
    """lis and ori without their constants."""
    return (encode("addis", rD=register, rA=0, SIMM=0),
            encode("ori", rA=register, rS=register, UIMM=0))


def load_constant(register, value):
    lis, ori = load_halves(register)
    return [lis | value >> 16, ori | value & 0xFFFF]


def code(choice, count):
    """Random words: any, privileged instructions with random values, hypercalls."""
    words = []
    while len(words) < count:
        pick = choice.random()
        if pick < 0.3:
            words.append(choice.getrandbits(32))
        elif pick < 0.6:
            words += load_constant(choice.randrange(3, 6), choice.getrandbits(32))
            words.append(choice.choice(PRIVILEGED))
        elif pick < 0.8:
            words += load_constant(3, choice.getrandbits(32))
            words.append(choice.choice(TO_SPR))
        elif pick < 0.9:
            words += [*load_constant(3, 0x113724FA), *load_constant(4, 0x77810F9B),
                      encode("addi", rD=5, rA=0, SIMM=choice.choice((0, 4, 18, 40, 89, 90, 99))),
                      *load_constant(6, choice.getrandbits(32)),
                      *load_constant(7, choice.getrandbits(32)),
                      *load_constant(8, choice.getrandbits(32)), encode("sc")]
        else:
            words += load_constant(3, choice.choice((0, 0x10, 0x20, 0x30)) | 0x1002
                                   | choice.getrandbits(1) << 14)
            words.append(encode("mtmsr", rS=3))
    return words


def hostile(seed):
    """A guest with random code in all of its memory, handlers included."""
    choice = random.Random(seed)
    words = code(choice, 0x6000)
    data = b"".join(word.to_bytes(4, "big") for word in words)
    image = (data * (SIZE // len(data) + 1))[:SIZE]
    return Guest({0: image}, choice.randrange(0, 0x10000, 4), 0x3F00, 0x1002, SIZE)


def check(seed, whole):
    session = HostB(hostile(seed), tick=5000)
    machine = session.machine
    start = machine.symbols.address("mac_entry")
    assert session.run(2_000_000, until=start) == "address"
    stop = session.run(INSTRUCTIONS, until=session.ended)
    assert stop in ("instructions", "address"), f"seed {seed}: {stop}"
    assert whole(session) == [], f"seed {seed}"
    if stop == "instructions":
        # The host is alive: its tick comes, and it can end the session.
        ticks = session.result("ticks")
        session.end()
        stop = session.run(3_000_000, until=session.ended)
        assert stop == "address", f"seed {seed}: {stop}"
        assert session.result("ticks") > ticks, f"seed {seed}: no tick"
    assert whole(session) == [], f"seed {seed}: after the session"
    return session


def test_hostile_guests_leave_the_host_alone(whole):
    total = {}
    for seed in (*range(14), 227):      # 227 sleeps for ever
        for name, value in check(seed, whole).counters().items():
            total[name] = total.get(name, 0) + value
    for name in ("mac_trap", "osi_syscall", "do_mtsdr1", "do_mtbat", "host_interrupt"):
        assert total[name] > 0, name


@pytest.mark.slow
def test_a_thousand_hostile_guests_leave_the_host_alone(whole):
    for seed in range(100, 1100):
        check(seed, whole)
