"""Numbered migrations, run by `tracker init` and at the start of every process.

They only add, since nodes are replaced one by one: programs of the version before go on reading and
writing with the new schema. No table or column goes or gets another name, type, default, NOT NULL
or key; a new column of an old table may be NULL or has a default; no old column gets a new UNIQUE,
CHECK or foreign key. What a version no longer uses the next one may drop.
`tests/store/test_migrations_add.py` holds each migration to that, on both databases.
"""
