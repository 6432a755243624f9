"""Rendering a row of PAGES: the same view-model and template for the live and the static page."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import msgspec

import tracker
from tracker import resources
from tracker.pages import BY_NAME, PAGES
from tracker.pages.page import Page, Params
from tracker.site import charts, text, tips
from tracker.site.assets import Assets
from tracker.site.links import Linker
from tracker.verdicts.verdict import once_in, percent

_JSON = msgspec.json.Encoder()


class Renderer:
    """The templates of one folder, ready to render; `fingerprint` changes when they do."""

    def __init__(self, folder: Path) -> None:
        self.assets = Assets.of(folder / "static")
        self.fingerprint = _fingerprint(folder)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(
            visible=text.visible,
            brief=text.brief,
            prose=text.prose,
            shell=text.shell,
            n=text.number,
            count=text.count,
            duration=text.duration,
            moment=text.moment,
            iso=text.iso,
            totals_text=tips.totals_text,
            web_address=text.web_address,
            once_in=once_in,
            percent=percent,
        )
        self._environment.globals.update(
            trend=charts.trend,
            failures=charts.failures,
            strip=charts.strip,
            totals_bar=charts.totals_bar,
            build_tip=tips.build_tip,
            case_tip=tips.case_tip,
            share=text.share,
            version=tracker.__version__,
        )

    def html(
        self,
        page: Page,
        params: Params,
        view: Any,
        linker: Linker,
        *,
        live: bool,
        moving: object = None,
    ) -> str:
        """A page as HTML, with links as `linker` spells them.

        `moving` is what a live page shows besides, since it changes without a revision.
        """
        address = linker.asset_from(page, params)
        return self._environment.get_template(page.template).render(
            view=view,
            page=page,
            params=params,
            link=linker.link_from(page, params),
            asset=lambda name: address(self.assets.hashed[name]),
            live=live,
            moving=moving,
        )

    def error(self, context: Mapping[str, Any], depth: int) -> str:
        """An error page; `depth` is how many folders below the root it is shown."""
        home = PAGES[0]
        return self._environment.get_template("error.html").render(
            context,
            page=home,
            params={},
            link=lambda name, **_: "../" * depth + BY_NAME[name].route.lstrip("/") or "./",
            asset=lambda name: "../" * depth + f"static/{self.assets.hashed[name]}",
            live=True,
        )


@functools.cache
def renderer() -> Renderer:
    """The renderer of the installed templates."""
    return Renderer(resources.folder("site_templates"))


def as_json(view: Any) -> bytes:
    """A page's JSON twin: its view-model, the same bytes for the same data."""
    return _JSON.encode(view)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(tracker.__version__.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
