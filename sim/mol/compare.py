"""The same guest on the bare machine and under MOL: registers and memory must be equal."""

from pteg.mol.guest import Guest, bare, comparable
from pteg.mol.hostb import HostB
from pteg.state import differences

__all__ = ["differing"]


def differing(guest: Guest, session: HostB, limit: int = 2_000_000) -> list[str]:
    """What differs when a session is at the guest's stop, as texts."""
    judge = bare(guest)
    stop = judge.run(instructions=limit, until=guest.stop)
    if stop != "address":
        return [f"{stop} on the bare machine"]
    found = [f"{name}: {left:#x} bare, {right:#x} under MOL" for name, left, right in
             differences(comparable(judge.model.get_state()), comparable(session.guest_state()))]
    left, right = judge.memory.read(0, guest.size), session.memory()
    if left != right:
        at = next(i for i in range(0, len(left), 4) if left[i:i + 4] != right[i:i + 4])
        found.append(f"memory at {at:#x}: {left[at:at + 4].hex()} bare, "
                     f"{right[at:at + 4].hex()} under MOL")
    return found
