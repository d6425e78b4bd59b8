# SPDX-License-Identifier: Apache-2.0
"""Sends files, looks at what comes back, and at what a browser is told about them.

  files.py --base URL [--name TEXT]
"""

import argparse
import os
import sys
import time

from portal_api import Client, chance_of, sha256


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def round_trip(client, stranger):
    content = os.urandom(9_500_000)
    begin = time.monotonic()
    answer = client.upload(content, "data.bin", "application/octet-stream")
    check(answer.status == 200, answer)
    digest = answer.json()["digest"]
    check(digest == "0x" + sha256(content), f"{digest} is not the digest of what was sent")
    sent = time.monotonic()
    back = client.ask("GET", f"/api/v1/files/{digest}")
    check(back.status == 200 and back.body == content, f"came back otherwise: {back.status}, {len(back.body)} bytes")
    took = time.monotonic() - sent
    part = client.ask("GET", f"/api/v1/files/{digest}", headers={"Range": "bytes=4194300-4194307"})
    check(part.status == 206 and part.body == content[4194300:4194308], f"a range came back otherwise: {part}")
    again = client.upload(content, "data.bin", "application/octet-stream")
    check(again.status == 200 and again.json()["digest"] == digest, again)
    check(stranger.ask("GET", f"/api/v1/files/{digest}").status == 404, "a stranger got somebody's attachment")
    return f"{len(content) / (sent - begin) / 1e6:.0f} MB/s in, {len(content) / took / 1e6:.0f} MB/s out"


def resumed(client):
    """A connection that breaks: the rest is sent from where the server says."""
    content = os.urandom(300_000)
    at = client.ask("POST", "/api/v1/uploads", {"name": "a.csv", "size": len(content), "media_type": "text/csv"}).json()["id"]
    client.ask("PATCH", f"/api/v1/uploads/{at}", content[:100_000], {"Upload-Offset": "0"})
    early = client.ask("POST", f"/api/v1/uploads/{at}/finish", {})
    check(early.status == 409, f"an unfinished upload was finished: {early}")
    wrong = client.ask("PATCH", f"/api/v1/uploads/{at}", content[:10], {"Upload-Offset": "50"})
    check(wrong.status == 409, wrong)
    offset = client.ask("GET", f"/api/v1/uploads/{at}").json()["offset"]
    check(offset == 100_000, f"{offset} bytes arrived")
    client.ask("PATCH", f"/api/v1/uploads/{at}", content[offset:], {"Upload-Offset": str(offset)})
    done = client.ask("POST", f"/api/v1/uploads/{at}/finish", {})
    check(done.status == 200 and done.json()["digest"] == "0x" + sha256(content), done)


def harmless(client):
    """A page with a script, sent as a file, is no page for a browser."""
    content = b"<script>alert(document.domain)</script>"
    for name, media_type in (("x.html", "text/html"), ("x.svg", "image/svg+xml"), ("../../x.js", "text/javascript"),
                             ('a"\r\nSet-Cookie: a=b', "text/html\r\nX: y")):
        answer = client.upload(content, name, media_type)
        check(answer.status == 200, answer)
        got = client.ask("GET", f"/api/v1/files/{answer.json()['digest']}")
        check(got.headers["Content-Type"] == "application/octet-stream", got.headers["Content-Type"])
        check(got.headers["Content-Disposition"].startswith("attachment"), got.headers["Content-Disposition"])
        check(got.headers["X-Content-Type-Options"] == "nosniff", "sniffing is allowed")
        check("sandbox" in got.headers["Content-Security-Policy"], got.headers["Content-Security-Policy"])
        check(got.headers["Set-Cookie"] is None and got.headers["X"] is None, "a header of the file's name")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--name", default="files")
    arguments = parser.parse_args()
    chance = chance_of(os.urandom(8))
    client, stranger = Client(arguments.base, 120), Client(arguments.base, 120)
    for each in (client, stranger):
        answer = each.register(f"files{chance.randrange(10**9)}", chance)
        check(answer.status == 200, answer)
    failures = 0
    for name, case in (("what was sent comes back", lambda: round_trip(client, stranger)),
                       ("an upload goes on after a break", lambda: resumed(client)),
                       ("a page is no page", lambda: harmless(client))):
        try:
            said = case()
            print(f"ok    {arguments.name}/{name}{': ' + said if said else ''}")
        except AssertionError as error:
            failures += 1
            print(f"FAIL  {arguments.name}/{name}: {error}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
