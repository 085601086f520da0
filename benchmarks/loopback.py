"""The catalogues on 127.0.0.1: the answers of one series over HTTP, each as late as it is told to be.

    python -m benchmarks.loopback SERIES ANSWER_SECONDS CONNECTION_SECONDS

A process of its own, so that its work is not counted as that of whoever asks. Prints its port. Each catalogue is a
folder, ``/jikan/anime/1/full``, and the first request for it over a connection waits as if the connection were its own;
what is not recorded is 404. ``/asked`` tells what was asked since it was last told.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.enrichment_series import answers_of
from models.errors import NotRecorded
from models.events import Catalogue
from sources.http import HttpTransport, Request, Response
from sources.replay import recording_name

ASKED = "/asked"


@dataclass(frozen=True, kw_only=True)
class Catalogues:
    url: str

    @property
    def base_urls(self) -> Mapping[Catalogue, str]:
        return {catalogue: f"{self.url}/{catalogue}" for catalogue in Catalogue}

    def asked(self) -> list[str]:
        """A line for each request since the last call, in the order in which they came: ``<catalogue> <recording>``."""
        with urllib.request.urlopen(f"{self.url}{ASKED}") as answer:
            lines: list[str] = json.load(answer)
        return lines


@contextmanager
def catalogues_of(series: str, *, answer_seconds: float, connection_seconds: float) -> Iterator[Catalogues]:
    command = [sys.executable, "-m", "benchmarks.loopback", series, str(answer_seconds), str(connection_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                sys.exit(f"{' '.join(command)} did not start")
            yield Catalogues(url=f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: HttpTransport, *, answer_seconds: float, connection_seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.answer_seconds = answer_seconds
        self.connection_seconds = connection_seconds
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    """One a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a long answer over a kept connection would wait for an acknowledgement
    wbufsize = -1  # and a short one leaves in one piece
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._met: set[str] = set()

    def do_GET(self) -> None:
        if self.path == ASKED:
            asked, self.server.asked = self.server.asked, []
            self._give(200, "application/json", json.dumps(asked).encode())
        else:
            self._answer(None)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Says nothing: a line a request would be a part of what is measured."""

    def _answer(self, body: bytes | None) -> None:
        catalogue = self.path.split("/")[1]
        request = Request(
            method=self.command,
            url=f"http://127.0.0.1{self.path}",
            headers={"Accept": self.headers.get("Accept", "")},
            body=body,
            catalogue=catalogue,
            base_path=f"/{catalogue}",
        )
        self.server.asked.append(f"{catalogue} {recording_name(request)}")
        time.sleep(self.server.answer_seconds + (0.0 if catalogue in self._met else self.server.connection_seconds))
        self._met.add(catalogue)
        try:
            response = self.server.answers.send(request)
        except NotRecorded:
            response = Response(status=404, headers={"content-type": "text/plain"}, body=b"")
        self._give(response.status, response.headers["content-type"], response.body)

    def _give(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    series, answer_seconds, connection_seconds = sys.argv[1:]
    with _Server(
        answers_of(series), answer_seconds=float(answer_seconds), connection_seconds=float(connection_seconds)
    ) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
