"""What people set off on the pages: forms, and where they lead."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from tracker.clock import now_ms
from tracker.errors import Unauthorised, UsageError
from tracker.store import families
from tracker.store.backfills import ask_backfill
from tracker.store.jobs import check_job_name
from tracker.store.judging import set_budget
from tracker.store.tokens import check_token
from tracker.web import parameters
from tracker.web.live import path_of
from tracker.web.state import settings, state

blueprint = Blueprint("actions", __name__)

MOST_BUILDS = 100_000
FORM_BYTES = 64 * 1024


@blueprint.post("/actions/backfill")
def backfill() -> Response:
    """Have older builds of a job read, and lead to its page, which tells how far that is."""
    form, _ = _sent("job", "builds")
    job = check_job_name(form.get("job", ""))
    builds = parameters.number(form, "builds")
    if builds > MOST_BUILDS:
        raise UsageError(f"{builds} builds are more than {MOST_BUILDS}.", "Ask for fewer.")
    ask_backfill(job, builds=builds, now=now_ms())
    return redirect(path_of("job", job=job), code=303)


@blueprint.post("/actions/budget")
def budget() -> Response:
    """Give a job another budget of false alarms, and lead to the page about it."""
    form, _ = _sent("job", "budget")
    job = check_job_name(form.get("job", ""))
    set_budget(job, parameters.positive(form, "budget"), now=now_ms())
    return redirect(path_of("budget", job=job), code=303)


@blueprint.post("/actions/family")
def family() -> Response:
    """Merge a family with others, split signatures off, or name it; leads to what became of it."""
    form, by = _sent("family", "what", "others", "signature", "name")
    return redirect(path_of("family", family=str(_decided(form, by))), code=303)


@blueprint.get("/actions/explain")
def explain() -> Response:
    """Lead to the page about a name of a job, be there such a job or not."""
    parameters.refuse_unknown(request.args, ("name",))
    name = check_job_name(request.args.get("name", "").strip())
    return redirect(path_of("naming", job=name), code=303)


def _decided(form: parameters.Args, by: str) -> int:
    """The family that a decision leads to."""
    family, what, now = parameters.number(form, "family"), form.get("what", ""), now_ms()
    if what == "merge":
        return families.merge(family, parameters.numbers(form, "others"), by=by, now=now)
    if what == "split":
        return families.split(family, parameters.keys(form, "signature"), by=by, now=now)
    if what == "name":
        return families.name(family, parameters.text(form, "name"), by=by, now=now)
    raise UsageError(
        f"Nothing is done to a family by what={what[:40]!r}.", "There are merge, split and name."
    )


def _sent(*names: str) -> tuple[parameters.Args, str]:
    """A form of ours with these fields, and the name of the token that came with it."""
    _refuse_other_origins()
    request.max_content_length = FORM_BYTES
    form = request.form
    parameters.refuse_unknown(form, (*names, "token"))
    state()
    return form, _check_token(form.get("token", "").strip())


def _check_token(text: str) -> str:
    """The name of the token, if it opens what forms do."""
    try:
        return check_token(text, "ingest")
    except Unauthorised as error:
        raise Unauthorised(
            "The token does not open this." if text else "Without a token nothing is read.",
            "Go back and enter one of scope `ingest` or `admin`;"
            " `tracker token create NAME` makes one.",
        ) from error


def _refuse_other_origins() -> None:
    """Forbidden for a form that stands on a page of somebody else.

    Nothing here rests on what a browser sends by itself, so this only keeps a token that somebody
    was talked into entering elsewhere from being used. A browser tells over https whose the form
    is; over plain http it tells `null` for our own pages, since they ask it to name no referrer.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = origin == "null" or urlsplit(origin).netloc in _our_hosts()
    if not is_ours:
        raise Forbidden(
            "This was sent from a page of another site. Use the form on the job's page."
        )


def _our_hosts() -> set[str]:
    return {request.host, urlsplit(settings().base_url).netloc} - {""}
