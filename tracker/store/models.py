"""The tables. Times are milliseconds since 1970 UTC; ids of suites, cases and texts are hashes."""

from __future__ import annotations

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    DatabaseProxy,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from tracker.store.state_words import BuildState, JobStanding, TaskState

# Which one it is, is said when the store is opened.
database = DatabaseProxy()


class Table(Model):
    """What all tables share: the database."""

    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True  # what others wrote meanwhile stays


class Counter(Table):
    """Counters of the whole database: `revision` rises with everything that is recorded.

    `raw_let_go_before`: raw reports that came before this time (ms) may have been let go.
    """

    name = CharField(primary_key=True)
    value = BigIntegerField(default=0)


class Server(Table):
    """A Jenkins controller we read. The token itself is in the file, never here.

    At most `rate` requests a second are made, `at_once` of them at the same time, each within
    `seconds` (NULL: as the settings say). `notice` is trouble that keeps nothing from being read.
    """

    id = AutoField()
    name = CharField(unique=True)
    prefix = CharField(unique=True)
    url = TextField()
    username = CharField(default="")
    token_file = TextField(default="")
    patterns = TextField(default="*")
    view = TextField(default="")
    ca_file = TextField(default="")
    rate = FloatField(default=5.0)
    at_once = IntegerField(default=2)
    seconds = IntegerField(null=True)
    version = CharField(default="")
    notice = TextField(default="")
    error = TextField(default="")
    error_since = BigIntegerField(null=True)


class Job(Table):
    """A job by its full name; `server` is empty while it is known by uploads alone.

    Polling has worked through the numbers up to `polled_to`; it was last asked for when its builds
    were `seen` as a fingerprint says. `standing` is `disabled` or `deleted` where Jenkins has it
    so, `retired` where people said so here; it was missing in the last `missed` looks at its
    server. Its verdicts may give `budget` false alarms a build. The verdicts of builds before
    `judged_from` stay as they are, since results that they rest on were let go. Builds were last
    `imported`, without the bytes of their reports, at a time (ms).
    """

    id = AutoField()
    name = TextField(unique=True)
    server = ForeignKeyField(Server, null=True, on_delete="SET NULL")
    jenkins_name = TextField(default="")
    url = TextField(default="")
    revision = BigIntegerField(default=0)
    polled_to = BigIntegerField(null=True)
    seen = TextField(default="")
    kind = CharField(default="")
    standing = CharField(default=JobStanding.USUAL)
    standing_since = BigIntegerField(null=True)
    missed = IntegerField(default=0)
    release = TextField(default="")
    module = TextField(default="")
    platform = TextField(default="")
    branch = TextField(default="")
    budget = FloatField(default=1.0)
    judged_from = IntegerField(null=True)
    error = TextField(default="")
    error_since = BigIntegerField(null=True)
    imported = BigIntegerField(null=True)


class Former(Table):
    """A name that a job had until a time (ms)."""

    name = TextField(primary_key=True)
    job = ForeignKeyField(Job, on_delete="CASCADE")
    until = BigIntegerField()


class Rule(Table):
    """What an operator says of all jobs whose names fit a pattern; the first that fits counts.

    Of the kind `names` the pattern takes a name apart; of the kind `results` the value says, as
    JSON, which results of Jenkins are read.
    """

    id = AutoField()
    kind = CharField()
    pattern = TextField()
    value = TextField(default="{}")

    class Meta:
        indexes = ((("kind", "pattern"), True),)


class Backfill(Table):
    """Reading older builds of a job: `numbers` newest first (JSON), `done` of them when `noted`.

    A build that could not be read now comes again behind the others; those that never could are
    `failed` (JSON), the last of them for the reason in `error`.

    `gaps` are pairs of first and last number that Jenkins no longer has (JSON).
    """

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


# Of a build: how many results there are and of each status, how many of each verdict, and what is
# not there that was before.
RESULT_COUNTS = ("total", "passed", "failed", "error", "skipped", "unknown")
VERDICT_COUNTS = (
    *("regressions", "new_failures", "fixed", "suspects", "flaky", "recovering", "in_incident"),
)
LACK_COUNTS = ("expected", "missing", "newly_skipped", "added")


