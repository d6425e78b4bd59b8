#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Harvests from and into a small strict CKAN, and from the portal itself as the other side.

  harvest.py --base http://127.0.0.1:8080 --config portal.toml --password-file sample.log
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

from ckan_client import Ckan, Person, Report, password_of
from ckan_server import CkanServer, cut, failing, redirect, slow

options = argparse.ArgumentParser()
options.add_argument("--base", required=True)
options.add_argument("--config", required=True)
options.add_argument("--password-file", required=True)
options.add_argument("--portal", default="build/bin/wusong-portal")
options = options.parse_args()
base, config = options.base.rstrip("/"), pathlib.Path(options.config)
password = password_of(options.password_file)
report = Report()
test = report.test

owner = Person(base, "edu-officer", password)  # organisation 14
city = Person(base, "city-reviewer", password)
anyone, mine = Ckan(base), Ckan(base, owner.token())
settings = config.read_text(encoding="utf-8")


def secret(name, text, mode=0o600):
    path = config.parent / name
    path.unlink(missing_ok=True)
    path.write_text(text + "\n")
    path.chmod(mode)
    return name


def configure(*sources):
    """A settings file of its own, beside the portal's."""
    path = config.parent / "harvest.toml"
    path.write_text(settings + "".join("\n[[harvest]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in s.items())
                                       for s in sources), encoding="utf-8")
    return path


def harvest(direction, *more, ok=True, **source):
    file = configure({"direction": direction} | source)
    ran = subprocess.run([options.portal, "harvest", direction, source["url"], "--json", "--config", str(file), *more],
                         capture_output=True, text=True, timeout=300, check=False)
    assert (ran.returncode == 0) == ok, f"exit {ran.returncode}: {ran.stdout} {ran.stderr}"
    return json.loads(ran.stdout) if ran.stdout else ran.stderr


def counts(said):
    return {k: said[k] for k in ("created", "updated", "unchanged", "deleted", "refused") if said[k]}


own_token = secret("own.token", mine.token)
their = CkanServer()
FROM = {"url": their.base, "token_file": own_token}


def drafts():
    """Entries of the organisation that came from there, by foreign name."""
    found = {}
    items, page = [], 0
    while page == 0 or len(items) == page * 100:
        page += 1
        items += owner.ask("GET", f"/api/v1/items?workflow=entry&organisation=14&page_size=100&page={page}")["items"]
    for item in items:
        package = mine.package_show(id=item["id"].removeprefix("0x"))
        extras = {e["key"]: e["value"] for e in package["extras"]}
        if extras.get("harvest_source") == their.base:
            found.setdefault(extras["harvest_url"].rsplit("/", 1)[-1], []).append(package)
    return found


# @row 7
@test("what comes is a draft of the token's organisation, with where it comes from")
def _():
    for i in range(7):
        their.put(f"set-{i}", f"Set {i}")
    their.put("hidden", "Hidden", private=True)
    dry = harvest("from", "--dry-run", **FROM)
    assert counts(dry) == {"created": 7} and not drafts(), dry
    said = harvest("from", **FROM)
    assert counts(said) == {"created": 7} and said["complete"], said
    found = drafts()
    assert set(found) == {f"set-{i}" for i in range(7)} and all(len(p) == 1 for p in found.values())
    one = found["set-3"][0]
    assert one["state"] == "draft" and one["owner_org"] == "14" and one["title"] == "Set 3"
    assert one["resources"][0]["url"] == "https://files.example.org/set-3.csv"
    assert not [p for p in anyone.package_list() if p == one["id"]], "a harvest skipped the reviews"


