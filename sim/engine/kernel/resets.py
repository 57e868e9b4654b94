"""Asynchronous resets whose rise is like a clock edge."""

from amaranth.hdl._mem import MemoryInstance
from amaranth.hdl._xfrm import LHSMaskCollector

__all__ = ["resets_like_edges"]


def resets_like_edges(prepared):
    """Return the resets whose rise does what a clock edge does, in Amaranth's simulator.

    There, the rise of an asynchronous reset runs the statements of its domain. That shows in
    registers without a reset, which change, and in memories, which are read and written.
    """
    found = {}
    for fragment in prepared.fragments:
        for name, domain in fragment.domains.items():
            if domain.async_reset and domain.rst is not None and _shows(fragment, name):
                found[id(domain.rst)] = domain.rst
    return list(found.values())


def _shows(fragment, domain):
    """Return whether a module has something in a domain that its reset does not reset."""
    if isinstance(fragment, MemoryInstance):
        return any(port._domain == domain
                   for port in (*fragment._read_ports, *fragment._write_ports))
    driven = LHSMaskCollector()
    driven.visit_stmt(fragment.statements.get(domain, ()))
    return any(signal.reset_less for signal, _ in driven.masks())