class Build(Table):
    """One numbered run of a job.

    `state` is `running`, `finished` or, where it ran and vanished, `lost` if Jenkins said so,
    `receiving` while only uploads speak of it; `gone` tells that Jenkins has it no more. `about`
    is what else Jenkins tells of it (JSON). The counts are derived from results and history and
    can be made again. `judging` is by which limits it was judged, and whether it was an incident
    (JSON); `lifted` that the next one with results failed likewise. It was first judged at the
    revision `said`, and its results last `changed` at another.

    A complete one lacks `missing` of the `expected` cases, under whatever name, and skips
    `newly_skipped` of them; `shortfall` says so and why. `added` cases are new in it.

    Its failures are in families as its results were at the revision `clustered`; -1 for none.

    Its results were `let_go` at a time, and its counts live on; those of one that is `kept` never
    are.
    """

    id = AutoField()
    job = ForeignKeyField(Job, on_delete="CASCADE", index=False)
    number = BigIntegerField()
    epoch = IntegerField(default=0)
    state = CharField(default=BuildState.RECEIVING)
    result = CharField(null=True)
    complete = BooleanField(default=False)
    started = BigIntegerField(null=True)
    duration = BigIntegerField(null=True)
    url = TextField(default="")
    branch = TextField(default="")
    commit = TextField(default="", column_name="commit_id")
    upstream_job = TextField(default="")
    upstream_number = BigIntegerField(null=True)
    about = TextField(default="{}")
    gone = BooleanField(default=False)
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
    suspects = IntegerField(default=0)
    flaky = IntegerField(default=0)
    recovering = IntegerField(default=0)
    in_incident = IntegerField(default=0)
    expected = IntegerField(default=0)
    missing = IntegerField(default=0)
    newly_skipped = IntegerField(default=0)
    added = IntegerField(default=0)
    shortfall = TextField(default="")
    damaged = IntegerField(default=0)
    judging = TextField(default="{}")
    lifted = BooleanField(default=False)
    said = BigIntegerField(null=True)
    changed = BigIntegerField(null=True)
    clustered = BigIntegerField(default=-1)
    let_go = BigIntegerField(null=True)
    kept = BooleanField(default=False)

    class Meta:
        indexes = ((("job", "epoch", "number"), True),)


class Report(Table):
    """One result file of a build.

    Its bytes are in the spool under `sha256`, or in the archive with the digest `archive` there.
    One that `decides` is believed over the others of its build. Results name it by its number `n`.
    """

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
    decides = BooleanField(default=False)
    archive = CharField(default="")
    warnings = TextField(default="[]")
    n = IntegerField(default=0)

    class Meta:
        indexes = ((("build", "name"), True),)


class Suite(Table):
    """Where a test lives: the names of the suites around it, one a line."""

    id = BigIntegerField(primary_key=True)
    path = TextField()


class Case(Table):
    """The test itself, the same over builds, jobs and branches; `id` is its key as a number.

    `twin` is what cases of other formats have too when they may be the same test.
    """

    id = BigIntegerField(primary_key=True)
    suite = ForeignKeyField(Suite, index=False)
    name = TextField()
    variant = TextField(default="")
    twin = BigIntegerField(default=0)

    class Meta:
        table_name = "test_case"


class Failure(Table):
    """What a result said of itself, once for each distinct text."""

    id = BigIntegerField(primary_key=True)
    type = TextField(default="")
    message = TextField(default="")
    trace = TextField(default="")


class Detail(Table):
    """What else was told of a result or a suite, as JSON, once for each distinct text.

    An object with, where they were told: `file`, `line`, `raw_status`, `expected_failure`,
    `properties` (a list of pairs), `attachments`.
    """

    id = BigIntegerField(primary_key=True)
    data = TextField()


class Result(Table):
    """One case in one build, read from its report `n`, in which it has this place, from 0.

    Results that were recorded before places were kept have none until they are read again. Foreign
    keys are kept by the writer, not checked row by row.
    """

    build = IntegerField(column_name="build_id")
    case = BigIntegerField(column_name="case_id")
    status = IntegerField()
    duration = IntegerField(null=True)
    failure = BigIntegerField(null=True, column_name="failure_id")
    detail = BigIntegerField(null=True, column_name="detail_id")
    report = IntegerField(null=True)
    place = IntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("build", "case")
        without_rowid = True


class LastPass(Table):
    """The newest build in which a case of a job passed, of the judged ones that were let go."""

    job = IntegerField(column_name="job_id")
    case = BigIntegerField(column_name="case_id")
    build = IntegerField(column_name="build_id")

    class Meta:
        primary_key = CompositeKey("job", "case")
        without_rowid = True


class Attempt(Table):
    """An earlier try of a case inside its build; `n` counts from 1."""

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
    """What a test that did not pass printed."""

    build = IntegerField(column_name="build_id")
    case = BigIntegerField(column_name="case_id")
    stdout = TextField(default="")
    stderr = TextField(default="")

    class Meta:
        primary_key = CompositeKey("build", "case")
        without_rowid = True


