"""The WSGI application that Gunicorn serves."""

from tracker.settings import Settings
from tracker.web import create_app

app = create_app(Settings.load())
