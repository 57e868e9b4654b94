"""Mac-on-Linux on the simulated machine: guests are started, and what happens is measured."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pteg.mol.measure import run

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    if name == "run":
        from pteg.mol.measure import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
