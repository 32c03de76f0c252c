"""The measure of all others: one bare Flask page under the server that serves the portal.

``python -m scripts.bench_hello PORT THREADS``
"""

from __future__ import annotations

import sys

from flask import Flask
from waitress import serve

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """Answer the shortest page."""
    return "<!doctype html><title>hello</title><p>hello"


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=int(sys.argv[2]))
