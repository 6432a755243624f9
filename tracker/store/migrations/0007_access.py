"""Tokens that end and are limited to jobs, people who sign in, and the record of who did what."""

from typing import Any

from peewee import AutoField, BigIntegerField, CharField, Model, TextField

STATEMENTS = (
    "ALTER TABLE token ADD COLUMN jobs TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE token ADD COLUMN expires INTEGER NULL",
    "ALTER TABLE token ADD COLUMN former VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE token ADD COLUMN former_until INTEGER NULL",
    "ALTER TABLE token ADD COLUMN used INTEGER NULL",
    "CREATE INDEX audit_at ON audit (at)",
)


def up(_migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Table):
        id = AutoField()
        name = CharField(unique=True)
        scope = CharField(default="admin")
        secret = CharField()
        pin_until = BigIntegerField(null=True)
        created = BigIntegerField()
        changed = BigIntegerField()

    class Audit(Table):
        id = AutoField()
        at = BigIntegerField()
        who = TextField()
        address = TextField(default="")
        what = CharField()
        subject = TextField(default="")
        outcome = TextField(default="")

    db.create_tables([Person, Audit])
    for statement in STATEMENTS:
        db.execute_sql(statement)
