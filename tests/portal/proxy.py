# SPDX-License-Identifier: Apache-2.0
"""What visitors see of a portal behind a proxy with https; called by tests/portal/proxy."""

import argparse
import http.client
import json
import os
import ssl
import sys
import urllib.parse

from portal_api import Client, chance_of, sha256

HOST = "data.example.cn"


class HttpsClient(Client):
    def __init__(self, port, certificate, forged=None):
        super().__init__(f"https://{HOST}:{port}", 60)
        self.context = ssl.create_default_context(cafile=certificate)
        self.port, self.forged = port, forged

    def ask(self, method, path, body=None, headers=None):
        sent = {"Host": HOST, "Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        if self.forged:
            sent["X-Forwarded-For"] = self.forged
        return super().ask(method, path, body, sent)

    def connection(self):
        # From an address that is not the proxy's, as visitors are.
        return NamedConnection("127.0.0.1", self.port, timeout=60, context=self.context, source_address=("127.0.0.2", 0))


class NamedConnection(http.client.HTTPSConnection):
    """To an address of this machine, with the certificate's name."""

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=HOST)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def pages_and_sessions(arguments, chance):
    client = HttpsClient(arguments.https, arguments.certificate)
    home = client.ask("GET", "/", headers={"Accept": "text/html"})
    check(home.status == 200 and "max-age" in (home.headers["Strict-Transport-Security"] or ""), home)
    made = client.register(f"proxy{chance.randrange(10**9)}", chance)
    check(made.status == 200, made)
    cookie = made.headers["Set-Cookie"]
    check("Secure" in cookie and "HttpOnly" in cookie and "SameSite" in cookie, cookie)
    check(client.ask("GET", "/api/v1/me").json()["signed_in"], "the session is not known")
    content = os.urandom(20_000_000)
    sent = client.upload(content, "a.bin", "application/octet-stream", 8 << 20)
    check(sent.status == 200 and sent.json()["digest"] == "0x" + sha256(content), sent)
    back = client.ask("GET", "/api/v1/files/" + sha256(content))
    check(back.body == content, "a file came back otherwise")
    check(client.ask("GET", "/", headers={"Host": "evil.example"}).status == 403, "another name was served")


def plain_http_is_sent_on(arguments, _):
    connection = http.client.HTTPConnection("127.0.0.1", arguments.http, timeout=10)
    connection.request("GET", "/search?q=a", headers={"Host": HOST})
    answer = connection.getresponse()
    check(answer.status == 301 and answer.headers["Location"] == f"https://{HOST}/search?q=a", answer.headers["Location"])


def limits_follow_the_visitor(arguments, _):
    """A visitor who writes the header is still one visitor; behind the proxy others are not held up."""
    for forged in (None, "198.51.100.1", "127.0.0.1"):
        client = HttpsClient(arguments.https, arguments.certificate, forged)
        check(client.ask("GET", "/api/v1/rules").status == 200, "a first request is refused")
    attempts = [HttpsClient(arguments.https, arguments.certificate, f"198.51.100.{i}").login(f"nobody{i}", "wrong password x").status for i in range(40)]
    check(429 in attempts, f"forty wrong passwords with forty forged addresses: {set(attempts)}")
    # Another visitor: what the proxy would write for them, said from the proxy's own address.
    direct = urllib.parse.urlsplit(arguments.direct)
    connection = http.client.HTTPConnection(direct.hostname, direct.port, timeout=10)
    connection.request("POST", "/api/v1/login", json.dumps({"name": "somebody", "password": "wrong password x"}),
                       {"Host": HOST, "Content-Type": "application/json", "X-Forwarded-For": "203.0.113.77"})
    answer = connection.getresponse()
    check(answer.status == 401, f"another visitor pays for the first: {answer.status}")


def metrics_are_apart(arguments, _):
    client = HttpsClient(arguments.https, arguments.certificate)
    public = client.ask("GET", "/metrics")
    check(b"wusong_portal_requests_total" not in public.body, "visitors see the metrics")
    metrics = Client(arguments.metrics).ask("GET", "/metrics")
    check(metrics.status == 200, metrics)
    text = metrics.body.decode()
    for wanted in ('wusong_portal_requests_total{route="/api/v1/login",method="POST",status="401"}',
                   'wusong_portal_request_seconds_bucket{route="/",le="', 'wusong_portal_outbox_acts{status="waiting"} 0',
                   "wusong_portal_projection_lag_blocks", "wusong_portal_node_reachable 1", "wusong_portal_upload_bytes_total 20000000",
                   "process_resident_memory_bytes"):
        check(wanted in text, f"no {wanted} in\n{text[:3000]}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("https", "http"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("direct", "metrics", "certificate"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    chance = chance_of(os.urandom(8))
    failures = 0
    for name, case in (("pages, sessions and files over https", pages_and_sessions), ("plain http is sent on", plain_http_is_sent_on),
                       ("limits follow the visitor", limits_follow_the_visitor), ("metrics are apart", metrics_are_apart)):
        try:
            case(arguments, chance)
            print(f"ok    proxy/{name}")
        except AssertionError as error:
            failures += 1
            print(f"FAIL  proxy/{name}: {error}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
