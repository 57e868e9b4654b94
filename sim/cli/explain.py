"""What `pteg explain` does: the translation of an address in words."""

from pteg.cli.progress import waits_shown
from pteg.errors import UserError
from pteg.machine import Machine

__all__ = ["explain"]


def explain(text, checkpoint, access, user, symbols):
    """Print each step of the translation; see `pteg explain --help`."""
    with waits_shown():
        machine = Machine.restore(checkpoint)
    for path in symbols:
        machine.symbols.add_file(path)
    ea = _address(machine, text)
    if named := machine.symbols.name(ea):
        print(f"{ea:08x} is {named}")
    print(repr(machine.mmu.walk(ea, access, user)))


def _address(machine, text):
    known = machine.symbols.address(text)
    if known is not None:
        return known
    try:
        value = int(text, 0)
    except ValueError:
        raise UserError(f"address must be a number, or a symbol of the ROM or of --symbols, "
                        f"not {text!r}") from None
    if not 0 <= value < 1 << 32:
        raise UserError(f"address must have 32 bits, not {text}")
    return value
