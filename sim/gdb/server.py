"""The connection to GDB: one client at a time, on the loopback interface only."""

import select
import socket
import sys

from pteg.errors import UserError
from pteg.gdb.packets import LONGEST, Packets, frame
from pteg.gdb.stub import Stub

__all__ = ["check_port", "serve"]

HOST = "127.0.0.1"


def check_port(port):
    """UserError unless there is such a port."""
    if not 0 <= port < 1 << 16:
        raise UserError(f"port must be 0 to 65535, not {port}")


def serve(machine, port, exchange=lambda: None, stopped=lambda: False):
    """Wait for GDB and do what it says, until it kills the machine.

    Parameters
    ----------
    machine : pteg.machine.Machine
    port : int
        0: any that is free; it is printed on stderr.
    exchange : callable
        Carries the machine's console; called some times a second.
    stopped : callable
        Whether the server is to end.
    """
    check_port(port)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1)
        except OSError as error:
            raise UserError(f"cannot listen on port {port}: {error.strerror}") from None
        print(f"[waiting for GDB: target remote {HOST}:{listener.getsockname()[1]}]",
              file=sys.stderr, flush=True)
        killed = False
        while not killed and not stopped():
            exchange()
            if select.select([listener], [], [], 0.1)[0]:
                connection, _ = listener.accept()
                with connection:
                    killed = _Session(machine, connection, exchange, stopped).run()


class _Session:
    """One client, from connecting to leaving."""

    def __init__(self, machine, connection, exchange, stopped):
        self._connection, self._exchange, self._stopped = connection, exchange, stopped
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(10)  # a client that does not read its replies
        self._packets, self._waiting, self._gone = Packets(), [], False
        self._stub = Stub(machine, self._interrupted, self._print)

    def run(self):
        """Serve; return whether the machine is to be ended."""
        try:
            while not (self._gone or self._stub.detached or self._stopped()):
                self._receive(0.1)
                while self._waiting and not self._stub.detached:
                    self._handle(self._waiting.pop(0))
        except OSError:
            pass  # the client has gone: another one may come
        return self._stub.killed

    def _handle(self, packet):
        acknowledge = self._stub.acknowledge
        if packet is None:  # wrong checksum
            if acknowledge:
                self._connection.sendall(b"-")
            return
        if acknowledge:
            self._connection.sendall(b"+")
        self._packets.interrupted = False
        reply = self._stub.answer(packet)
        if reply is not None:
            self._connection.sendall(frame(reply))

    def _receive(self, seconds):
        self._exchange()
        if select.select([self._connection], [], [], seconds)[0]:
            data = self._connection.recv(4096)
            self._gone = not data
            self._waiting += self._packets.feed(data)

    def _interrupted(self):
        """Asked while the machine runs: Ctrl-C, or a client that has gone, ends that."""
        self._receive(0)
        return self._packets.interrupted or self._gone or self._stopped()

    def _print(self, text):
        data = text.encode("utf-8", "replace")
        for start in range(0, len(data), LONGEST // 4):
            self._connection.sendall(frame(b"O" + data[start:start + LONGEST // 4].hex().encode()))
