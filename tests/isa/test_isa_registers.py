"""Register and exception tables against what the manuals say of them as a whole."""

import functools
import operator

import pytest

from pteg.hw.isa import registers
from pteg.hw.isa.bits import BITS, _mask
from pteg.hw.isa.exceptions import ASYNCHRONOUS, PRIORITY, Srr1, Vector, msr_after_exception
from pteg.hw.isa.registers import (
    MSR_IMPLEMENTED,
    MSR_TO_SRR1,
    SPR_BY_NAME,
    SPRS,
    BatLower,
    BatUpper,
    Field,
    Msr,
    PteHigh,
    PteLow,
    SegmentRegister,
    bit,
)


def test_bits_are_numbered_from_the_most_significant():
    assert bit(0) == 0x80000000 and bit(31) == 1
    assert Field(0, 5).mask == 0xFC000000 and Field(31).mask == 1
    assert Field(6, 10).get(0x03E00000) == 31 and Field(6, 10).put(3) == 0x00600000


def test_field_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"^value must fit in 5 bits, not 0x20$"):
        Field(6, 10).put(32)


def test_msr_bits():
    assert {flag.name: int(flag) for flag in Msr} == {
        "POW": 0x40000, "ILE": 0x10000, "EE": 0x8000, "PR": 0x4000, "FP": 0x2000, "ME": 0x1000,
        "FE0": 0x800, "SE": 0x400, "BE": 0x200, "FE1": 0x100, "IP": 0x40, "IR": 0x20, "DR": 0x10,
        "PM": 4, "RI": 2, "LE": 1}
    assert MSR_IMPLEMENTED == 0x5FF77
    assert MSR_TO_SRR1 == 0xFF77


def test_spr_numbers_and_names_are_unique():
    assert len({spr.number for spr in SPRS}) == len(SPRS) == len(SPR_BY_NAME)


def test_user_level_registers_are_those_with_bit_4_of_the_number_clear():
    """mfspr and mtspr of a number with this bit set are privileged (PEM 8.2, mfspr)."""
    for spr in SPRS:
        assert spr.user == (not spr.number & 0x10), spr.name


@pytest.mark.parametrize("name, number", [
    ("XER", 1), ("LR", 8), ("CTR", 9), ("DSISR", 18), ("DAR", 19), ("DEC", 22), ("SDR1", 25),
    ("SRR0", 26), ("SRR1", 27), ("SPRG3", 275), ("EAR", 282), ("PVR", 287), ("IBAT0U", 528),
    ("IBAT3L", 535), ("DBAT0U", 536), ("DBAT3L", 543), ("HID0", 1008), ("L2CR", 1017)])
def test_spr_numbers_of_the_manual(name, number):
    assert SPR_BY_NAME[name].number == number


def test_fields_of_translation_registers_do_not_overlap():
    for layout in (SegmentRegister, BatUpper, BatLower, PteHigh, PteLow):
        masks = [value.mask for value in vars(layout).values() if isinstance(value, Field)]
        assert sum(masks) == functools.reduce(operator.or_, masks), layout.__name__
    assert PteHigh.V.mask | PteHigh.VSID.mask | PteHigh.H.mask | PteHigh.API.mask == 0xFFFFFFFF
    assert BatUpper.IMPLEMENTED == 0xFFFE1FFF and BatLower.IMPLEMENTED == 0xFFFE007B


def test_reset_values():
    assert registers.RESET_VECTOR == 0xFFF00100 and registers.RESET_MSR == 0x40
    assert registers.PVR >> 16 == 8
    assert all(spr.reset & ~spr.implemented == 0 for spr in SPRS)


def test_exceptions_start_in_real_mode_with_interrupts_off():
    for vector in Vector:
        msr = msr_after_exception(MSR_IMPLEMENTED, vector)
        kept = Msr.ILE | Msr.IP | Msr.LE | (0 if vector == Vector.MACHINE_CHECK else Msr.ME)
        assert msr == kept
    assert msr_after_exception(Msr.EE | Msr.PR | Msr.IR | Msr.DR, Vector.DSI) == 0


def test_vectors_and_causes():
    assert Vector.DSI == 0x300 and Vector.SYSTEM_CALL == 0xC00 and Vector.THERMAL == 0x1700
    assert all(vector & 0xFF == 0 for vector in Vector)
    assert not set(PRIORITY) & set(ASYNCHRONOUS)
    # Causes go where the MSR leaves room: bits 1-4 and 10-15.
    assert all(int(cause) & MSR_TO_SRR1 == 0 for cause in Srr1)


def test_bits_of_fields_are_stored_bits():
    """No register has a field that it cannot hold."""
    for spr in SPRS:
        assert spr.written & ~spr.implemented == 0, spr.name
    for name, fields in (("SR", SegmentRegister), ("BATU", BatUpper), ("BATL", BatLower),
                         ("SDR1", registers.Sdr1), ("IABR", registers.Iabr),
                         ("DABR", registers.Dabr)):
        for field in vars(fields).values():
            if isinstance(field, Field):
                assert field.mask & ~BITS[name].mask == 0, name
    assert MSR_IMPLEMENTED == sum(Msr) and registers.FPSCR_IMPLEMENTED == sum(registers.Fpscr)
    assert all(bits.write_mask & _mask(bits.status) == 0 for bits in BITS.values())
