"""Conversions of floating-point loads and stores, against the host's."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from pteg.functional.floating import to_double, to_single

singles = st.integers(0, 0xFFFFFFFF).filter(
    lambda w: w >> 23 & 0xFF != 0xFF or not w & 0x7FFFFF or w & 0x400000)  # no signalling NaNs


def double_of(word):
    (value,) = struct.unpack(">f", word.to_bytes(4, "big"))
    return int.from_bytes(struct.pack(">d", value), "big")


@given(singles)
def test_a_loaded_single_has_the_same_value(word):
    assert to_double.py_func(word) == double_of(word)


@given(singles)
def test_a_single_is_stored_as_it_was_loaded(word):
    assert to_single.py_func(to_double.py_func(word)) == word
