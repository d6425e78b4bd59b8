# SPDX-License-Identifier: Apache-2.0
"""As much of a client of the portal's API as its tests need; Python's own library only."""

import hashlib
import http.client
import json
import random
import socket
import threading
import urllib.parse

PASSWORD = "correct horse battery staple"


class Gone(Exception):
    """No answer came: the portal is not there, or went while it answered."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def resident_number(chance):
    """A resident identity number that is well formed: GB 11643-1999."""
    body = f"110105{1950 + chance.randrange(50)}0{1 + chance.randrange(9)}1{chance.randrange(10)}{chance.randrange(100, 1000)}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(w * int(c) for w, c in zip(weights, body)) % 11]


class Client:
    """One person's session. A connection a request: the portal may die between any two."""

    def __init__(self, base, timeout=15):
        self.at = urllib.parse.urlsplit(base)
        self.timeout = timeout
        self.cookie = self.csrf = self.name = None

    def connection(self):
        return http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=self.timeout)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connection()
        sent = dict(headers or {})
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf and method not in ("GET", "HEAD"):
            sent["X-CSRF-Token"] = self.csrf
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            out = Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException, socket.timeout) as error:
            raise Gone(f"{method} {path}: {error!r}") from None
        finally:
            connection.close()
        for cookie in out.headers.get_all("Set-Cookie") or []:
            self.cookie = cookie.split(";")[0]
        return out

    def register(self, name, chance):
        self.name = name
        out = self.ask("POST", "/api/v1/register", {
            "name": name, "password": PASSWORD, "kind": "person", "title": "张三", "email": "z@example.cn",
            "real_name": {"name": "张三", "document": resident_number(chance)}})
        self._signed_in(out)
        return out

    def login(self, name, password=PASSWORD):
        self.name = name
        out = self.ask("POST", "/api/v1/login", {"name": name, "password": password})
        self._signed_in(out)
        return out

    def _signed_in(self, answer):
        if answer.status == 200:
            self.csrf = answer.json()["csrf"]

    def demand(self, title, once, organisation=9000):
        """Files a demand for data: an act of its own, of anybody with a real name."""
        return self.ask("POST", "/api/v1/items", {
            "workflow": "demand", "action": "submit", "organisation": organisation,
            "document": {"title": {"en": title, "zh": title}, "description": {"en": title, "zh": title}}},
            {"Idempotency-Key": once})

    def upload(self, content, name="data.csv", media_type="text/csv", piece=4 << 20):
        """Sends a file in pieces. The last answer, whatever it is."""
        out = self.ask("POST", "/api/v1/uploads", {"name": name, "size": len(content), "media_type": media_type})
        if out.status != 201:
            return out
        at = out.json()["id"]
        for offset in range(0, len(content), piece):
            out = self.ask("PATCH", f"/api/v1/uploads/{at}", content[offset:offset + piece],
                           {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"})
            if out.status != 200:
                return out
        return self.ask("POST", f"/api/v1/uploads/{at}/finish", {})


class Rpc:
    """The node itself, to see what is on the chain whatever the portal says."""

    def __init__(self, url):
        self.at = urllib.parse.urlsplit(url)

    def call(self, method, *params):
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=15)
        try:
            connection.request("POST", "/", json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
                               {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def acts(self, contract):
        """How many acts each item has: the item is the event's first topic."""
        out = {}
        last = int(self.call("eth_blockNumber"), 16)
        for first in range(0, last + 1, 5000):
            for log in self.call("eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(min(last, first + 4999)),
                                                 "address": contract}):
                out[log["topics"][1]] = out.get(log["topics"][1], 0) + 1
        return out


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def together(functions):
    """Runs them on a thread each and waits; the first exception is raised here."""
    failures = []

    def guarded(function):
        try:
            function()
        except Exception as error:  # noqa: BLE001: handed over, not swallowed
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def chance_of(seed):
    return random.Random(seed)
