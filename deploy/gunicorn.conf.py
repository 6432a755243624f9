"""Gunicorn for the tracker: each value with its reason."""

import multiprocessing
import os

# Where to listen; a supervisor that holds the socket (systemd) passes it by itself.
bind = f"{os.environ.get('TRACKER_HOST', '127.0.0.1')}:{os.environ.get('TRACKER_PORT', '8000')}"

# Threads, because requests wait: for the disk at a commit, for the parsing child, for the lock.
worker_class = "gthread"
threads = 4

# Two for each processor serve pages; more would only queue for the one writer of SQLite.
workers = int(os.environ.get("TRACKER_WEB_WORKERS", min(8, 2 * multiprocessing.cpu_count())))

# The longest honest request reads an upload of 32 MB in a child: well under a minute.
timeout = 60
graceful_timeout = 30

# A worker that leaks a little is replaced before it matters, not all of them at once.
max_requests = 10_000
max_requests_jitter = 1_000

# Never preload: a database connection must not be carried over the fork.
preload_app = False

# Names of jobs are long; a request line beyond this is an attack (it is answered with 414).
limit_request_line = 8190
limit_request_fields = 60

# Nobody's X-Forwarded-* is believed but a proxy's on this machine.
forwarded_allow_ips = "127.0.0.1,::1"

# The control socket of Gunicorn 27 would open one more door than we need.
control_socket_disable = True

# Heartbeat files belong in memory: a slow disk must not look like a hung worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112

accesslog = os.environ.get("TRACKER_ACCESS_LOG") or None
errorlog = "-"
