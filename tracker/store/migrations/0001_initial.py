"""The first schema, frozen as it was: later changes are migrations of their own."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

INDEXES = (
    "CREATE INDEX result_of_build ON result (build_id, status, case_id) WHERE status <> 0",
    "CREATE INDEX result_of_case ON result (case_id, build_id) WHERE status <> 0",
    "CREATE INDEX streak_open ON streak (job_id, case_id) WHERE fixed_build IS NULL",
    "CREATE INDEX streak_first ON streak (first_build)",
    "CREATE INDEX streak_fixed ON streak (fixed_build) WHERE fixed_build IS NOT NULL",
    "CREATE INDEX build_upstream ON build (upstream_job, upstream_number)",
    "CREATE INDEX work_due ON work (state, due)",
)


def up(_migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Counter(Table):
        name = CharField(primary_key=True)
        value = BigIntegerField(default=0)

    class Server(Table):
        id = AutoField()
        name = CharField(unique=True)
        prefix = CharField(unique=True)
        url = TextField()
        username = CharField(default="")
        token_file = TextField(default="")
        patterns = TextField(default="*")
        error = TextField(default="")
        error_since = BigIntegerField(null=True)

    class Job(Table):
        id = AutoField()
        name = TextField(unique=True)
        server = ForeignKeyField(Server, null=True, on_delete="SET NULL")
        jenkins_name = TextField(default="")
        url = TextField(default="")
        revision = BigIntegerField(default=0)
        polled_from = BigIntegerField(null=True)
        polled_to = BigIntegerField(null=True)
        error = TextField(default="")
        error_since = BigIntegerField(null=True)

    class Build(Table):
        id = AutoField()
        job = ForeignKeyField(Job, on_delete="CASCADE", index=False)
        number = BigIntegerField()
        epoch = IntegerField(default=0)
        state = CharField(default="receiving")
        result = CharField(null=True)
        complete = BooleanField(default=False)
        started = BigIntegerField(null=True)
        duration = BigIntegerField(null=True)
        url = TextField(default="")
        branch = TextField(default="")
        commit = TextField(default="", column_name="commit_id")
        upstream_job = TextField(default="")
        upstream_number = BigIntegerField(null=True)
        heard = BigIntegerField(default=0)
        total = IntegerField(default=0)
        passed = IntegerField(default=0)
        failed = IntegerField(default=0)
        error = IntegerField(default=0)
        skipped = IntegerField(default=0)
        unknown = IntegerField(default=0)
        regressions = IntegerField(default=0)
        new_failures = IntegerField(default=0)
        fixed = IntegerField(default=0)
        damaged = IntegerField(default=0)

        class Meta:
            indexes = ((("job", "epoch", "number"), True),)

    class Report(Table):
        id = AutoField()
        build = ForeignKeyField(Build, on_delete="CASCADE", index=False)
        name = TextField()
        sha256 = CharField()
        bytes = BigIntegerField()
        variant = TextField(default="")
        format = CharField(default="")
        parser_version = IntegerField(default=0)
        cases = IntegerField(default=0)
        recovered = BooleanField(default=False)
        failure = TextField(default="")
        stand_in = BooleanField(default=False)
        warnings = TextField(default="[]")

        class Meta:
            indexes = ((("build", "name"), True),)

    class Suite(Table):
        id = BigIntegerField(primary_key=True)
        path = TextField()

    class Case(Table):
        id = BigIntegerField(primary_key=True)
        suite = ForeignKeyField(Suite, index=False)
        name = TextField()
        variant = TextField(default="")

        class Meta:
            table_name = "test_case"

    class Failure(Table):
        id = BigIntegerField(primary_key=True)
        type = TextField(default="")
        message = TextField(default="")
        trace = TextField(default="")

    class Result(Table):
        build = IntegerField(column_name="build_id")
        case = BigIntegerField(column_name="case_id")
        status = IntegerField()
        duration = IntegerField(null=True)
        failure = BigIntegerField(null=True, column_name="failure_id")

        class Meta:
            primary_key = CompositeKey("build", "case")
            without_rowid = True

    class Attempt(Table):
        build = IntegerField(column_name="build_id")
        case = BigIntegerField(column_name="case_id")
        n = IntegerField()
        status = IntegerField()
        duration = IntegerField(null=True)
        failure = BigIntegerField(null=True, column_name="failure_id")

        class Meta:
            primary_key = CompositeKey("build", "case", "n")
            without_rowid = True

    class Output(Table):
        build = IntegerField(column_name="build_id")
        case = BigIntegerField(column_name="case_id")
        stdout = TextField(default="")
        stderr = TextField(default="")

        class Meta:
            primary_key = CompositeKey("build", "case")
            without_rowid = True

    class Streak(Table):
        job = IntegerField(column_name="job_id")
        case = BigIntegerField(column_name="case_id")
        first = IntegerField(column_name="first_build")
        fixed = IntegerField(null=True, column_name="fixed_build")
        regression = BooleanField()

        class Meta:
            primary_key = CompositeKey("job", "case", "first")
            without_rowid = True

    class Token(Table):
        id = AutoField()
        name = CharField(unique=True)
        digest = CharField(unique=True)
        hint = CharField(default="")
        scope = CharField(default="ingest")
        created = BigIntegerField()
        revoked = BigIntegerField(null=True)

    class Work(Table):
        id = AutoField()
        kind = CharField()
        key = TextField()
        payload = TextField(default="{}")
        due = BigIntegerField()
        tries = IntegerField(default=0)
        asked = IntegerField(default=1)
        fence = IntegerField(default=0)
        lease_until = BigIntegerField(default=0)
        state = CharField(default="due")
        error = TextField(default="")
        outcome = TextField(default="")

        class Meta:
            indexes = ((("kind", "key"), True),)

    class Heartbeat(Table):
        worker = CharField(primary_key=True)
        at = BigIntegerField()
        doing = TextField(default="")

    tables = (
        Counter,
        Server,
        Job,
        Build,
        Report,
        Suite,
        Case,
        Failure,
        Result,
        Attempt,
        Output,
        Streak,
        Token,
        Work,
        Heartbeat,
    )
    db.create_tables(tables, safe=False)
    for index in INDEXES:
        db.execute_sql(index)
