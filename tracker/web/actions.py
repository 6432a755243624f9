"""What people set off on the pages: forms, and where they lead."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from tracker.clock import now_ms
from tracker.errors import Forbidden, UsageError
from tracker.store import decisions
from tracker.store.backfills import ask_backfill
from tracker.store.callers import Caller
from tracker.store.jobs import check_job_name
from tracker.store.judging import set_budget
from tracker.web import parameters
from tracker.web.auth import change_password, in_form
from tracker.web.links import page_path
from tracker.web.state import state

blueprint = Blueprint("actions", __name__)

MOST_BUILDS = 100_000
FORM_BYTES = 64 * 1024


@blueprint.post("/actions/backfill")
def backfill() -> Response:
    """Have older builds of a job read, and lead to its page, which tells how far that is."""
    form, caller = _sent("job", "builds")
    job = check_job_name(form.get("job", ""))
    caller.refuse_other(job)
    builds = parameters.number(form, "builds")
    if builds > MOST_BUILDS:
        raise UsageError(f"{builds} builds are more than {MOST_BUILDS}.", "Ask for fewer.")
    ask_backfill(job, builds=builds, now=now_ms())
    return redirect(page_path("job", job=job), code=303)


@blueprint.post("/actions/budget")
def budget() -> Response:
    """Give a job another budget of false alarms, and lead to the page about it."""
    form, caller = _sent("job", "budget")
    job = check_job_name(form.get("job", ""))
    caller.refuse_other(job)
    set_budget(job, parameters.positive(form, "budget"), now=now_ms())
    return redirect(page_path("budget", job=job), code=303)


@blueprint.post("/actions/family")
def family() -> Response:
    """Merge a family with others, split signatures off, or name it; leads to what became of it."""
    form, caller = _sent("family", "what", "others", "signature", "name")
    if caller.jobs:
        raise Forbidden(
            f"The {caller.who} is for some jobs alone, and a family may be in any.",
            "Use a token that is for all jobs.",
        )
    return redirect(page_path("family", family=str(_decided(form, caller.name))), code=303)


@blueprint.post("/actions/password")
def password() -> Response:
    """Set another password, knowing the present one or a PIN that was taken over."""
    form = _form("name", "present", "wanted", "again")
    name, wanted = form.get("name", "").strip(), form.get("wanted", "")
    if wanted != form.get("again", ""):
        raise UsageError("The two new passwords differ.", "Go back and enter the same one twice.")
    change_password(name, form.get("present", ""), wanted)
    return redirect(page_path("home"), code=303)


@blueprint.get("/actions/explain")
def explain() -> Response:
    """Lead to the page about a name of a job, be there such a job or not."""
    parameters.refuse_unknown(request.args, ("name",))
    name = check_job_name(request.args.get("name", "").strip())
    return redirect(page_path("naming", job=name), code=303)


def _decided(form: parameters.Args, by: str) -> int:
    """The family that a decision leads to."""
    family, what, now = parameters.number(form, "family"), form.get("what", ""), now_ms()
    if what == "merge":
        return decisions.merge(family, parameters.numbers(form, "others"), by=by, now=now)
    if what == "split":
        return decisions.split(family, parameters.keys(form, "signature"), by=by, now=now)
    if what == "name":
        return decisions.name(family, parameters.text(form, "name"), by=by, now=now)
    raise UsageError(
        f"A family cannot be changed by what={what[:40]!r}.", "There are merge, split and name."
    )


def _sent(*names: str) -> tuple[parameters.Args, Caller]:
    """A form of ours with these fields, and who sent it."""
    form = _form(*names, "token")
    return form, in_form(form.get("token", "").strip())


def _form(*names: str) -> parameters.Args:
    request.max_content_length = FORM_BYTES
    parameters.refuse_unknown(request.form, names)
    state()
    return request.form
