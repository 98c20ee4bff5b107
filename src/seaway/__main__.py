"""Lets `python -m seaway` stand for the `seaway` command: the engine starts itself this way."""

from seaway.cli import main

if __name__ == "__main__":
    main.main()
