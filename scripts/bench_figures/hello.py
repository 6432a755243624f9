"""The floor of any page: the least that Flask can answer."""

from flask import Flask

app = Flask("hello", static_folder=None, template_folder=None)


@app.get("/")
def hello() -> str:
    return "hello"