@test("the same again does nothing; what changed is revised; what vanished is withdrawn")
def _():
    assert counts(harvest("from", "--full", **FROM)) == {"unchanged": 7}
    their.put("set-1", "Set 1, second edition")
    del their.packages["set-2"]
    their.packages["set-4"]["state"] = "deleted"
    their.put("set-7", "Set 7")
    their.calls.clear()
    said = harvest("from", **FROM)
    assert counts(said) | {"unchanged": 0} == {"created": 1, "updated": 1, "deleted": 2, "unchanged": 0}, said
    found = drafts()
    assert found["set-1"][0]["title"] == "Set 1, second edition" and len(found["set-1"]) == 1
    assert found["set-2"][0]["state"] == "deleted" and found["set-4"][0]["state"] == "deleted"
    their.put("set-2", "Set 2 is back")
    assert counts(harvest("from", **FROM)).get("created") == 1
    assert sorted(p["state"] for p in drafts()["set-2"]) == ["deleted", "draft"]


# @row 7 11
@test("an entry under review waits, a published one is updated and retired by its reviewers")
def _():
    entry = drafts()["set-0"][0]["id"]
    owner.begin("opening", "classify_unconditional", choice=2, subject="0x" + entry,
                document={"reasons": {"zh": "低风险"}})
    owner.act("0x" + entry, "submit")
    their.put("set-0", "Set 0 changed")
    assert counts(harvest("from", ok=False, **FROM))["refused"] == 1
    city.act("0x" + entry, "pass_district")
    city.act("0x" + entry, "pass_city")
    city.act("0x" + entry, "publish", {"reasons": {"zh": "同意"}})
    assert anyone.package_show(id=entry)["title"] == "Set 0"
    assert counts(harvest("from", **FROM)).get("updated") == 1  # what waited
    assert anyone.package_show(id=entry)["title"] == "Set 0", "an update skipped the reviews"
    owner.act("0x" + entry, "submit_update")
    city.act("0x" + entry, "pass_update")
    city.act("0x" + entry, "publish", {"reasons": {"zh": "同意"}})
    assert anyone.package_show(id=entry)["title"] == "Set 0 changed"
    del their.packages["set-0"]
    assert counts(harvest("from", **FROM)).get("deleted") == 1
    assert anyone.package_show(id=entry)["state"] == "active"  # asked for, not done
    city.act("0x" + entry, "approve_retirement")
    assert entry not in anyone.package_list()


@test("faults of the source end a run with their reason, or are tried again; nothing is lost or doubled")
def _():
    their.put("set-8", "Set 8")
    their.trouble = {"package_search": failing(2), "package_list": cut(1)}
    assert counts(harvest("from", **FROM)).get("created") == 1
    their.trouble = {"package_search": lambda *_: {"count": 9, "results": [their.packages["set-8"]]}}
    said = harvest("from", "--full", ok=False, **FROM)
    assert "repeats its pages" in said["stopped"] and not said["complete"], said
    their.trouble = {"package_search": redirect}
    assert "redirect" in harvest("from", ok=False, **FROM)["stopped"]
    their.trouble = {"package_search": failing(99)}
    assert "package_search" in harvest("from", ok=False, **FROM)["stopped"]
    their.trouble = {}
    assert len(drafts()["set-8"]) == 1 and counts(harvest("from", "--full", **FROM)).keys() == {"unchanged"}


@test("a source that lost everything empties nothing")
def _():
    for i in range(30):
        their.put(f"many-{i}", f"Many {i}")
    assert counts(harvest("from", **FROM))["created"] == 30
    kept, their.packages = their.packages, {}
    said = harvest("from", ok=False, **FROM)
    assert "vanished at once" in said["stopped"] and not said["deleted"], said
    their.packages = kept


@test("a run that is killed goes on where it was")
def _():
    for i in range(12):
        their.put(f"late-{i}", f"Late {i}")
    their.trouble = {}
    file = configure({"direction": "from"} | FROM)
    before = len(drafts())
    child = subprocess.Popen([options.portal, "harvest", "from", "--config", str(file)], stdout=subprocess.DEVNULL)
    for _ in range(600):
        if len(drafts()) > before + 2 or child.poll() is not None:
            break
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    said = harvest("from", **FROM)
    assert said["complete"], said
    found = {name: packages for name, packages in drafts().items() if name.startswith("late-")}
    assert len(found) == 12 and all(len(p) == 1 for p in found.values()), "lost or doubled"


