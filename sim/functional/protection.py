"""Page and block protection, as hw/mmu/protection.py has it."""

from pteg.compiled import compiled

__all__ = ["prohibited"]


@compiled
def prohibited(key, pp, store):
    """Whether key and PP forbid the access (PEM table 7-10). A block counts as key 1."""
    if store:
        return pp == 3 or (key and pp < 2)
    return key and pp == 0
