"""Live pages: whatever row of PAGES a path belongs to, its JSON twin, and the assets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, request, send_file
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchPath
from werkzeug.wrappers import Response as AnyResponse

from tracker.pages import PAGES
from tracker.pages.page import Page, Params, Scope
from tracker.queries import jobs
from tracker.queries.rows import snapshot
from tracker.site.links import live_linker
from tracker.site.render import as_json, renderer
from tracker.web.state import state

blueprint = Blueprint("live", __name__)

TWIN = "index.json"
_LINKER = live_linker()

# A page, and the parameters it is asked for with.
Reading = tuple[Page, Params]


@blueprint.get("/static/<name>")
def asset(name: str) -> Response:
    """A style sheet or picture; its name has a hash, so it may be kept for ever."""
    path = renderer().assets.files.get(name)
    if path is None:
        raise NoSuchPath
    response = send_file(path, conditional=True)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@blueprint.get("/")
@blueprint.get("/<path:path>")
def page(path: str = "") -> AnyResponse:
    """The page at a path, as HTML or, below `index.json`, as its view-model."""
    path = f"/{path}"
    as_twin = path.endswith(f"/{TWIN}")
    wanted = path.removesuffix(TWIN) if as_twin else path
    if not wanted.endswith("/") and any(_readings(f"{wanted}/")):
        return redirect(quote(f"{request.script_root}{wanted}/", safe="/~"), code=308)
    readings = list(_readings(wanted))
    if not readings:
        raise _nothing_to_get()
    state()
    return _answer(readings, as_twin)


def _nothing_to_get() -> HTTPException:
    """No page has this path; 405 where something may be sent to it."""
    try:
        current_app.url_map.bind("").match(request.path, method="POST")
    except HTTPException:
        return NoSuchPath()
    return MethodNotAllowed(valid_methods=["OPTIONS", "POST"])


def _readings(path: str) -> Iterator[Reading]:
    """The pages that a path may mean: a job, too, can be called `team/builds/3`."""
    for row in PAGES:
        for params in row.readings(path):
            yield row, params


def _choose(readings: Sequence[Reading]) -> Reading:
    """The first page whose job is known; where none is, the first says what is not here."""
    for row, params in readings:
        if "job" not in params or jobs.is_known(params["job"]):
            return row, params
    return readings[0]


def _answer(readings: Sequence[Reading], as_twin: bool) -> Response:
    """A page from one snapshot; 304 where the client's copy has the same revision."""
    with snapshot():
        row, params = _choose(readings)
        response = Response(mimetype="application/json" if as_twin else "text/html")
        response.set_etag(f"{renderer().fingerprint}-{_revision(row, params)}", weak=True)
        if not _is_fresh(response):
            response.data = _body(row, params, as_twin)
    response.make_conditional(request)
    return response


def _revision(row: Page, params: Params) -> int:
    return jobs.revision(params["job"] if row.scope is Scope.JOB else None)


def _is_fresh(response: Response) -> bool:
    etag, _ = response.get_etag()
    return etag is not None and request.if_none_match.contains_weak(etag)


def _body(row: Page, params: Params, as_twin: bool) -> bytes:
    view: Any = row.show(**params)
    if as_twin:
        return as_json(view)
    return renderer().html(row, params, view, _LINKER, live=True).encode()
