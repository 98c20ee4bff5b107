"""LEDGER: what happened, as events that last. Pure: the engine's outbox stores and delivers what is rendered here."""
