"""Two hundred requests a second from eight clients, until it is stopped."""

import http.client
import sys
import threading
import time


def client(port: int) -> None:
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            while True:
                connection.request("GET", "/")
                connection.getresponse().read()
                time.sleep(0.04)
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)


for _ in range(8):
    threading.Thread(target=client, args=(int(sys.argv[1]),), daemon=True).start()
threading.Event().wait()
