"""People and builds as load, for Locust: reading pages, and now and then an upload.

    pip install '.[load]'
    TRACKER_TOKEN=trk_… locust -f scripts/locustfile.py --headless -u 20 -t 60s -H http://127.0.0.1:8000

Point it at a tracker of your own on a machine of your own.
"""

import os
import random

from locust import HttpUser, between, task

CASES = 200


class Reader(HttpUser):
    """Somebody who looks at what is new, follows a job to a build, and a build to a test."""

    wait_time = between(0.5, 3)
    weight = 9

    @task(3)
    def home(self) -> None:
        """What is new?"""
        self.client.get("/", name="home")

    @task(5)
    def newest_build(self) -> None:
        """From a job to its newest build, and to what failed in it."""
        jobs = self.client.get("/api/v1/jobs", name="jobs").json()["items"]
        latest = [job["latest"] for job in jobs if job["latest"]]
        if not latest:
            return
        build = random.choice(latest)
        self.client.get(f"/jobs/{build['job']}/", name="job")
        page = f"/jobs/{build['job']}/builds/{build['label']}"
        self.client.get(f"{page}/", name="build")
        failed = self.client.get(f"/api/v1{page}/results?status=failed", name="results")
        for case in failed.json()["items"][:1]:
            self.client.get(f"/jobs/{build['job']}/cases/{case['key']}/", name="case")


class Builder(HttpUser):
    """A build that sends its report."""

    wait_time = between(5, 15)
    weight = 1

    @task
    def upload(self) -> None:
        """A report of 200 cases, some of which fail."""
        token = os.environ.get("TRACKER_TOKEN", "")
        self.client.post(
            f"/api/v1/ingest?job=load/nightly&build={random.randint(1, 10**12)}&complete=true",
            data=report(),
            headers={"Authorization": f"Bearer {token}"},
            name="ingest",
        )


def report() -> bytes:
    """A JUnit report in which about one case in fifty fails."""
    cases = "".join(
        f'<testcase classname="load.Test" name="case_{place}" time="0.01">'
        + ('<failure message="it failed"/>' if random.random() < 0.02 else "")
        + "</testcase>"
        for place in range(CASES)
    )
    return f'<testsuite name="load.Test" tests="{CASES}">{cases}</testsuite>'.encode()
