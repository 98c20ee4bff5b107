"""An HTTP/2 backend without TLS that behaves like a gRPC server, and a client for it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import h2.config
import h2.connection
import h2.events

from traffic_peers import Loop, free_port


class GrpcBackend:
    """Answers each call with 200 and, in the trailers, the status that the request's `want` header asks for."""

    def __init__(self, loop: Loop, name: str) -> None:
        self.loop, self.name, self.port = loop, name, free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = loop.run(asyncio.start_server(self._serve, "127.0.0.1", self.port))

    def kill(self) -> None:
        async def end() -> None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

        self.loop.run(end())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        wanted: dict[int, dict[str, str]] = {}
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            writer.write(connection.data_to_send())
            while block := await reader.read(65536):
                for event in connection.receive_data(block):
                    if isinstance(event, h2.events.RequestReceived):
                        wanted[event.stream_id] = dict(event.headers)
                    if isinstance(event, h2.events.DataReceived):
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    if isinstance(event, h2.events.StreamEnded):
                        self._answer(connection, event.stream_id, wanted.pop(event.stream_id))
                writer.write(connection.data_to_send())
        self._writers.discard(writer)
        writer.close()

    def _answer(self, connection: Any, stream: int, headers: dict[str, str]) -> None:
        if headers[":path"] == "/ready":
            connection.send_headers(stream, [(":status", "200")], end_stream=True)
            return
        connection.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        connection.send_data(stream, b"\0\0\0\0\0")
        connection.send_headers(stream, [("grpc-status", headers.get("want", "0"))], end_stream=True)

    def call(self, port: int, status: int) -> tuple[int, dict[str, str]]:
        """One call through a proxy that listens on `port`: HTTP status, and all header and trailer fields."""
        return self.loop.run(self._call(port, status))

    async def _call(self, port: int, status: int) -> tuple[int, dict[str, str]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        fields = [(":method", "POST"), (":path", "/api.Api/Call"), (":scheme", "http"), (":authority", "x"),
                  ("content-type", "application/grpc"), ("te", "trailers"), ("want", str(status))]  # fmt: skip
        connection.send_headers(1, fields)
        connection.send_data(1, b"\0\0\0\0\0", end_stream=True)
        writer.write(connection.data_to_send())
        found: dict[str, str] = {}
        ended = False
        while not ended:
            for event in connection.receive_data(await reader.read(65536)):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    found |= dict(event.headers)
                ended = ended or isinstance(event, (h2.events.StreamEnded, h2.events.ConnectionTerminated))
        writer.close()
        await writer.wait_closed()
        return int(found[":status"]), found
