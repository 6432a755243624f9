"""Live pages: whatever row of PAGES a path belongs to, its JSON twin, and the assets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, current_app, g, redirect, request, send_file
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchPath
from werkzeug.wrappers import Response as AnyResponse

from tracker.pages import PAGES
from tracker.pages.page import Page, Params, Scope
from tracker.queries import families, jobs
from tracker.queries.select import bounded_snapshot
from tracker.site.links import live_linker
from tracker.site.render import as_json, renderer
from tracker.web import parameters
from tracker.web.links import below, page_path, with_query
from tracker.web.state import state

blueprint = Blueprint("live", __name__)

TWIN = "index.json"
_LINKER = live_linker()

# A page, and the parameters of its path.
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
        return redirect(with_query(below(f"{wanted}/")), code=308)
    readings = list(_readings(wanted))
    if not readings:
        raise _nothing_to_get()
    state()
    return _answer(readings, wanted, as_twin)


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
        if _is_here(params):
            return row, params
    return readings[0]


def _is_here(params: Params) -> bool:
    if "family" in params:
        return not families.merged_into(params["family"])
    return "job" not in params or jobs.is_known(params["job"])


def _other_address(readings: Sequence[Reading], path: str) -> str:
    """Where the page at a path stands, if that is another address; else ""."""
    row, params = _choose(readings)
    if not _is_here(params):
        return _moved(readings)
    # The links of a page are those of its one address: page 1 of a list has no number in it.
    there = page_path(row.name, **params) if "page" in params else ""
    return "" if there == below(path) else there


def _moved(readings: Sequence[Reading]) -> str:
    """Where a page stands now, asked for by its job's former name or a merged family; else ""."""
    for row, params in readings:
        if "family" in params:
            return page_path(row.name, family=families.merged_into(params["family"]))
        name = jobs.name_now(params["job"]) if row.route.startswith("/jobs/") else ""
        if name:
            return page_path(row.name, **{**params, "job": name})
    return ""


def _answer(readings: Sequence[Reading], path: str, as_twin: bool) -> AnyResponse:
    """A page from one snapshot; 304 where the client's copy has the same revision."""
    with bounded_snapshot():
        row, params = _choose(readings)
        g.route = row.route
        there = _other_address(readings, path)
        if there:
            return redirect(with_query(there + (TWIN if as_twin else "")), code=308)
        response = Response(mimetype="application/json" if as_twin else "text/html")
        moving = row.moving(params) if row.moving and not as_twin else None
        response.set_etag(f"{renderer().fingerprint}-{_stamp(row, params, moving)}", weak=True)
        if not _is_fresh(response):
            response.data = _body(row, params, as_twin, moving)
    response.make_conditional(request)
    return response


def _stamp(row: Page, params: Params, moving: object) -> str:
    """What changes whenever the page does."""
    revision = str(jobs.revision(params["job"] if row.scope is Scope.JOB else None))
    if not moving:
        return revision
    return f"{revision}-{hashlib.sha256(repr(moving).encode()).hexdigest()[:8]}"


def _asked(row: Page) -> dict[str, str]:
    """What stands behind the `?`, of a page that may be asked; others never looked at it."""
    if not row.query:
        return {}
    parameters.refuse_unknown(request.args, row.query)
    return {name: request.args[name] for name in row.query if name in request.args}


def _is_fresh(response: Response) -> bool:
    etag, _ = response.get_etag()
    return etag is not None and request.if_none_match.contains_weak(etag)


def _body(row: Page, params: Params, as_twin: bool, moving: object) -> bytes:
    view: Any = row.show(**params, **_asked(row))
    if as_twin:
        return as_json(view)
    return renderer().html(row, params, view, _LINKER, live=True, moving=moving).encode()
