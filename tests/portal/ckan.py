#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speaks CKAN's Action API to a running portal with the sample city, exactly as ckanapi does.

  ckan.py --base http://127.0.0.1:8080 --password-file sample.log
"""

import argparse
import hashlib
import sys
import urllib.request
import uuid

from ckan_client import Ckan, CkanError, Person, Report, password_of, refused, send

options = argparse.ArgumentParser()
options.add_argument("--base", required=True)
options.add_argument("--password-file", required=True, help="what `wusong-portal sample` printed")
options = options.parse_args()
base = options.base.rstrip("/")
password = password_of(options.password_file)
report = Report()
test = report.test

anyone = Ckan(base)
owner = Person(base, "sti-officer", password)
token = owner.token()
mine = Ckan(base, token)
other = Ckan(base, Person(base, "miit-officer", password).token())
city = Person(base, "city-reviewer", password)
operator = Person(base, "operator", password)
keeper = Ckan(base, operator.token())  # whoever runs the platform may read what it keeps

FIELDS = {"items": "日期,数量", "format": "csv", "sharing": "unconditional", "opening_type": "unconditional",
          "system": "统计系统", "frequency": "monthly"}


def package(**more):
    return {"name": "labs", "title": "开放实验室", "notes": "列出开放的实验室。", "license_id": "CC-BY-4.0",
            "tags": [{"name": "实验室"}], "groups": [{"name": "science"}],
            "extras": [{"key": k, "value": v} for k, v in FIELDS.items()]} | more


# @row 15
@test("small talk: site_read, status_show, help_show")
def _():
    assert anyone.site_read() is True
    assert anyone.status_show()["ckan_version"].startswith("2.")
    assert "id" in anyone.help_show(name="package_show")
    refused(400, "Bad Request", anyone.no_such_action)
    assert Ckan(base, get_only=True).call("package_search", q="*:*", rows=1)["count"] > 0


# @row 15
@test("package_search pages to the empty page and finds what package_list lists")
def _():
    found, start = [], 0
    while True:
        page = anyone.package_search(q="", rows=20, start=start)["results"]
        if not page:
            break
        found += [p["id"] for p in page]
        start += len(page)
    names = anyone.package_list()
    assert len(found) == len(set(found)) == len(names) and set(found) == set(names), (len(found), len(names))
    assert anyone.package_list(limit=3, offset=1) == names[1:4]
    assert anyone.package_list(offset=len(names)) == []
    assert [p["id"] for p in anyone.current_package_list_with_resources(limit=2)] == names[:2]


@test("sort, fq and facets do what they say, or say that they cannot")
def _():
    newest = [p["metadata_modified"] for p in anyone.package_search(sort="metadata_modified desc", rows=50)["results"]]
    oldest = [p["metadata_modified"] for p in anyone.package_search(sort="metadata_modified asc", rows=50)["results"]]
    assert newest == sorted(newest, reverse=True) and oldest == sorted(oldest) and oldest[0] < newest[0]
    ids = [p["id"] for p in anyone.package_search(sort="id asc", rows=50)["results"]]
    assert ids == sorted(ids)
    found = anyone.call("package_search", rows=0, **{"facet.field": ["organization", "tags", "res_format"]})
    assert found["results"] == [] and found["count"] > 0
    organisation, count = max(found["facets"]["organization"].items(), key=lambda one: one[1])
    assert {"name", "display_name", "count"} <= set(found["search_facets"]["organization"]["items"][0])
    only = anyone.package_search(fq=f"organization:{organisation}", rows=100)
    assert only["count"] == count and all(p["owner_org"] == organisation for p in only["results"])
    ordered = anyone.package_search(fq=f"+organization:{organisation} +dataset_type:dataset", sort="id asc", rows=100)
    assert [p["id"] for p in ordered["results"]] == sorted(p["id"] for p in only["results"])
    csv = anyone.package_search(fq_list=[f'organization:"{organisation}"', "res_format:(CSV OR JSON)"], rows=100)
    assert 0 < csv["count"] <= count
    assert anyone.package_search(q="tags:" + max(found["facets"]["tags"]))["count"] > 0
    refused(400, "Search Query Error", lambda: anyone.package_search(fq="author:x"))
    refused(400, "Search Query Error", lambda: anyone.package_search(fq="-organization:3"))
    refused(400, "Search Query Error", lambda: anyone.package_search(fq="metadata_modified:[2024-01-01T00:00:00Z TO *]"))
    refused(400, "Search Query Error", lambda: anyone.package_search(sort="title asc"))
    assert "rows" in refused(409, "Validation Error", lambda: anyone.package_search(rows="many"))


@test("package_show and resource_show give what the page gives; what is not there is not found")
def _():
    found = anyone.package_search(q="", rows=1000)["results"]
    shown = next(p for p in found if p["resources"])
    assert anyone.package_show(id=shown["id"]) == shown
    resource = shown["resources"][0]
    assert anyone.resource_show(id=resource["id"]) == resource
    assert resource["hash"].startswith("sha256:") and resource["url"].startswith(base)
    assert anyone.resource_search(query="hash:" + resource["hash"])["results"] == [resource]
    by_name = anyone.resource_search(query="name:" + resource["name"][:2])
    assert resource["id"] in [r["id"] for r in by_name["results"]]
    assert anyone.resource_search(query="format:" + resource["format"].lower(), limit=1)["count"] >= 1
    refused(400, "Search Query Error", lambda: anyone.resource_search(query="size:1"))
    assert anyone.resource_view_list(id=resource["id"]) == []
    for action in ("package_show", "resource_show", "organization_show", "group_show"):
        refused(404, "Not Found Error", lambda a=action: anyone.call(a, id="0" * 64))
        refused(409, "Validation Error", lambda a=action: anyone.call(a))


@test("organisations, groups, tags and licences")
def _():
    names = anyone.organization_list()
    assert anyone.organization_list(all_fields=True, limit=2)[1]["name"] == names[1]
    assert anyone.organization_list(offset=len(names)) == []
    one = anyone.organization_show(id=names[-1], include_datasets=True)
    assert one["package_count"] == len(one["packages"])
    assert [o["id"] for o in mine.organization_list_for_user()] == ["15"]
    assert anyone.organization_list_for_user() == []
    groups = anyone.group_list(all_fields=True)
    assert anyone.group_show(id=groups[0]["id"]) == groups[0] and groups[0]["package_count"] > 0
    tags = anyone.tag_list()
    assert len(tags) > 50 and anyone.tag_list(query=tags[0])[0] == tags[0]  # every tag, not the usual ones only
    assert {"CC-BY-4.0"} <= {one["id"] for one in anyone.license_list()}


# @row 18
@test("rows and files need the right to them; datastore_search pages to the empty page")
def _():
    found = anyone.package_search(fq="opening_type:unconditional", rows=1000)["results"]
    resource = next(r for p in found for r in p["resources"] if r["format"].lower() == "csv")
    refused(403, "Authorization Error", lambda: anyone.datastore_search(resource_id=resource["id"]))
    assert send(urllib.request.Request(resource["url"]))[0] in (401, 403)
    rows, start = 0, 0
    while True:
        page = keeper.datastore_search(resource_id=resource["id"], limit=500, offset=start)
        if not page["records"]:
            break
        rows += len(page["records"])
        start += len(page["records"])
    assert rows == page["total"] > 0, (rows, page["total"])
    status, _, body = send(urllib.request.Request(resource["url"], headers={"Authorization": keeper.token}))
    assert status == 200 and "sha256:" + hashlib.sha256(body).hexdigest() == resource["hash"]


@test("tokens travel bare in either header, or as Bearer; a wrong one is nobody")
def _():
    for header in ("Authorization", "X-CKAN-API-Key"):
        assert Ckan(base, token, header=header).organization_list_for_user()
    assert Ckan(base, "Bearer " + token, header="Authorization").organization_list_for_user()
    refused(403, "Authorization Error", lambda: Ckan(base, "wrong").package_create(**package()))
    refused(403, "Authorization Error", lambda: anyone.package_create(**package()))
    refused(400, "Bad Request", lambda: Ckan(base, token, get_only=True).call("package_create", name="x"))


draft = {}


# @row 7
@test("package_create makes a draft that its organisation alone sees")
def _():
    wrong = package(extras=[])
    assert set(refused(409, "Validation Error", lambda: mine.package_create(**wrong))) - {"__type", "message", "next"}
    assert "notes" in refused(409, "Validation Error", lambda: mine.package_create(**package(notes="")))
    draft.update(mine.package_create(**package(extras=package()["extras"] + [{"key": "wave", "value": "2"}])))
    assert draft["state"] == "draft" and draft["title"] == "开放实验室" and draft["owner_org"] == "15"
    shown = mine.package_show(id=draft["id"])
    assert {"key": "wave", "value": "2"} in shown["extras"] and shown["license_title"].startswith("Creative")
    refused(404, "Not Found Error", lambda: anyone.package_show(id=draft["id"]))
    refused(404, "Not Found Error", lambda: other.package_patch(id=draft["id"], title="他人"))
    assert draft["id"] not in anyone.package_list()


@test("the same Idempotency-Key creates once")
def _():
    key = uuid.uuid4().hex
    again = [mine.call("package_create", more={"Idempotency-Key": key}, **package()) for _ in range(2)]
    assert again[0]["id"] == again[1]["id"]
    assert mine.package_delete(id=again[0]["id"])["state"] == "deleted"
    assert mine.package_show(id=again[0]["id"])["state"] == "deleted"
    refused(409, "Validation Error", lambda: mine.package_delete(id=again[0]["id"]))


@test("package_patch keeps what is not said, package_update does not")
def _():
    patched = mine.package_patch(id=draft["id"], title="开放实验室名录")
    assert patched["title"] == "开放实验室名录" and patched["notes"] == "列出开放的实验室。"
    assert {"key": "wave", "value": "2"} in patched["extras"]
    shown = mine.package_show(id=draft["id"])
    updated = mine.package_update(**(shown | {"notes": "列出开放的实验室及联系方式。", "tags": []}))
    assert updated["notes"] == "列出开放的实验室及联系方式。" and updated["tags"] == []
    assert "notes" in refused(409, "Validation Error", lambda: mine.package_update(id=draft["id"], title="只有名称"))


csv = "日期,数量\n2024-01-01,3\n2024-02-01,4\n".encode()


# @row 15
@test("resource_create: a file becomes part of the draft, byte for byte")
def _():
    made = mine.call("resource_create", files={"upload": ("labs.csv", csv)}, package_id=draft["id"], name="名录")
    assert made["hash"] == "sha256:" + hashlib.sha256(csv).hexdigest() and made["size"] == len(csv)
    shown = mine.package_show(id=draft["id"])
    assert [r["name"] for r in shown["resources"]] == ["名录"] and shown["resources"][0]["format"] == "csv"
    assert send(urllib.request.Request(made["url"], headers={"Authorization": token}))[2] == csv
    assert send(urllib.request.Request(made["url"]))[0] == 404
    link = mine.resource_create(package_id=draft["id"], name="说明", url="https://labs.example.org/about", format="html")
    assert mine.package_show(id=draft["id"])["num_resources"] == 2
    mine.resource_delete(id=link["id"], package_id=draft["id"])
    assert mine.package_show(id=draft["id"])["num_resources"] == 1
    refused(409, "Validation Error", lambda: mine.resource_create(package_id=draft["id"], url="javascript:alert(1)"))
    refused(409, "Validation Error", lambda: mine.resource_create(name="x", url="https://a.example/"))
    refused(404, "Not Found Error", lambda: other.call("resource_create", files={"upload": ("a.csv", csv)},
                                                       package_id=draft["id"]))
    refused(403, "Authorization Error", lambda: anyone.call("resource_create", files={"upload": ("a.csv", csv)},
                                                            package_id=draft["id"]))


# @row 7 32
@test("nothing of it is public before three reviews; then everybody reads it")
def _():
    opinion = {"reasons": {"zh": "同意"}}
    owner.begin("opening", "classify_unconditional", choice=2, subject="0x" + draft["id"],
                document={"reasons": {"zh": "低风险"}})
    owner.act("0x" + draft["id"], "submit")
    refused(409, "Validation Error", lambda: mine.package_patch(id=draft["id"], title="审核中不可修改"))
    refused(409, "Validation Error", lambda: mine.package_delete(id=draft["id"]))
    city.act("0x" + draft["id"], "pass_district")
    city.act("0x" + draft["id"], "pass_city")
    # The file that went with the draft is gathered without sending it again.
    made = mine.resource_create(package_id=draft["id"], name="名录", hash="sha256:" + hashlib.sha256(csv).hexdigest())
    refused(404, "Not Found Error", lambda: anyone.package_show(id=draft["id"]))
    city.act("0x" + draft["id"], "publish", opinion)
    operator.act("0x" + made["id"], "pass_check", opinion)
    operator.act("0x" + made["id"], "publish")
    shown = anyone.package_show(id=draft["id"])
    assert shown["state"] == "active" and [r["id"] for r in shown["resources"]] == [made["id"]]
    assert draft["id"] in [p["id"] for p in anyone.package_search(q="开放实验室名录")["results"]]


# @row 11
@test("an update of a published entry goes back to review; its deletion is asked for, not done")
def _():
    mine.package_patch(id=draft["id"], title="开放实验室名录（新版）")
    assert anyone.package_show(id=draft["id"])["title"] == "开放实验室名录"
    owner.act("0x" + draft["id"], "submit_update")
    city.act("0x" + draft["id"], "pass_update")
    city.act("0x" + draft["id"], "publish", {"reasons": {"zh": "同意"}})
    assert anyone.package_show(id=draft["id"])["title"] == "开放实验室名录（新版）"
    asked = mine.package_delete(id=draft["id"])
    assert asked["asked_for"] == "retirement" and anyone.package_show(id=draft["id"])["state"] == "active"
    city.act("0x" + draft["id"], "approve_retirement")
    refused(404, "Not Found Error", lambda: anyone.package_show(id=draft["id"]))
    assert draft["id"] not in anyone.package_list()


@test("errors outside an action keep CKAN's envelope")
def _():
    large = {"upload": ("large.bin", b"x" * (9 << 20))}
    try:
        mine.call("resource_create", files=large, package_id=draft["id"])
    except (CkanError, OSError) as error:  # the connection may end before all of it is sent
        assert not isinstance(error, CkanError) or error.status == 413, error
    else:
        raise AssertionError("nine megabytes were taken in one piece")
    status, _, body = send(urllib.request.Request(base + "/api/action/package_show", data=b"{", method="POST",
                                                  headers={"Content-Type": "application/json"}))
    assert status == 400 and b'"__type":"Bad Request"' in body


sys.exit(report.end("ckan"))
