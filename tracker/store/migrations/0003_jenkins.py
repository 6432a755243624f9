"""What a whole controller has to tell: how servers are asked, where jobs went, what builds say."""

from typing import Any

from peewee import AutoField, BigIntegerField, CharField, ForeignKeyField, Model, TextField

STATEMENTS = (
    "ALTER TABLE server ADD COLUMN ca_file TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE server ADD COLUMN view TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE server ADD COLUMN rate REAL NOT NULL DEFAULT 5.0",
    "ALTER TABLE server ADD COLUMN at_once INTEGER NOT NULL DEFAULT 2",
    "ALTER TABLE server ADD COLUMN seconds INTEGER NULL",
    "ALTER TABLE server ADD COLUMN version VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE server ADD COLUMN notice TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job DROP COLUMN polled_from",
    "ALTER TABLE job ADD COLUMN kind VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN standing VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN standing_since INTEGER",
    "ALTER TABLE job ADD COLUMN missed INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE job ADD COLUMN seen TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN release TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN module TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN platform TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN branch TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE build ADD COLUMN about TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE build ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE report ADD COLUMN decides INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE work ADD COLUMN subject TEXT NOT NULL DEFAULT ''",
    # Looks at servers ask for polls from now on, and are asked for by the worker.
    "DELETE FROM work WHERE kind IN ('discover', 'poll')",
    "UPDATE work SET subject = json_extract(payload, '$.job') WHERE kind = 'poll_build'",
)


def up(_migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Job(Table):
        id = AutoField()

    class Former(Table):
        name = TextField(primary_key=True)
        job = ForeignKeyField(Job, on_delete="CASCADE")
        until = BigIntegerField()

    class Rule(Table):
        id = AutoField()
        kind = CharField()
        pattern = TextField()
        value = TextField(default="{}")

        class Meta:
            indexes = ((("kind", "pattern"), True),)

    class Backfill(Table):
        job = ForeignKeyField(Job, primary_key=True, on_delete="CASCADE")
        numbers = TextField(default="[]")
        done = BigIntegerField(default=0)
        gaps = TextField(default="[]")
        wanted = BigIntegerField()
        asked = BigIntegerField()
        started = BigIntegerField(null=True)
        noted = BigIntegerField(null=True)
        failed = TextField(default="[]")
        finished = BigIntegerField(null=True)
        error = TextField(default="")

    db.create_tables([Former, Rule, Backfill])
    for statement in STATEMENTS:
        db.execute_sql(statement)
