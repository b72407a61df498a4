"""What Porchlight remembers: tables, queries and the database behind `read` and `write`.

Only this package speaks SQL. `tables.py` holds the nouns, `database.py` what differs between SQLite
and PostgreSQL, and each other file the queries of one noun: plain functions that take the open
`Session` first and neither commit nor reach for the network. Nothing here imports `bot`.
"""
