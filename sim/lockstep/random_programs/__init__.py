"""Random programs that exercise the whole instruction set, for comparing models of the processor.

A program is a memory image: exception handlers that write what happened to a log and continue
after the instruction, a prologue that sets every relevant register, a page table, and a body of
random instructions that only branches forward, so that it always reaches `STOP`. Equal seeds and
options make equal programs. The body avoids results that the architecture leaves undefined. So a
physical page is either caching-inhibited or not; changed code is made visible with dcbst, sync,
icbi and isync; dcbi follows a dcbf; and the data cache is disabled after it has been flushed, with
interrupts off.

    0x00000  exception vectors, handlers (0x3000), STOP (0x3F00)     0x40000  body
    0x02000  log pointer, register tables    0x10000  prologue       0x100000 page table, 64 KB
    0x20000  log, 64 KB in entries of 32 bytes                       0x200000 data, 256 KB
"""

from pteg.lockstep.exception_log import LOG, LOG_BYTES, STOP
from pteg.lockstep.random_programs.layout import (
    BODY,
    DATA,
    DATA_BYTES,
    TABLE,
    TABLE_BYTES,
    Options,
    Program,
)
from pteg.lockstep.random_programs.program import random_program

__all__ = ["Options", "Program", "random_program", "BODY", "STOP", "LOG", "LOG_BYTES", "TABLE",
           "TABLE_BYTES", "DATA", "DATA_BYTES"]
