"""More of what reports tell: details of results and suites, twins of cases, archives of reports."""

import hashlib
import re
from typing import Any

from peewee import BigIntegerField, CompositeKey, IntegerField, Model, TextField

STATEMENTS = (
    "ALTER TABLE report ADD COLUMN archive VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE result ADD COLUMN detail_id INTEGER",
    "ALTER TABLE test_case ADD COLUMN twin INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX case_twin ON test_case (twin)",
)


def up(_migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Detail(Table):
        id = BigIntegerField(primary_key=True)
        data = TextField()

    class SuiteRun(Table):
        build = IntegerField(column_name="build_id")
        suite = BigIntegerField(column_name="suite_id")
        variant = TextField(default="")
        detail = BigIntegerField(null=True, column_name="detail_id")
        stdout = TextField(default="")
        stderr = TextField(default="")

        class Meta:
            primary_key = CompositeKey("build", "suite", "variant")
            without_rowid = True

    db.create_tables([Detail, SuiteRun])
    for statement in STATEMENTS:
        db.execute_sql(statement)
    twins = [(twin(name), case) for case, name in db.execute_sql("SELECT id, name FROM test_case")]
    db.connection().executemany("UPDATE test_case SET twin = ? WHERE id = ?", twins)


def twin(name: str) -> int:
    """`identity.twin` as it was."""
    last = re.split(" [›>] ", name)[-1]
    bare = last.partition("(")[0].partition("[")[0].partition(" #")[0].strip()
    if " " not in bare:
        bare = re.split("[.:]", bare)[-1] or bare
    digest = hashlib.blake2b((bare or last).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1
