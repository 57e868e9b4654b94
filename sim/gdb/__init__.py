"""GDB's remote protocol: `pteg gdb`, described in docs/gdb.md."""

from pteg.gdb.server import check_port, serve
from pteg.gdb.stub import Stub

__all__ = ["check_port", "serve", "Stub"]
