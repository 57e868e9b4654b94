"""GDB's remote protocol: `pteg gdb`, described in docs/gdb.md."""

from pteg.gdb.server import serve
from pteg.gdb.stub import Stub

__all__ = ["serve", "Stub"]