class SuiteRun(Table):
    """A suite in one build: its properties and, where a test of it did not pass, its output."""

    build = IntegerField(column_name="build_id")
    suite = BigIntegerField(column_name="suite_id")
    variant = TextField(default="")
    detail = BigIntegerField(null=True, column_name="detail_id")
    stdout = TextField(default="")
    stderr = TextField(default="")

    class Meta:
        primary_key = CompositeKey("build", "suite", "variant")
        without_rowid = True


class Episode(Table):
    """A case of a job in one state from build `began` until build `ended`; healthy ones have none.

    `since` is the build in which it broke. `evidence` is the verdict with all it rests on (JSON),
    first said at the revision `said`. Derived from results in the order of (epoch, number).
    """

    job = IntegerField(column_name="job_id")
    case = BigIntegerField(column_name="case_id")
    began = IntegerField(column_name="from_build")
    ended = IntegerField(null=True, column_name="until_build")
    state = CharField()
    since = IntegerField(null=True, column_name="since_build")
    was_unsteady = BooleanField(default=False)
    evidence = TextField(default="{}")
    said = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("job", "case", "began")
        without_rowid = True


class Overruled(Table):
    """An episode that was shown until revision `unsaid`, when what arrived late said otherwise."""

    id = AutoField()
    job = IntegerField(column_name="job_id")
    case = BigIntegerField(column_name="case_id")
    began = IntegerField(column_name="from_build")
    ended = IntegerField(null=True, column_name="until_build")
    state = CharField()
    since = IntegerField(null=True, column_name="since_build")
    was_unsteady = BooleanField(default=False)
    evidence = TextField(default="{}")
    said = BigIntegerField(default=0)
    unsaid = BigIntegerField(default=0)

    class Meta:
        indexes = ((("job", "case"), False),)


class Break(Table):
    """Between which builds a case that broke in `since` did so, as `found` in a build (JSON)."""

    job = IntegerField(column_name="job_id")
    case = BigIntegerField(column_name="case_id")
    build = IntegerField(column_name="build_id")
    since = IntegerField(column_name="since_build")
    found = TextField()

    class Meta:
        table_name = "break_window"
        primary_key = CompositeKey("job", "case", "build")
        without_rowid = True


class Pace(Table):
    """A case of a job is slower or faster than it was, noticed in build `began`, until `ended`.

    `evidence` is the change as it was noticed (JSON). Derived from the durations of passed results
    in the order of (epoch, number).
    """

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
    """What one cause took from a build: `cases` of those it should have run, and a sentence."""

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
    """A case that a build should have run and did not, by its loss `n`.

    `sentence` is empty where that of the loss says it all. It goes on as the case `other`, surely
    or perhaps, where it was renamed.
    """

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
    """From which place on a job is to be judged again: a build arrived late, or the budget changed.

    That it is was known at the revision `began`: what is said from then on until the job is judged
    was never shown as the whole, and is not kept as `Overruled` where a later step takes it back.
    """

    job = ForeignKeyField(Job, primary_key=True, on_delete="CASCADE")
    epoch = IntegerField()
    number = BigIntegerField()
    began = BigIntegerField(null=True)


class Signature(Table):
    """What stays of a failure when all that changes from run to run is taken away; `id` is a hash.

    `frames`, `helpers` and `words` are JSON. `first` and `last` are the times (ms) of the oldest
    and the newest build that have it; `last` is 0 where none has it any more.
    """

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
    """Signatures that share a cause. The name is from people, what it is called without is derived.

    One that was merged leads to the one it was merged into.
    """

    id = AutoField()
    name = TextField(default="")
    title = TextField(default="")
    reason = TextField(default="")
    merged_into = IntegerField(null=True)


class Sighting(Table):
    """A failure of a judged build and its signature; derived from the results of the build."""

    build = IntegerField(column_name="build_id")
    case = BigIntegerField(column_name="case_id")
    signature = BigIntegerField(column_name="signature_id")

    class Meta:
        primary_key = CompositeKey("build", "case")
        without_rowid = True


class Appearance(Table):
    """How many failures of a judged build have a signature: the sum of its sightings."""

    signature = BigIntegerField(column_name="signature_id")
    build = IntegerField(column_name="build_id")
    cases = IntegerField()

    class Meta:
        primary_key = CompositeKey("signature", "build")
        without_rowid = True


