"""All directives of the assembler: `DIRECTIVES[name](assembler, operands)`.

Macros, repetition, conditions and includes are not here: the reader obeys them.
"""

from pteg.firmware.asm.cfi import UNWIND_DIRECTIVES
from pteg.firmware.asm.data import DATA_DIRECTIVES
from pteg.firmware.asm.debug import DEBUG_DIRECTIVES
from pteg.firmware.asm.names import NAME_DIRECTIVES
from pteg.firmware.asm.places import PLACE_DIRECTIVES

__all__ = ["DIRECTIVES"]


def _ignore(assembler, text):
    """Taken and not needed."""


#: Directives about listings, about files that are linked, and about processors: there is one.
_IGNORED = (".ident", ".version", ".gnu_attribute", ".machine", ".abiversion", ".addrsig",
            ".addrsig_sym", ".eject", ".list", ".nolist", ".psize", ".title", ".sbttl")

DIRECTIVES = (dict.fromkeys(_IGNORED, _ignore) | DATA_DIRECTIVES | PLACE_DIRECTIVES
              | NAME_DIRECTIVES | DEBUG_DIRECTIVES | UNWIND_DIRECTIVES)
