"""Verdicts with their evidence: episodes of cases take the place of streaks of failures."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

STATEMENTS = (
    "DROP TABLE streak",
    "CREATE INDEX episode_open ON episode (job_id, case_id) WHERE until_build IS NULL",
    "CREATE INDEX episode_from ON episode (from_build)",
    "CREATE INDEX episode_until ON episode (until_build) WHERE until_build IS NOT NULL",
    "CREATE INDEX pace_open ON pace (job_id, case_id) WHERE until_build IS NULL",
    "CREATE INDEX pace_from ON pace (from_build)",
    "CREATE INDEX pace_until ON pace (until_build) WHERE until_build IS NOT NULL",
    "CREATE INDEX absence_of_loss ON absence (build_id, n, case_id)",
    "CREATE INDEX absence_renamed ON absence (case_id) WHERE other_case IS NOT NULL",
    "CREATE INDEX absence_other ON absence (other_case) WHERE other_case IS NOT NULL",
    "ALTER TABLE job ADD COLUMN budget REAL NOT NULL DEFAULT 1.0",
    "ALTER TABLE build ADD COLUMN suspects INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN flaky INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN recovering INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN in_incident INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN expected INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN missing INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN newly_skipped INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN added INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN shortfall TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE build ADD COLUMN judging TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE build ADD COLUMN lifted INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE build ADD COLUMN said INTEGER",
    "ALTER TABLE build ADD COLUMN changed INTEGER",
    "ALTER TABLE build ADD COLUMN clustered INTEGER NOT NULL DEFAULT -1",
    "CREATE INDEX signature_family ON signature (family_id, last)",
    "CREATE INDEX appearance_build ON appearance (build_id)",
    "ALTER TABLE report ADD COLUMN n INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE result ADD COLUMN report INTEGER",
    # All that was derived is derived anew by the worker, as after a late build.
    "INSERT INTO rejudging (job_id, epoch, number) SELECT id, 0, -1 FROM job",
    "INSERT INTO work (kind, key, subject, payload, due, tries, asked, fence, lease_until, state,"
    " error, outcome) SELECT 'judge', name, name, '{}', 0, 0, 1, 0, 0, 'due', '', '' FROM job",
)


def up(_migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Job(Table):
        id = AutoField()

    class Episode(Table):
        job = IntegerField(column_name="job_id")
        case = BigIntegerField(column_name="case_id")
        began = IntegerField(column_name="from_build")
        ended = IntegerField(null=True, column_name="until_build")
        state = CharField()
        since = IntegerField(null=True, column_name="since_build")
        was_unsteady = BooleanField(default=False)
        evidence = TextField(default="{}")
        window = TextField(default="")
        said = BigIntegerField(default=0)

        class Meta:
            primary_key = CompositeKey("job", "case", "began")
            without_rowid = True

    class Overruled(Table):
        id = AutoField()
        job = IntegerField(column_name="job_id")
        case = BigIntegerField(column_name="case_id")
        began = IntegerField(column_name="from_build")
        ended = IntegerField(null=True, column_name="until_build")
        state = CharField()
        since = IntegerField(null=True, column_name="since_build")
        was_unsteady = BooleanField(default=False)
        evidence = TextField(default="{}")
        window = TextField(default="")
        said = BigIntegerField(default=0)
        unsaid = BigIntegerField(default=0)

        class Meta:
            indexes = ((("job", "case"), False),)

    class Pace(Table):
        job = IntegerField(column_name="job_id")
        case = BigIntegerField(column_name="case_id")
        began = IntegerField(column_name="from_build")
        ended = IntegerField(null=True, column_name="until_build")
        pace = CharField()
        factor = FloatField()
        evidence = TextField(default="{}")

        class Meta:
            primary_key = CompositeKey("job", "case", "began")
            without_rowid = True

    class Loss(Table):
        build = IntegerField(column_name="build_id")
        n = IntegerField()
        cause = CharField()
        about = TextField(default="")
        sentence = TextField()
        cases = IntegerField()

        class Meta:
            primary_key = CompositeKey("build", "n")
            without_rowid = True

    class Absence(Table):
        build = IntegerField(column_name="build_id")
        case = BigIntegerField(column_name="case_id")
        n = IntegerField()
        sentence = TextField(default="")
        other = BigIntegerField(null=True, column_name="other_case")
        is_certain = BooleanField(default=False)

        class Meta:
            primary_key = CompositeKey("build", "case")
            without_rowid = True

    class Rejudging(Table):
        job = ForeignKeyField(Job, primary_key=True, on_delete="CASCADE")
        epoch = IntegerField()
        number = BigIntegerField()

    class Signature(Table):
        id = BigIntegerField(primary_key=True)
        algorithm = CharField()
        type = TextField()
        message = TextField()
        frames = TextField()
        helpers = TextField()
        place = TextField()
        words = TextField()
        family = IntegerField(column_name="family_id")
        first = BigIntegerField()
        last = BigIntegerField()

    class Family(Table):
        id = AutoField()
        name = TextField(default="")
        title = TextField(default="")
        reason = TextField(default="")
        merged_into = IntegerField(null=True)

    class Sighting(Table):
        build = IntegerField(column_name="build_id")
        case = BigIntegerField(column_name="case_id")
        signature = BigIntegerField(column_name="signature_id")

        class Meta:
            primary_key = CompositeKey("build", "case")
            without_rowid = True

    class Appearance(Table):
        signature = BigIntegerField(column_name="signature_id")
        build = IntegerField(column_name="build_id")
        cases = IntegerField()

        class Meta:
            primary_key = CompositeKey("signature", "build")
            without_rowid = True

    class Decision(Table):
        id = AutoField()
        kind = CharField()
        family = IntegerField(column_name="family_id")
        other = IntegerField(null=True, column_name="other_id")
        these = TextField(default="[]")
        those = TextField(default="[]")
        name = TextField(default="")
        at = BigIntegerField()
        by = TextField()

    db.create_tables([Episode, Overruled, Pace, Loss, Absence, Rejudging])
    db.create_tables([Signature, Family, Sighting, Appearance, Decision])
    for statement in STATEMENTS:
        db.execute_sql(statement)
