"""Webhooks: a signed call of a service starts a sync of its sources, and says nothing else."""

import hashlib
import hmac
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources import SourceSpec, key_of, webhook_secret

log = logging.getLogger(__name__)

# Each is "sha256=" and the HMAC of the body with the secret, in hex:
# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
# https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
# https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html
# https://developers.notion.com/reference/webhooks
SIGNED_BY: Final = {
    "github": "X-Hub-Signature-256",
    "jira": "X-Hub-Signature",
    "confluence": "X-Hub-Signature",
    "notion": "X-Notion-Signature",
}
_PATH: Final = re.compile(r"^/hooks/([a-z_]+)/?$")
_TOKEN: Final = re.compile(r"^secret_\w{8,200}$")
_MOST_BYTES: Final = 25 * 1024 * 1024  # GitHub sends no more
_PIECE_BYTES: Final = 65_536
_TIMEOUT_S: Final = 10.0
_AT_ONCE: Final = 8


class Webhooks:
    """Checks calls, and wakes the sources that they are for.

    Args:
        secrets: Secret of each source, by its kind and key.
        wake: Called with the key of each source that a call was for.
    """

    def __init__(self, secrets: Mapping[tuple[str, str], str], wake: Callable[[str], None]) -> None:
        self._secrets, self._wake = dict(secrets), wake
        self.room = threading.BoundedSemaphore(_AT_ONCE)

    def checks_of(self, kind: str) -> dict[str, "hmac.HMAC"]:
        """Return what digests a body for each source of a kind, by the source's key."""
        return {
            key: hmac.new(secret.encode(), digestmod=hashlib.sha256)
            for (of, key), secret in self._secrets.items()
            if of == kind
        }

    def accept(self, checks: Mapping[str, "hmac.HMAC"], signature: str) -> bool:
        """Wake the sources whose secret has signed the body; return whether there is one."""
        given = signature.encode(errors="replace")
        expected = {key: f"sha256={one.hexdigest()}".encode() for key, one in checks.items()}
        # A list, so that all are compared: the time says nothing of which one it was
        woken = [key for key, one in expected.items() if hmac.compare_digest(one, given)]
        for key in woken:
            self._wake(key)
        return bool(woken)


class _Handler(BaseHTTPRequestHandler):
    timeout = _TIMEOUT_S
    server_version, sys_version = "footnote", ""
    hooks: Webhooks

    def do_POST(self) -> None:
        """Check a call; its body is not looked at, beyond its signature."""
        if not self.hooks.room.acquire(blocking=False):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        try:
            self._answer(self._checked())
        except (OSError, ValueError):  # it was cut off, or is no HTTP
            self.close_connection = True
        finally:
            self.hooks.room.release()

    def _checked(self) -> HTTPStatus:
        kind = _PATH.match(self.path)
        if kind is None or kind[1] not in SIGNED_BY:
            return HTTPStatus.NOT_FOUND
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= _MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if length else HTTPStatus.LENGTH_REQUIRED
        checks = self.hooks.checks_of(kind[1])
        start = b""
        while length > 0:
            piece = self.rfile.read(min(length, _PIECE_BYTES))
            if not piece:
                return HTTPStatus.BAD_REQUEST
            start, length = start or piece, length - len(piece)
            for check in checks.values():
                check.update(piece)
        if kind[1] == "notion" and not self.headers.get(SIGNED_BY["notion"]):
            return _show_token(start)
        is_good = self.hooks.accept(checks, self.headers.get(SIGNED_BY[kind[1]]) or "")
        return HTTPStatus.NO_CONTENT if is_good else HTTPStatus.UNAUTHORIZED

    def _answer(self, status: HTTPStatus) -> None:
        if status is not HTTPStatus.NO_CONTENT:
            log.warning("webhook refused", extra={"status": int(status)})
            self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet: what is refused is logged above."""


def _show_token(body: bytes) -> HTTPStatus:
    """Log the token that Notion sends once, for the person who has just made the webhook."""
    try:
        token = str(json.loads(body)["verification_token"])
    except (ValueError, KeyError, TypeError):
        return HTTPStatus.UNAUTHORIZED
    if not _TOKEN.match(token):
        return HTTPStatus.UNAUTHORIZED
    log.warning("notion asks to verify a webhook", extra={"verification_token": token})
    return HTTPStatus.NO_CONTENT


@contextmanager
def listening(
    specs: Sequence[SourceSpec], address: str, wake: Callable[[str], None]
) -> Iterator[int]:
    """Listen for webhooks of these sources until the block ends; yield the port.

    Args:
        specs: All sources.
        address: Host and port, such as `127.0.0.1:8088`.
        wake: Called with the key of each source that a call was for.

    Raises:
        SourceError: The address cannot be used, or no source has a secret for webhooks.
    """
    found = {(spec.kind, key_of(spec)): webhook_secret(spec) for spec in specs}
    secrets = {name: secret for name, secret in found.items() if secret and name[0] in SIGNED_BY}
    if not secrets and not any(spec.kind == "notion" for spec in specs):
        raise SourceError(
            "no source has a secret for webhooks: set webhook_env in the table of one of "
            + ", ".join(SIGNED_BY)
        )
    hooks = Webhooks(secrets, wake)
    host, _, port = address.rpartition(":")
    handler = type("Handler", (_Handler,), {"hooks": hooks})
    try:
        server = ThreadingHTTPServer((host.strip("[]"), int(port)), handler)
    except (OSError, ValueError, OverflowError) as error:
        raise SourceError(f"{address} cannot be listened on: use HOST:PORT ({error})") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    log.info("listening for webhooks", extra={"port": server.server_port})
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
