"""More of what reports tell: details of results and suites, twins of cases, archives of reports."""

from typing import Any

from peewee import BigIntegerField, CompositeKey, IntegerField, Model, TextField

from tracker.store.identity import twin

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
        detail = BigIntegerField(null=True, column_name="detail_id")
        stdout = TextField(default="")
        stderr = TextField(default="")

        class Meta:
            primary_key = CompositeKey("build", "suite")
            without_rowid = True

    db.create_tables([Detail, SuiteRun])
    for statement in STATEMENTS:
        db.execute_sql(statement)
    cases = db.execute_sql(
        "SELECT c.id, s.path, c.name FROM test_case c JOIN suite s ON s.id = c.suite_id"
    )
    twins = [(twin(path, name), case) for case, path, name in cases]
    db.connection().executemany("UPDATE test_case SET twin = ? WHERE id = ?", twins)
