# SPDX-License-Identifier: Apache-2.0
"""What CKAN's clients send and how they read answers, with the standard library alone.

As ckanapi does it: JSON in ASCII to /api/action/NAME, the bare token in Authorization and in
X-CKAN-API-Key, files as multipart with nothing but texts beside them, no redirect followed.
"""

import json
import pathlib
import urllib.parse
import urllib.error
import urllib.request
import uuid


class CkanError(Exception):
    """An answer that is no success: status, `__type` and the error as it came."""

    def __init__(self, status, error):
        self.status, self.error = status, error
        self.type = error.get("__type") if isinstance(error, dict) else None
        super().__init__(f"{status} {json.dumps(error, ensure_ascii=False)[:300]}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def send(request):
    """(status, headers, body); an HTTP error is an answer."""
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Ckan:
    """A client of one site, with a token or without."""

    def __init__(self, base, token=None, header="both", get_only=False):
        self.base, self.token, self.header, self.get_only = base.rstrip("/"), token, header, get_only

    def headers(self):
        if not self.token:
            return {}
        both = {"Authorization": self.token, "X-CKAN-API-Key": self.token}
        return both if self.header == "both" else {self.header: both.get(self.header, self.token)}

    def call(self, action, files=None, more=None, **data):
        headers = self.headers() | {"User-Agent": "ckanapi/4.11 (test)"} | (more or {})
        if self.get_only:
            query = urllib.parse.urlencode(data)
            request = urllib.request.Request(f"{self.base}/api/action/{action}?{query}", headers=headers)
        elif files:
            boundary = uuid.uuid4().hex
            body = b""
            for name, value in data.items():
                body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n').encode()
            for name, (file_name, content) in files.items():
                body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n\r\n'
                         ).encode() + content + b"\r\n"
            body += f"--{boundary}--\r\n".encode()
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            request = urllib.request.Request(f"{self.base}/api/action/{action}", data=body, headers=headers)
        else:
            headers["Content-Type"] = "application/json"
            request = urllib.request.Request(f"{self.base}/api/action/{action}", data=json.dumps(data).encode("ascii"),
                                             headers=headers)
        status, _, body = send(request)
        try:
            answer = json.loads(body)
        except ValueError:
            raise CkanError(status, body[:200].decode(errors="replace")) from None
        if answer.get("success"):
            return answer["result"]
        raise CkanError(status, answer.get("error", {}))

    def __getattr__(self, action):
        return lambda **data: self.call(action, **data)


class Person:
    """A browser of one account: what the reviews need, and where tokens come from."""

    def __init__(self, base, name, password):
        self.base, self.cookie, self.csrf = base, "", ""
        me = self.ask("POST", "/api/v1/login", {"name": name, "password": password})
        self.csrf = me["csrf"]

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json", "Cookie": self.cookie, "X-CSRF-Token": self.csrf}
        request = urllib.request.Request(self.base + path, method=method, headers=headers,
                                         data=json.dumps(body).encode() if body is not None else None)
        status, got, text = send(request)
        if got.get("Set-Cookie"):
            self.cookie = got["Set-Cookie"].split(";")[0]
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {text.decode()[:300]}")
        return json.loads(text)

    def act(self, item, action, document=None, **more):
        body = more | ({"document": document} if document else {})
        return self.ask("POST", f"/api/v1/items/{item}/actions/{action}", body)

    def begin(self, workflow, action, **more):
        return self.ask("POST", "/api/v1/items", {"workflow": workflow, "action": action} | more)["item"]

    def token(self):
        return self.ask("POST", "/api/v1/me/tokens", {"name": "ckan"})["token"]


def password_of(file):
    """The password that `wusong-portal sample` printed for the sample's actors."""
    text = pathlib.Path(file).read_text(encoding="utf-8")
    return text.split("sign in with the password ", 1)[1].split()[0]


class Report:
    """A line a case; `end` gives the exit code."""

    def __init__(self):
        self.failures = 0

    def test(self, name):
        def run(body):
            try:
                body()
                print(f"ok    {name}", flush=True)
            except Exception as error:  # a case that fails must not hide the next
                self.failures += 1
                print(f"FAIL  {name}: {type(error).__name__} {error}", flush=True)
            return body
        return run

    def end(self, what):
        print(f"{what}: {'ok' if not self.failures else f'{self.failures} failed'}")
        return 1 if self.failures else 0


def refused(status, kind, call):
    """The error of a call that must be refused."""
    try:
        result = call()
    except CkanError as error:
        assert error.status == status and error.type == kind, f"expected {status} {kind}, got {error}"
        assert error.error.get("message"), "a refusal without words"
        return error.error
    raise AssertionError(f"expected {status} {kind}, got {json.dumps(result)[:200]}")
