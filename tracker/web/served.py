"""The application of an installed tracker; a checkout has `wsgi.py` for the same."""

from tracker.settings import Settings
from tracker.web import create_app

app = create_app(Settings.load())
