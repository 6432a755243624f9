"""Live pages: whatever row of PAGES a path belongs to, its JSON twin, and the assets."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, send_file
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
    if not wanted.endswith("/") and _find(f"{wanted}/"):
        return redirect(f"{request.path.rsplit('/', 1)[-1]}/".replace(":", "%3A"), code=308)
    found = _find(wanted)
    if found is None:
        raise NoSuchPath
    state()
    return _answer(*found, as_twin)


def _find(path: str) -> tuple[Page, dict[str, str]] | None:
    for row in PAGES:
        params = row.match(path)
        if params is not None:
            return row, params
    return None


def _answer(row: Page, params: Params, as_twin: bool) -> Response:
    """A page from one snapshot; 304 where the client's copy has the same revision."""
    with snapshot():
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
