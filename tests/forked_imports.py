"""What the processes of `tests/forked.py` import, and the nursery of their parsing children."""

# ruff: noqa: F401 - importing is what they are for

import gunicorn.app.wsgiapp
import gunicorn.workers.gthread

import tests.factories
import tracker.cli.worker
import tracker.web
import tracker.worker.loop
import tracker.worker.tasks
from tests.nursery import share_forked_children

share_forked_children()
