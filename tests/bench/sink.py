"""A mail server that takes every letter and keeps none, so that it is never what is measured.

`python tests/bench/sink.py` prints its port, then a line for each letter it took: the moment, by
the clock that `time.monotonic` reads in every process, and the recipient. It ends when it has been
left alone for a minute, so that nobody waits for a letter that never comes.
"""

import asyncio
import time
from contextlib import suppress
from functools import partial

_REPLIES = {
    b"EHLO": b"250-sink\r\n250 SIZE 10000000\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 Bye\r\n",
}
_END = b"\r\n.\r\n"
_PATIENCE = 60.0  # seconds


class Sink(asyncio.Protocol):
    """One client's session."""

    def __init__(self, heard: asyncio.Event) -> None:
        self._heard = heard
        self._got = bytearray()
        self._in_body = False
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._got += data
        self._heard.set()
        while (line := self._next()) is not None:
            if self._in_body:
                print(f"{time.monotonic()} {self._recipient}", flush=True)
                self._in_body = False
                self._transport.write(b"250 Taken\r\n")
            else:
                self._obey(line)

    def _next(self) -> bytes | None:
        line, end, rest = self._got.partition(_END if self._in_body else b"\r\n")
        if not end:
            return None
        self._got = rest
        return bytes(line)

    def _obey(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        self._in_body = verb == b"DATA"
        self._transport.write(_REPLIES.get(verb, b"250 OK\r\n"))
        if verb == b"QUIT":
            self._transport.close()


async def main() -> None:
    """Serve until nobody has come for a while."""
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Sink, heard), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    with suppress(TimeoutError):
        while True:
            heard.clear()
            await asyncio.wait_for(heard.wait(), _PATIENCE)


if __name__ == "__main__":
    asyncio.run(main())
