# SPDX-License-Identifier: Apache-2.0
"""A small strict CKAN in memory, for harvests: names are unique, tokens are asked for, pages page,
and it fails on purpose when told to."""

import http.server
import json
import re
import threading
import time
import uuid

NAME = re.compile(r"^[a-z0-9_-]{2,100}$")
TAG = re.compile(r"^[\w \-.]{2,100}$")


class Refusal(Exception):
    def __init__(self, status, kind, **fields):
        super().__init__(kind)
        self.status, self.error = status, {"__type": kind, "message": kind} | fields


class CkanServer:
    """Packages by id; `trouble` maps an action to a function that may raise, wait or answer."""

    def __init__(self, token="secret-token"):
        self.packages, self.token, self.trouble, self.calls, self.clock = {}, token, {}, [], 0
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.answer(self, body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, body):
        action = handler.path.rsplit("/", 1)[-1]
        self.calls.append(action)
        try:
            if not handler.headers.get("Content-Type", "").startswith("application/json"):
                raise Refusal(400, "Bad Request")
            trouble = self.trouble.get(action)
            result = trouble(handler, json.loads(body)) if trouble else None
            if result == "answered":
                return
            with self.lock:
                token = handler.headers.get("Authorization")
                result = result or getattr(self, action)(json.loads(body), token)
            status, text = 200, {"help": "", "success": True, "result": result}
        except Refusal as refusal:
            status, text = refusal.status, {"help": "", "success": False, "error": refusal.error}
        raw = json.dumps(text).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json;charset=utf-8")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    # -- what a person of that site does
    def put(self, name, title, **more):
        self.clock += 1
        one = self.packages.setdefault(name, {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)), "name": name})
        one.update({"title": title, "notes": f"About {title}.", "state": "active", "private": False, "isopen": True,
                    "license_id": "CC-BY-4.0", "tags": [{"name": "sample"}], "extras": [], "metadata_modified":
                    f"2024-01-01T{self.clock // 3600:02}:{self.clock // 60 % 60:02}:{self.clock % 60:02}.000000",
                    "resources": [{"name": "Table", "format": "CSV", "url": f"https://files.example.org/{name}.csv"}]} | more)
        return one

    def active(self):
        return [p for p in self.packages.values() if p["state"] == "active" and not p["private"]]

    # -- actions
    def package_search(self, data, _):
        assert data.get("sort") == "metadata_modified desc", data
        ordered = sorted(self.active(), key=lambda p: p["metadata_modified"], reverse=True)
        start = data.get("start", 0)
        return {"count": len(ordered), "results": ordered[start:start + data.get("rows", 10)]}

    def package_list(self, data, _):
        names = sorted(p["name"] for p in self.active())
        return names[data.get("offset", 0):][:data.get("limit", len(names))]

    def find(self, data):
        for one in self.packages.values():
            if data.get("id") in (one["id"], one["name"]):
                return one
        raise Refusal(404, "Not Found Error")

    def package_show(self, data, token):
        one = self.find(data)
        if one["state"] != "active" and token != self.token:
            raise Refusal(404, "Not Found Error")
        return one

    def check(self, data, token):
        if token != self.token:
            raise Refusal(403, "Authorization Error")
        if not NAME.match(data.get("name", "")):
            raise Refusal(409, "Validation Error", name=["Must be purely lowercase alphanumeric"])
        for tag in data.get("tags", []):
            if not TAG.match(tag["name"]):
                raise Refusal(409, "Validation Error", tags=["Tag must be alphanumeric"])
        keys = [e["key"] for e in data.get("extras", [])]
        if len(keys) != len(set(keys)):
            raise Refusal(409, "Validation Error", extras=["There is a schema field with the same name"])
        if not data.get("owner_org"):
            raise Refusal(409, "Validation Error", owner_org=["An organization must be provided"])

    def package_create(self, data, token):
        self.check(data, token)
        if data["name"] in self.packages:
            raise Refusal(409, "Validation Error", name=["That URL is already in use."])
        self.packages[data["name"]] = data | {"id": str(uuid.uuid4()), "metadata_modified": "2024-01-01T00:00:00"}
        return self.packages[data["name"]]

    def package_update(self, data, token):
        self.check(data, token)
        one = self.find(data)
        one.update(data)
        return one

    def package_delete(self, data, token):
        if token != self.token:
            raise Refusal(403, "Authorization Error")
        self.find(data)["state"] = "deleted"


# -- troubles
def failing(times, status=500):
    left = [times]

    def trouble(*_):
        if left[0] > 0:
            left[0] -= 1
            raise Refusal(status, "Internal Error")
    return trouble


def cut(times):
    """The connection ends in the middle of an answer."""
    left = [times]

    def trouble(handler, _):
        if left[0] <= 0:
            return None
        left[0] -= 1
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"success": true, "res')
        handler.close_connection = True
        return "answered"
    return trouble


def slow(seconds):
    return lambda *_: time.sleep(seconds)


def redirect(handler, _):
    handler.send_response(302)
    handler.send_header("Location", "http://169.254.169.254/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return "answered"
