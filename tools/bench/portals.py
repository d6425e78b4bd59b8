# SPDX-License-Identifier: Apache-2.0
"""What the portal suite stands on: a portal, a PostgreSQL server, a client that counts, and Xapian as a peer."""

import contextlib
import http.client
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

import chains
from chains import ROOT, note

PORTAL = ROOT / "build/bin/wusong-portal"
FILL = ROOT / "build/bin/wusong_portal_load"
AUDITOR = {"name": "bench-auditor", "password": "measured-not-secret"}


def run(*words, **options):
    out = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    if out.returncode != 0:
        raise SystemExit(f"{pathlib.Path(str(words[0])).name} failed: {out.stderr or out.stdout}")
    return out.stdout


def settings(folder, port, node, database):
    """Writes a portal's settings; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "portal.toml"
    file.write_text(f'''folder = "."
listen = "127.0.0.1:{port}"
node = "{node}"
database = "{database}"
blobs = "blobs"
rules = "{ROOT}/contracts/rules"
contracts = "{ROOT}/build/contracts"
rate_factor = 1000000.0
quick_passwords = true
''', encoding="utf-8")
    return file


class Postgres:
    """A server of this run's own over a socket; the data may stay. PostgreSQL refuses to run as root."""

    def __init__(self, data):
        self.programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        self.data = data
        self.socket = tempfile.mkdtemp(prefix="wusong-pg-")
        self.before = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self.before = ["runuser", "-u", "postgres", "--"]
            os.chown(self.socket, user.pw_uid, user.pw_gid)
        if not (data / "PG_VERSION").exists():
            data.mkdir(parents=True, exist_ok=True)
            if self.before:
                os.chown(data, user.pw_uid, user.pw_gid)
            self.call("initdb", "-D", data, "-A", "trust", "-U", "wusong", "-E", "UTF8", "--locale=C.UTF-8",
                      "--no-instructions", "--no-sync")

    def call(self, program, *words):
        run(*self.before, self.programs / program, *words, cwd="/")

    def __enter__(self):
        self.call("pg_ctl", "-D", self.data, "-w", "-t", "120", "-l", f"{self.socket}/log", "-o",
                  f"-k {self.socket} -c listen_addresses='' -c shared_buffers=512MB -c max_wal_size=4GB", "start")
        return self

    def __exit__(self, *_):
        self.call("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")
        shutil.rmtree(self.socket, ignore_errors=True)

    def connection(self, database="postgres"):
        return f"host={self.socket} user=wusong dbname={database}"

    def fresh(self, database):
        """A new database in the place of any of this name."""
        for text in (f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}"):
            run(self.programs / "psql", "-q", "-d", self.connection(), "-c", text)
        return self.connection(database)

    def pids(self):
        first = (self.data / "postmaster.pid").read_text(encoding="ascii").split()[0]
        children = subprocess.run(["pgrep", "-P", first], capture_output=True, text=True, check=False).stdout
        return [first, *children.split()]


def cpu_seconds(pids):
    """Of these processes and of those they have outlived: a server's workers come and go."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1]
            total += sum(int(n) for n in fields.split()[11:15]) / ticks
    return total


class Client:
    """One connection that stays open; keeps how long each answer took."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.headers = {"Accept-Language": "zh"}

    def ask(self, method, path, body=None, headers=None):
        """Milliseconds, and the answer."""
        begun = time.perf_counter()
        self.connection.request(method, path, body, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.headers["Cookie"] = value.split(";")[0]
        return took, text

    def post(self, path, value):
        return json.loads(self.ask("POST", path, json.dumps(value), {"Content-Type": "application/json"})[1])

    def sign_in(self):
        self.headers["X-CSRF-Token"] = self.post("/api/v1/login", AUDITOR)["csrf"]


@contextlib.contextmanager
def portal(config, port):
    """A running portal; gives its process."""
    log = open(config.parent / "run.log", "w", encoding="utf-8")
    process = subprocess.Popen([PORTAL, "run", "--config", config], stdout=log, stderr=log)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", "/api/v1/health")
                if connection.getresponse().status == 200:
                    break
            if process.poll() is not None:
                raise SystemExit("the portal ended: " + (config.parent / "run.log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait()
        log.close()


def resident_mb(pid):
    """The most the process has had resident."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


@contextlib.contextmanager
def nginx(folder):
    """nginx with WebDAV's PUT into a folder; gives its port."""
    port = chains.free_port()
    (folder / "files").mkdir(parents=True)
    who = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(f'''{who} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_max_body_size 0;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/files; dav_methods PUT; }} }} }}
''', encoding="utf-8")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


class Xapian:
    """The same texts in Xapian: Chinese by pairs of characters, facets counted among 1,000 matches, in this process."""

    FACETS = ["topic", "organisation", "opening_type", "format", "frequency", "tag"]

    def __init__(self, folder, projection):
        import xapian  # Debian's python3-xapian
        self.xapian = xapian
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            note("Xapian indexes the same texts …")
            self.fill(folder, projection)
            (folder / "done").touch()
        self.database = xapian.Database(str(folder))

    def fill(self, folder, projection):
        import sqlite3
        xapian = self.xapian
        out = xapian.WritableDatabase(str(folder), xapian.DB_CREATE)
        generator = xapian.TermGenerator()
        generator.set_flags(generator.FLAG_CJK_NGRAM)
        rows = sqlite3.connect(f"file:{projection}?mode=ro", uri=True).execute(
            "SELECT body, facets FROM entries WHERE listed = 1 ORDER BY number")
        for count, (body, facets) in enumerate(rows, 1):
            entry = json.loads(body)
            document = xapian.Document()
            generator.set_document(document)
            for member, weight in (("title", 5), ("abstract", 1), ("system", 1)):
                for text in entry[member].values():
                    generator.index_text(text, weight)
            for text in [item["zh"] for item in entry["items"]] + entry["keywords"]:
                generator.index_text(text)
            for line in facets.split():
                name, value = line.split("=", 1)
                document.add_value(self.FACETS.index(name), value)
                document.add_boolean_term(f"X{name}:{value}")
            document.set_data(body)
            out.add_document(document)
            if count % 20_000 == 0:
                out.commit()
        out.commit()
        out.close()

    def ask(self, query):
        """Milliseconds of one query of the mix."""
        xapian = self.xapian
        begun = time.perf_counter()
        parser = xapian.QueryParser()
        parser.set_database(self.database)
        parser.set_default_op(xapian.Query.OP_AND)
        parsed = parser.parse_query(query["q"], parser.FLAG_CJK_NGRAM) if "q" in query else xapian.Query("")
        for name in self.FACETS:
            if name in query:
                parsed = xapian.Query(xapian.Query.OP_FILTER, parsed, xapian.Query(f"X{name}:{query[name]}"))
        enquire = xapian.Enquire(self.database)
        enquire.set_query(parsed)
        spies = [xapian.ValueCountMatchSpy(i) for i in range(len(self.FACETS))]
        for spy in spies:
            enquire.add_matchspy(spy)
        first = (query.get("page", 1) - 1) * 20
        found = [json.loads(match.document.get_data()) for match in enquire.get_mset(first, 20, 1000)]
        counted = [[(value.term, value.termfreq) for value in spy.top_values(50)] for spy in spies]
        assert len(found) <= 20 and len(counted) == len(spies)
        return (time.perf_counter() - begun) * 1000
