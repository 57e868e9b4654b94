"""Core clock to bus clock: the ratio that the PLL makes. Without Amaranth, for the simulator too.

The pins PLL_CFG[0-3] choose it, and HID1[0-3] shows them (MPC750 UM 2.1.2.2; MPC750 hardware
specifications, table "PLL configuration"). Time base and decrementer count every fourth bus clock.
"""

from dataclasses import dataclass

__all__ = ["DEFAULT", "PLL_CFG", "Ratio"]

#: PLL_CFG by core cycles of two bus clocks. 1:1 is the PLL bypass, which is for tests.
PLL_CFG = {2: 0b0011, 4: 0b0100, 5: 0b0000, 6: 0b1000, 7: 0b1110, 8: 0b1010, 9: 0b0111, 10: 0b1011,
           11: 0b1001, 12: 0b1101, 13: 0b0101, 14: 0b0010, 15: 0b0001, 16: 0b1100, 20: 0b0110}


@dataclass(frozen=True)
class Ratio:
    """A ratio of the table; half ratios are those with an odd `two`.

    Parameters
    ----------
    two : int
        Core cycles of two bus clocks.
    """

    two: int

    def __post_init__(self):
        if self.two not in PLL_CFG:
            raise ValueError(f"ratio must be one of {', '.join(map(_text, PLL_CFG))}, "
                             f"not {_text(self.two)}")

    @classmethod
    def read(cls, text: object) -> "Ratio":
        """From a number, or a text such as "2.5:1" or "4"; ValueError if it is none."""
        if isinstance(text, cls):
            return text
        number, _, one = str(text).partition(":")
        try:
            two = 2 * float(number)
        except ValueError:
            two = 0.0
        if one not in ("", "1") or two not in PLL_CFG:
            raise ValueError(f"ratio must be one of {', '.join(map(_text, PLL_CFG))}, not {text}")
        return cls(int(two))

    @property
    def cycles_per_tick(self) -> int:
        """Core cycles to a tick of the time base."""
        return 2 * self.two

    @property
    def hid1(self) -> int:
        """What HID1 reads as."""
        return PLL_CFG[self.two] << 28

    def slower(self, clock: int) -> int:
        """Frequency of the bus, for one of the core."""
        return 2 * clock // self.two

    def __str__(self) -> str:
        return _text(self.two)


def _text(two: int) -> str:
    return f"{two // 2}.5:1" if two % 2 else f"{two // 2}:1"


#: That of a 400 MHz 750 on a 100 MHz bus.
DEFAULT = Ratio(8)
