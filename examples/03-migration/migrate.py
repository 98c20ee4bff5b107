"""Expands the schema: it adds, and what is there keeps working. So the old revision works after it: `rollback: revert`."""

import os
import sqlite3

with sqlite3.connect(os.environ["DATABASE"]) as database:
    database.execute("CREATE TABLE IF NOT EXISTS greetings (words TEXT NOT NULL)")
    known = {row[1] for row in database.execute("PRAGMA table_info(greetings)")}
    if os.environ["VERSION"] != "v1" and "language" not in known:
        database.execute("ALTER TABLE greetings ADD COLUMN language TEXT NOT NULL DEFAULT 'en'")
    if os.environ["VERSION"] == "broken":
        database.execute("ALTER TABLE missing ADD COLUMN language TEXT")
print("the schema is that of", os.environ["VERSION"])
