"""Takes work from a folder until it is told to end; what it has begun it finishes."""

import os
import signal
import threading

ending = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ending.set())
print("worker", os.environ["VERSION"], "begins", flush=True)
while not ending.wait(0.2):
    pass  # here it would take the next piece of work
print("worker", os.environ["VERSION"], "has finished what it had begun", flush=True)
