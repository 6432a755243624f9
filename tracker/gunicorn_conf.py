"""Gunicorn for the tracker: each value with its reason.

`tracker serve` has Gunicorn read this module, and `deploy/gunicorn.conf.py` takes all of it over.
The process that starts the workers reads it: it imports nothing of the application.
"""

import os

from tracker.web_processes import THREADS, web_processes

# Where to listen; a supervisor that holds the socket (systemd) passes it by itself.
bind = f"{os.environ.get('TRACKER_HOST', '127.0.0.1')}:{os.environ.get('TRACKER_PORT', '8000')}"

worker_class = "gthread"
threads = THREADS
workers = web_processes()

# A worker whose main thread is silent for this long hangs; its requests may take longer. Before a
# restart requests have the second time to end: reading an upload of 32 MB takes a few seconds.
timeout = 30
graceful_timeout = 30
# Between two requests of a connection: a proxy in front holds its clients, not we.
keepalive = 5

# A worker that leaks a little is replaced before it matters, not all of them at once.
max_requests = 10_000
max_requests_jitter = 1_000

# Never preload: a database connection must not be carried over the fork.
preload_app = False

# Names of jobs are long; a request line beyond this is an attack (it is answered with 414).
limit_request_line = 8190
limit_request_fields = 60

# Nobody's X-Forwarded-* is believed but a proxy's on this machine; in containers it has another.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")

# A client behind such a proxy could say by these where the tracker begins; the environment may.
forwarder_headers = ""

# The control socket of Gunicorn 27 would open one more door than we need.
control_socket_disable = True

# Heartbeat files belong in memory: a slow disk must not look like a hung worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112

# One form for all lines, and a line for each request: see `log_format`.
logger_class = "tracker.gunicorn_log.Logger"

accesslog = os.environ.get("TRACKER_ACCESS_LOG") or None
# As is usual, but without the name that Basic authentication gives: whoever asks makes it up.
access_log_format = '%(h)s %(l)s - %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'
errorlog = "-"
