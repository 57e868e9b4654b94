"""Lockstep of several processors that share memory.

    pipeline --- events --- memory          what it loads and stores, in the order of its cycles
        |                     |
    registers -- replay --- functional models, one for each processor

docs/processors.md tells what is compared.
"""

from pteg.lockstep.shared.lockstep import SharedLockstep

__all__ = ["SharedLockstep"]
