# SPDX-License-Identifier: Apache-2.0
"""Uploads and acts while the disk of the files is full: a clear refusal, nothing half there.

  disk_full.py --base URL --folder FOLDER_OF_FILES    (a small file system of its own)
"""

import argparse
import os
import sys

from portal_api import Client, chance_of, sha256


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(answer):
    error = answer.json()["error"]
    check(answer.status == 507 and error["code"] == "disk_full", answer)
    check(error["message"]["zh"] and error["message"]["en"] and error["next"]["en"], answer)


def run(base, folder):
    chance = chance_of(os.urandom(8))
    client = Client(base, 60)
    answer = client.register(f"disk{chance.randrange(10**9)}", chance)
    check(answer.status == 200, answer)
    kept = os.urandom(100_000)
    check(client.upload(kept).status == 200, "an upload while there is room")
    blobs = blobs_in(folder)
    items = total(client)
    # Less stays free than the portal leaves to others.
    room = os.statvfs(folder)
    with open(os.path.join(folder, "ballast"), "wb") as out:
        out.write(bytes(max(0, room.f_bavail * room.f_frsize - (100 << 20))))
    refused(client.upload(os.urandom(20_000_000), "large.csv"))
    refused(client.demand("a demand without room for its document", "disk-full"))
    check(blobs_in(folder) == blobs, "a blob more is there")
    check(total(client) == items, "a case more is there")
    entries = client.ask("GET", "/api/v1/outbox").json()["entries"]
    check(not [e for e in entries if "demand" in e["about"]], f"an act was accepted: {entries}")
    got = client.ask("GET", "/api/v1/files/" + sha256(kept))
    check(got.status == 200 and got.body == kept, "what was there before is not readable")
    check(client.ask("GET", "/", headers={"Accept": "text/html"}).status == 200, "no page")
    os.remove(os.path.join(folder, "ballast"))
    done = client.demand("a demand without room for its document", "disk-full")
    check(done.status in (200, 202), f"with room again: {done}")
    check(client.upload(os.urandom(1_000_000)).status == 200, "no upload with room again")


def blobs_in(folder):
    return sorted(name for _, _, names in os.walk(os.path.join(folder, "blobs")) for name in names)


def total(client):
    return client.ask("GET", "/api/v1/items?workflow=demand&mine=1").json()["total"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--folder", required=True)
    arguments = parser.parse_args()
    try:
        run(arguments.base, arguments.folder)
    except AssertionError as error:
        print(f"FAIL  disk full: {error}")
        return 1
    print("ok    disk full/refused with a reason, nothing half there, reads go on, and with room again it goes on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