@test("only what the settings name is asked, and names that lead inside are refused")
def _():
    file = configure({"direction": "from"} | FROM)
    ran = subprocess.run([options.portal, "harvest", "from", "http://169.254.169.254", "--config", str(file)],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 2 and "[[harvest]]" in ran.stderr, ran.stderr
    inside = os.uname().nodename  # a name, and it leads to this machine
    said = harvest("from", ok=False, url=f"https://{inside}:1", token_file=own_token)
    assert "private network" in str(said) or "no host" in str(said), said
    said = harvest("from", ok=False, url="http://ckan.example.org", token_file=own_token)
    assert "would show the token to the network" in said, said
    loose = secret("loose.token", "x", 0o644)
    assert "chmod 600" in harvest("from", ok=False, url=their.base, token_file=loose)


def forget():
    """What was written into others is remembered no more."""
    with contextlib.closing(sqlite3.connect(config.parent / "portal" / "portal.sqlite", timeout=30)) as db:
        db.execute("DELETE FROM harvest_records WHERE source LIKE 'into %'")
        db.execute("DELETE FROM harvest_marks WHERE source LIKE 'into %'")
        db.commit()


theirs = CkanServer()
INTO = {"url": theirs.base, "token_file": secret("their.token", theirs.token), "organisation": "city"}


@test("ours go into a CKAN once, changes follow, and what is retired goes")
def _():
    total = len(anyone.package_list())
    assert counts(harvest("into", "--dry-run", **INTO)) == {"created": total} and not theirs.packages
    said = harvest("into", **INTO)
    assert counts(said) == {"created": total} and len(theirs.packages) == total, said
    one = anyone.package_search(q="", rows=1)["results"][0]
    copy = theirs.packages["wusong-" + one["id"][:40]]
    assert copy["title"] == one["title"] and copy["owner_org"] == "city"
    assert {e["key"]: e["value"] for e in copy["extras"]}["harvest_id"] == one["id"]
    assert [r["url"] for r in copy["resources"]] == [r["url"] for r in one["resources"]]
    assert counts(harvest("into", "--full", **INTO)) == {"unchanged": total}


@test("copies are found by their name when nothing is remembered; a stranger's are left alone")
def _():
    forget()
    first = next(iter(theirs.packages.values()))
    first["extras"] = []  # as if somebody else had taken the name
    said = harvest("into", ok=False, **INTO)
    assert said["refused"] == 1 and said["created"] == len(theirs.packages) - 1, said
    assert len(theirs.packages) == len(anyone.package_list())


@test("a target that fails is tried again next time")
def _():
    forget()
    theirs.packages.clear()
    theirs.trouble = {"package_create": failing(3)}
    said = harvest("into", ok=False, **INTO)
    assert said["refused"] == 3 and said["created"] == len(theirs.packages), said
    theirs.trouble = {}
    assert counts(harvest("into", **INTO))["created"] == 3
    assert len(theirs.packages) == len(anyone.package_list())


@test("the portal is the other side of itself: its records come back as drafts, once")
def _():
    source = {"url": base, "token_file": own_token}
    total = len(anyone.package_list())
    said = harvest("from", **source)
    assert counts(said) == {"created": total}, said
    assert counts(harvest("from", "--full", **source)) == {"unchanged": total}
    assert len(anyone.package_list()) == total


@test("a slow source is waited for, within limits")
def _():
    their.trouble = {"package_search": slow(2)}
    began = time.monotonic()
    assert harvest("from", **FROM)["complete"] and time.monotonic() - began > 2
    their.trouble = {}


sys.exit(report.end("harvest"))
