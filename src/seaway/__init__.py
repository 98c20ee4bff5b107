"""Seaway ships releases progressively, verified and crash-safe, and proves that nobody was harmed."""

__version__ = "0.1.0"
