"""A control plane's server in a thread of the test, over a control plane that is given."""

from __future__ import annotations

import threading
import time
from typing import Any

import uvicorn

from seaway.app import serving
from seaway.config.home import Home
from seaway.web.identity import LocalOwner
from seaway.web.server import application


class Running:
    """A server in a thread of this process, as `serving.serve` sets one up."""

    def __init__(self, home: Home, plane: Any) -> None:
        self.plane = plane
        settings = serving.Settings(str(home.root))
        app = application(
            plane,
            LocalOwner(serving.token(settings), "mona"),
            settings.answers,
            stop=self.stop,
            started=lambda: serving.publish(settings),
            heartbeat=0.1,
        )
        self.server = uvicorn.Server(serving.server_settings(app))
        self.bound = serving.bound(serving.private(home))
        self.thread = threading.Thread(target=lambda: self.server.run(sockets=[self.bound.__enter__()]))

    def start(self) -> None:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        self.server.should_exit = True

    def end(self) -> None:
        self.stop()
        self.thread.join(5)
        self.bound.__exit__(None, None, None)
        assert not self.thread.is_alive()
