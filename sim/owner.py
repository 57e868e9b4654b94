"""The owner of the processor, for compiled code of both models (`pteg.worlds`)."""

from pteg.hw.isa.registers import Msr
from pteg.jit import njit
from pteg.worlds import RANGES, World

__all__ = ["world_of"]

_PR = int(Msr.PR)
_NONE, _HOST_KERNEL, _HOST_USER, _HYPERVISOR, _GUEST_SUPERVISOR, _GUEST_USER = map(int, World)


@njit()
def world_of(watch, pc, msr, sprg2, guest_msr):
    """The world, as a number. `guest_msr` matters only while a guest is in."""
    if not watch.known:
        return _NONE
    if sprg2 == watch.guest_in:
        if not msr & _PR:
            return _HYPERVISOR
        return _GUEST_USER if guest_msr & _PR else _GUEST_SUPERVISOR
    if msr & _PR:
        return _HOST_USER
    for number in range(RANGES):
        if watch.first[number] <= pc < watch.end[number]:
            return _HYPERVISOR
    return _HOST_KERNEL
