"""A whole program: the groups of its body, and what is around them."""

import random

from pteg.hw.isa.registers import Msr
from pteg.lockstep.encoding import as_bytes, encode
from pteg.lockstep.exception_log import LOG, LOG_BYTES, STOP
from pteg.lockstep.random_programs import (
    branches,
    caches,
    conditions,
    floating,
    integer,
    invalid_forms,
    memory,
    surroundings,
    system,
)
from pteg.lockstep.random_programs.generator import Generator, Placed
from pteg.lockstep.random_programs.layout import (
    BODY,
    DATA,
    DATA_BYTES,
    FLOATS,
    OFFSETS,
    POINTERS,
    PROLOGUE,
    REGISTERS,
    SAFE,
    TABLE,
    Options,
)

__all__ = ["random_program"]

#: Groups, and how often they are chosen.
_GROUPS = {integer.plain: 30, memory.access: 25, branches.branch: 8, memory.pointer: 5,
           integer.divide: 2, integer.trap: 1, memory.multiple: 4, memory.reservation: 2,
           memory.cache: 3, system.spr: 4, system.supervisor: 5, system.exception: 2,
           integer.loop: 2, system.time: 1, caches.modify: 1, caches.caches: 1}
_FLOATING = {floating.floating: 30, floating.float_access: 15}
_CONDITIONS = {conditions.condition: 12, memory.multiple: 8, memory.pointer: 12, caches.caches: 3}


def _weights(options):
    weights = dict(_GROUPS)
    if options.floating:
        weights |= _FLOATING
    if options.breakpoints and not options.user:
        weights[system.breakpoint_] = 8
    if options.invalid:
        weights[invalid_forms.invalid] = 8
    if options.conditions:
        weights |= _CONDITIONS
    if options.branches:
        weights[branches.late_branches] = 40
    return weights


def _body(g):
    """Groups, one after the other, and the branch to `STOP`."""
    weights = _weights(g.options)
    groups = [group(g) for group in g.random.choices(list(weights), list(weights.values()),
                                                     k=g.options.length)]
    starts = [BODY]
    for group in groups:
        starts.append(starts[-1] + 4 * sum(
            word.size if isinstance(word, Placed) else 1 for word in group))
    words = []
    for index, group in enumerate(groups):
        def ahead(number, index=index):
            return starts[min(index + number, len(groups))]

        for word in group:
            words += (word.words(BODY + 4 * len(words), ahead) if isinstance(word, Placed)
                      else [word])
    return [*words, encode("b", LI=STOP >> 2, AA=1)]


def _registers(g):
    """r1 to r31."""
    registers = [g.value() for _ in range(31)]
    for number in (*POINTERS, *SAFE):
        registers[number - 1] = g.address(number in SAFE)
    for number in OFFSETS:
        registers[number - 1] = g.random.choice((0, 4, 8, 12))
    return registers


def _build(g):
    """The program of a generator."""
    options, program = g.options, g.program
    g.program_msr = surroundings.first_msr(g)
    if options.floating:
        program.msr |= Msr.FP
        program.memory[FLOATS] = floating.registers(g)
    program.memory[TABLE] = bytes(surroundings.page_table(g))
    if options.translation:
        g.windows += surroundings.BLOCKS
    program.memory[PROLOGUE] = as_bytes(surroundings.prologue(g))
    program.memory[REGISTERS] = as_bytes(_registers(g))
    program.memory[DATA] = g.random.randbytes(DATA_BYTES)
    program.memory[LOG] = bytes(LOG_BYTES)
    program.memory[BODY] = as_bytes(_body(g))
    return program


def random_program(seed, options=None):
    """Make a program.

    Parameters
    ----------
    seed : int
    options : Options
        If None, `user`, `translation` and `trace` are chosen by the seed.
    """
    if options is None:
        choice = random.Random(seed ^ 0x5EED)
        options = Options(user=choice.random() < 0.4, translation=choice.random() < 0.8)
    return _build(Generator(seed, options))