class Decision(Table):
    """What people decided of families, in this order: to merge, to split, or to name.

    `these` and `those` are the signatures (JSON) that belong together, or apart.
    """

    id = AutoField()
    kind = CharField()
    family = IntegerField(column_name="family_id")
    other = IntegerField(null=True, column_name="other_id")
    these = TextField(default="[]")
    those = TextField(default="[]")
    name = TextField(default="")
    at = BigIntegerField()
    by = TextField()


class GivenParts(Table):
    """Release and module of a job as they were given, where no rule of names tells them."""

    job = ForeignKeyField(Job, primary_key=True, on_delete="CASCADE")
    release = TextField(default="")
    module = TextField(default="")


class Release(Table):
    """What is told of a release beyond its name.

    One that `is_active` is still worked on; the job `main_job` starts the builds of its modules,
    and its builds were worked through up to `last_build`. Its tests come from `branch`.
    """

    name = TextField(primary_key=True)
    is_active = BooleanField(default=True)
    main_job = TextField(default="")
    last_build = BigIntegerField(null=True)
    branch = TextField(default="")


class Metadata(Table):
    """What a catalogue of tests says of a test by its name, for one release or ("") for all.

    Of two rows of one release and name the later one counts. `case_ref` is the test's id in the
    catalogue, `testrail_ref` that in TestRail; one that `is_removed` is no longer in the sources.
    """

    id = AutoField()
    release = TextField(default="")
    name = TextField(index=True)
    case_ref = TextField(default="")
    testrail_ref = TextField(default="")
    priority = TextField(default="")
    component = TextField(default="")
    module = TextField(default="")
    automation = TextField(default="")
    state = TextField(default="")
    class_name = TextField(default="")
    path = TextField(default="")
    topology = TextField(default="")
    is_removed = BooleanField(default=False)

    class Meta:
        table_name = "test_metadata"


class KnownIssue(Table):
    """A bug by its key in a tracker of bugs; `labels` is JSON."""

    id = AutoField()
    key = TextField(unique=True)
    type = TextField(default="")
    url = TextField(default="")
    status = TextField(default="")
    summary = TextField(default="")
    priority = TextField(default="")
    assignee = TextField(default="")
    component = TextField(default="")
    resolution = TextField(default="")
    versions = TextField(default="")
    labels = TextField(default="[]")
    is_active = BooleanField(default=True)


class KnownIssueLink(Table):
    """A known issue is about the test that the catalogue calls `ref`, its own id or TestRail's."""

    ref = TextField()
    issue = ForeignKeyField(KnownIssue, on_delete="CASCADE", index=False)

    class Meta:
        primary_key = CompositeKey("ref", "issue")
        without_rowid = True


class Token(Table):
    """A token: the SHA-256 of its text, what it opens, and whether it still does.

    `jobs` are patterns, one a line, of the jobs it may send to; none: all. It opens nothing from
    `expires` on. After a rotation its `former` text opens until `former_until`, too. When it was
    last `used` is written once an hour; `created` is when its present text was made.
    """

    id = AutoField()
    name = CharField(unique=True)
    digest = CharField(unique=True)
    hint = CharField(default="")
    scope = CharField(default="ingest")
    jobs = TextField(default="")
    created = BigIntegerField()
    expires = BigIntegerField(null=True)
    former = CharField(default="")
    former_until = BigIntegerField(null=True)
    used = BigIntegerField(null=True)
    revoked = BigIntegerField(null=True)


class Person(Table):
    """Somebody who signs in by name; of the password there is its scrypt hash alone.

    With `pin_until` the hash is that of a PIN, which opens nothing but the setting of a password,
    and that only until then.
    """

    id = AutoField()
    name = CharField(unique=True)
    scope = CharField(default="admin")
    secret = CharField()
    pin_until = BigIntegerField(null=True)
    created = BigIntegerField()
    changed = BigIntegerField()


class Audit(Table):
    """Who did what, from where, to what, and what came of it; rows are never changed."""

    id = AutoField()
    at = BigIntegerField()
    who = TextField()
    address = TextField(default="")
    what = CharField()
    subject = TextField(default="")
    outcome = TextField(default="")


class Work(Table):
    """One task of the worker, claimed by lease.

    `asked` grows with each request for it, so that a request made while the task runs is not
    lost; `fence` grows with each claim, so that a worker that lost its lease cannot finish it.
    Two tasks of one `subject` (a job, or the build that an upload is for) are never done at the
    same time.
    """

    id = AutoField()
    kind = CharField()
    key = TextField()
    subject = TextField(default="")
    payload = TextField(default="{}")
    due = BigIntegerField()
    tries = IntegerField(default=0)
    asked = IntegerField(default=1)
    fence = IntegerField(default=0)
    lease_until = BigIntegerField(default=0)
    state = CharField(default=TaskState.DUE)
    error = TextField(default="")
    outcome = TextField(default="")

    class Meta:
        indexes = ((("kind", "key"), True),)


