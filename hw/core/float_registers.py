"""Number formats of floating-point loads and stores (PEM 3.1.4, appendix D).

A register holds a double; lfs and stfs convert.
"""

from amaranth.hdl import Cat, Const, Mux, Signal

__all__ = ["single_to_double", "double_to_single"]


def single_to_double(m, single, name):
    """The double with the value of `single`, as lfs loads it (PEM appendix D.6)."""
    exponent, fraction, sign = single[23:31], single[:23], single[31]
    double = Signal(64, name=name)
    # Exponent 127 above: the top bit moves up, three copies of its inverse go below it. All ones
    # stay all ones, all zeros all zeros.
    stretch = Mux(exponent.all(), 1, Mux(exponent.any(), ~exponent[7], 0))
    m.d.comb += double.eq(Cat(Const(0, 29), single[:30], stretch.replicate(3), single[30], sign))
    with m.If((exponent == 0) & fraction.any()):
        # Denormalised: shift the leading one out, it becomes the hidden bit.
        for position in range(23):
            with m.If(fraction[position]):
                m.d.comb += double.eq(Cat(Const(0, 52 - position), fraction[:position],
                                          Const(position + 1023 - 149, 11), sign))
    return double


def double_to_single(m, double, name):
    """The word that stfs stores of `double`; no rounding, no exceptions (PEM appendix D.7).

    Returns
    -------
    single : Signal(32)
    shift : Signal(5)
        Bits by which the fraction was shifted to the right, to denormalise it.
    """
    exponent, sign = double[52:63], double[63]
    single, shift = Signal(32, name=name), Signal(5, name=f"{name}_shift")
    m.d.comb += single.eq(Cat(double[29:59], double[62:]))
    with m.If((exponent >= 874) & (exponent <= 896)):
        # Too small for a normalised single: denormalise.
        mantissa = Cat(double[29:52], Const(1, 1))
        m.d.comb += [shift.eq(897 - exponent),
                     single.eq(Cat(mantissa >> shift, Const(0, 7), sign))]
    return single, shift
