"""NOUNS: frozen, slotted dataclasses that every other package speaks in."""
