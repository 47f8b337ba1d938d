"""The connections from a spare to its clients, and what is said on them while the program runs."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading

from rnnshape.worker import protocol
from rnnshape.worker.ending import DECLINED


class Lines:
    """The connections to the clients, one after the other, and the thread that hears what they say later on.

    The thread waits in the system and wakes when there is something to hear. To begin a connection it need not run,
    which on a busy machine would take milliseconds of an answer.
    """

    def __init__(self, channel: socket.socket) -> None:
        """Take the channel to the worker, too: what the program forks keeps neither of them."""
        self._channel = channel
        self._line: Line | None = None
        self._heard = select.epoll()
        self._main = threading.get_ident()
        os.register_at_fork(after_in_child=self._forget)
        threading.Thread(target=self._listen, daemon=True).start()

    def line(self, connection: socket.socket) -> Line:
        """Return the line to a new client."""
        self._line = Line(connection, self._heard)
        return self._line

    def _forget(self) -> None:
        # The worker must see our end, not the fork's, and so must the client.
        self._channel.close()
        if self._line is not None:
            self._line.forget()

    def _listen(self) -> None:
        while True:
            self._heard.poll()
            if self._line is not None:
                self._line.hear(self._main)


class Line:
    """The connection to the client while the program runs."""

    def __init__(self, connection: socket.socket, heard: select.epoll) -> None:
        self._connection = connection
        self._heard = heard
        self._announced = False
        self._ends = threading.Lock()
        self.is_open = False

    def announce(self) -> None:
        """Say, once, that the program is about to print."""
        if not self._announced:
            self._announced = True
            self._say(protocol.WRITING, 0)

    def end(self, status: int) -> None:
        """Say that the program has ended, or that it declined to begin, and hang up."""
        with self._ends:
            # From here on no interrupt of this client's can come.
            self.is_open = False
        if status == DECLINED:
            self._say(protocol.DECLINED, 0)
        else:
            self._say(protocol.ENDED, status & 0xFF)
        self._heard.unregister(self._connection)
        self._connection.close()

    def watch(self) -> None:
        """From now on pass the client's Ctrl-C on to the main thread, and end this process when the client is gone."""
        self.is_open = True
        self._heard.register(self._connection, select.EPOLLIN)

    def hear(self, main: int) -> None:
        """Do what the client says: Ctrl-C is for the main thread; its end is the end, as its signal would have been."""
        with self._ends, contextlib.suppress(BlockingIOError):  # it was the client before that said something
            if self.is_open:
                if not self._said():
                    os._exit(1)
                signal.pthread_kill(main, signal.SIGINT)

    def _said(self) -> bytes:
        try:
            return self._connection.recv(64, socket.MSG_DONTWAIT)
        except ConnectionError:
            return b""

    def forget(self) -> None:
        """Drop the connection in a fork of the program, so that the client sees the end of the program itself."""
        self._announced = True
        self._ends = threading.Lock()  # that thread is not in the fork
        self._connection.close()

    def _say(self, what: bytes, number: int) -> None:
        try:
            self._connection.sendall(what + bytes([number]))
        except OSError:
            os._exit(1)
