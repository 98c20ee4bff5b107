"""A small service for tests: answers on PORT, and misbehaves as its environment tells it. Standard library only."""

import os
import signal
import socket
import subprocess
import sys
import time

flags = os.environ


def misbehave() -> None:
    """What the flags ask for before it listens."""
    if "STUBBORN" in flags:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "GRANDCHILD" in flags:
        command = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
        subprocess.Popen(command, start_new_session=flags["GRANDCHILD"] == "detached")
    for number in range(int(flags.get("CHATTY", "0"))):
        print(f"line {number:06d} " + "x" * 80, flush=True)
    if "EXIT" in flags:
        sys.exit(int(flags["EXIT"]))
    if "PORT" not in flags or "DEAF" in flags:
        time.sleep(600)


def answer(path: str) -> tuple[str, str]:
    """A refusal while a file says so, else who answers."""
    refusal = flags.get("REFUSE" + path.replace("/", "_").upper())  # REFUSE_READY, REFUSE_LIVE: a file's path
    if refusal and os.access(refusal, os.F_OK):
        return "503 Service Unavailable", "no"
    if path == "/length":
        return "200 OK", str(len(flags.get("PASSWORD", "")))
    return "200 OK", f"{os.getpid()} {flags['SEAWAY_INSTANCE']}"


def serve(listener: socket.socket) -> None:
    """One request per connection, for ever."""
    while True:
        client, _ = listener.accept()
        with client:
            client.settimeout(1)
            try:
                asked = client.recv(4096).decode("latin-1").split()
                status, body = answer(asked[1] if len(asked) > 1 else "/")
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                client.sendall((head + body).encode())
            except OSError:
                continue


if __name__ == "__main__":
    print("pid", os.getpid(), "revision", flags.get("SEAWAY_REVISION"), flush=True)
    misbehave()
    with socket.socket() as public:
        public.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        public.bind(("127.0.0.1", int(flags["PORT"])))
        public.listen(64)
        serve(public)
