"""Two small processes for loading a proxy as hard as pure Python can: `client` asks as fast as it is answered, `server` answers.

Raw sockets on one epoll each, one request under way per connection, no pipelining. Run by `bench.proxy` as
`python wrk.py client PORT CONNECTIONS SECONDS` and `python wrk.py server`.
"""

from __future__ import annotations

import select
import socket
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\nHello, world\n"
REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


def client(port: int, connections: int, seconds: float) -> tuple[int, int]:
    """Answers and failures within the time."""
    poll, sockets, answers, failures = select.epoll(), {}, 0, 0
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = (one.recv, one.send, one)
        poll.register(one, select.EPOLLIN)
    until = time.monotonic() + seconds
    for _, send, _ in sockets.values():
        send(REQUEST)
    while time.monotonic() < until:
        for number, _ in poll.poll(0.1):
            receive, send, _ = sockets[number]
            data = receive(4096)
            if data[9:12] != b"200" or not data.endswith(b"world\n"):
                failures += 1
                if not data:
                    poll.unregister(number)
                    continue
            else:
                answers += 1
            send(REQUEST)
    return answers, failures


def server() -> None:
    """Listens on a free port, says which, answers until it is ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    poll, sockets = select.epoll(), {}
    poll.register(listener, select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                one, _ = listener.accept()
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[one.fileno()] = one
                poll.register(one, select.EPOLLIN)
                continue
            try:
                data = sockets[number].recv(8192)
                if data:
                    sockets[number].send(ANSWER)
                    continue
            except OSError:
                pass
            sockets.pop(number).close()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        server()
    else:
        print(*client(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
