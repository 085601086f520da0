"""A server that says it is healthy and has nothing else to say.

The text of this file is the command of a placeholder's container, so it imports the standard library alone.
"""

import os
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Placeholder(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        healthy = self.path == "/healthz"
        body = b"ok\n" if healthy else b"Nothing is installed here yet.\n"
        self.send_response(HTTPStatus.OK if healthy else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's word)
        """Health checks are no news."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ["PORT"])), Placeholder).serve_forever()
