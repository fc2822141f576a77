"""A GitHub on this machine: the few addresses that comments, issues and SQLMesh's bot use, and what came of them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPOSITORY = "shop/warehouse"
TOKEN = "token-of-the-stub"
Answer = tuple[int, Any]


@dataclass
class GitHub:
    """What is on it. `app` is who writes with our token."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    checks: dict[int, dict[str, Any]] = field(default_factory=dict)
    refuses: bool = False

    def add_comment(self, body: str, *, author: str = "Bot") -> dict[str, Any]:
        """Write a comment as somebody: a `User`, or an app (`Bot`)."""
        number = len(self.comments) + 1
        address = f"{self.url}/repos/{REPOSITORY}/issues/comments/{number}"
        comment = {"id": number, "url": address, "html_url": address, "body": body, **by(author)}
        self.comments.append(comment)
        return comment

    def add_issue(self, title: str, body: str, *, author: str = "Bot", **more: Any) -> dict[str, Any]:
        """Open an issue as somebody."""
        number = len(self.issues) + 100
        address = f"{self.url}/repos/{REPOSITORY}/issues/{number}"
        issue = {"number": number, "title": title, "body": body, "state": "open", **by(author), **more}
        self.issues.append({**issue, "url": address, "html_url": address})
        return self.issues[-1]

    def answer(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        """Return the status and what a request is answered with."""
        if self.refuses:
            return 403, {"message": "Resource not accessible by integration"}
        path, _, asked = path.removeprefix(f"/repos/{REPOSITORY}").partition("?")
        if method == "POST" and path.startswith("/check-runs"):
            number = len(self.checks) + 1
            self.checks[number] = {
                **sent,
                "id": number,
                "url": f"{self.url}/repos/{REPOSITORY}/check-runs/{number}",
            }
            return 201, self.checks[number]
        if method == "PATCH" and (found := re.fullmatch(r"/check-runs/(\d+)", path)):
            self.checks[int(found[1])].update(sent)
            return 200, self.checks[int(found[1])]
        if method == "PATCH" and (found := re.fullmatch(r"/issues/comments/(\d+)", path)):
            self.comments[int(found[1]) - 1].update(sent)
            return 200, self.comments[int(found[1]) - 1]
        if method == "DELETE" and (found := re.fullmatch(r"/issues/comments/(\d+)", path)):
            self.comments = [item for item in self.comments if item["id"] != int(found[1])]
            return 204, None
        if method == "PATCH" and (found := re.fullmatch(r"/issues/(\d+)", path)):
            self.issues[int(found[1]) - 100].update(sent)
            return 200, self.issues[int(found[1]) - 100]
        return self._issues(method, path, sent, asked)

    def _issues(self, method: str, path: str, sent: dict[str, Any], asked: str) -> Answer:
        if found := re.fullmatch(r"/issues/(\d+)/comments", path):
            return (201, self.add_comment(sent["body"])) if method == "POST" else (200, self.comments)
        if path == "/issues":
            return (
                (201, self.add_issue(sent["title"], sent["body"]))
                if method == "POST"
                else (200, [issue for issue in self.issues if f"state={issue['state']}" in asked])
            )
        if found := re.fullmatch(r"/(issues|pulls)/(\d+)", path):
            sides = {"base": {"ref": "main"}, "head": {"ref": "dearer", "sha": "0" * 40}}
            return 200, {"number": int(found[2]), "url": f"{self.url}/repos/{REPOSITORY}{path}", **sides}
        if re.fullmatch(r"/pulls/\d+/reviews", path):
            return 200, []
        return 404, {"message": f"Not Found: {method} {path}"}


def by(author: str) -> dict[str, Any]:
    """Return the author of something, as GitHub tells it."""
    return {"user": {"login": author.lower(), "type": author}}


@contextmanager
def github() -> Iterator[GitHub]:
    """Run one on 127.0.0.1."""
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(size) or b"{}")
            known = self.headers.get("Authorization") == f"token {TOKEN}"
            status, answer = (
                state.answer(self.command, self.path, sent) if known else (401, {"message": "Bad token"})
            )
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = respond  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
