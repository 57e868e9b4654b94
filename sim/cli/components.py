"""Components that a command names as MODULE:CLASS."""

import importlib

from amaranth.lib import wiring

from pteg.errors import UserError

__all__ = ["named_component"]


def named_component(text):
    """Return the component that MODULE:CLASS names, made without arguments."""
    module, colon, name = text.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)() if colon else None
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"--component {text}: {error}") from None
    if not isinstance(made, wiring.Component):
        raise UserError(f"--component must be MODULE:CLASS of a component, not {text!r}")
    return made