class Heartbeat(Table):
    """When each worker last said that it lives.

    `does` has the words `tasks` and `publish`, a space between; a worker of a version that did not
    say it yet has none.
    """

    worker = CharField(primary_key=True)
    at = BigIntegerField()
    doing = TextField(default="")
    does = TextField(default="")


TABLES: tuple[type[Table], ...] = (
    Counter,
    Server,
    Job,
    Former,
    Rule,
    Backfill,
    Build,
    Report,
    Suite,
    Case,
    Failure,
    Detail,
    Result,
    LastPass,
    Attempt,
    Output,
    SuiteRun,
    Episode,
    Overruled,
    Break,
    Pace,
    Loss,
    Absence,
    Rejudging,
    Signature,
    Family,
    Sighting,
    Appearance,
    Decision,
    GivenParts,
    Release,
    Metadata,
    KnownIssue,
    KnownIssueLink,
    Token,
    Person,
    Audit,
    Work,
    Heartbeat,
)


def table_called(name: str) -> type[Table]:
    """The one of TABLES that has this name in the database."""
    [model] = [each for each in TABLES if each._meta.table_name == name]
    return model


# Failures are few and asked for most: by build for its page, by case for its history.
INDEXES = (
    "CREATE INDEX result_of_build ON result (build_id, status, case_id) WHERE status <> 0",
    "CREATE INDEX result_of_case ON result (case_id, build_id) WHERE status <> 0",
    "CREATE INDEX episode_open ON episode (job_id, case_id) WHERE until_build IS NULL",
    "CREATE INDEX episode_from ON episode (from_build)",
    "CREATE INDEX episode_until ON episode (until_build) WHERE until_build IS NOT NULL",
    "CREATE INDEX break_window_build ON break_window (build_id)",
    "CREATE INDEX pace_open ON pace (job_id, case_id) WHERE until_build IS NULL",
    "CREATE INDEX pace_from ON pace (from_build)",
    "CREATE INDEX pace_until ON pace (until_build) WHERE until_build IS NOT NULL",
    "CREATE INDEX absence_of_loss ON absence (build_id, n, case_id)",
    "CREATE INDEX absence_renamed ON absence (case_id) WHERE other_case IS NOT NULL",
    "CREATE INDEX absence_other ON absence (other_case) WHERE other_case IS NOT NULL",
    "CREATE INDEX build_upstream ON build (upstream_job, upstream_number)",
    "CREATE INDEX build_started ON build (number, started)",
    "CREATE INDEX build_changed ON build (changed)",
    "CREATE INDEX build_running ON build (job_id) WHERE state = 'running'",
    "CREATE INDEX build_quiet ON build (heard) WHERE state = 'receiving' AND NOT complete",
    "CREATE INDEX build_unsorted ON build (job_id) WHERE let_go IS NULL AND clustered <> CASE WHEN"
    " state NOT IN ('running', 'lost') AND (result IS NULL OR result NOT IN"
    " ('ABORTED', 'NOT_BUILT')) AND failed + error > 0 THEN coalesce(changed, 0) ELSE -1 END",
    "CREATE INDEX work_due ON work (state, due)",
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE INDEX case_twin ON test_case (twin)",
    "CREATE INDEX signature_family ON signature (family_id, last)",
    "CREATE INDEX appearance_build ON appearance (build_id)",
    "CREATE INDEX build_unsettled ON build (job_id) WHERE state <> 'receiving'"
    " AND (state = 'running' OR NOT complete)",
    "CREATE INDEX build_number ON build (job_id, number, epoch)",
    "CREATE INDEX build_upstream_of ON build (job_id, upstream_job)",
    "CREATE INDEX build_begun ON build (job_id, started)",
    "CREATE INDEX build_in_jenkins ON build (job_id, epoch, number)"
    " WHERE NOT gone AND state <> 'receiving'",
    "CREATE INDEX build_heard ON build (job_id, heard)",
    "CREATE INDEX build_with_results ON build (job_id, epoch, number) WHERE total > 0",
    "CREATE INDEX work_subject ON work (subject, lease_until)",
    "CREATE INDEX work_leased ON work (lease_until) WHERE lease_until > 0",
    "CREATE INDEX work_turn ON work (subject, id) WHERE state = 'due'",
    "CREATE INDEX signature_algorithm ON signature (algorithm)",
)
