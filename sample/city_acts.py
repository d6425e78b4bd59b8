# SPDX-License-Identifier: Apache-2.0
"""The script of acts: how the catalogue came to be published, and the stories that give the city a past.

A story is a list of steps. Each kind of actor acts on its own day of the week, so that the acts of a day are few runs of one actor."""
import hashlib

import city_stories
from city_people import T

FIRST_STORY_DAY = 7
# Entries that are on their way, and how far they came.
UNDERWAY = {
    "factory-digitalisation": "draft", "notary-fees": "draft", "judicial-expertise": "draft",
    "xiayu-pocket-parks": "district_review", "yanpu-sweeping-schedule": "district_review",
    "nanting-subdistrict-population": "city_review", "cdo-directory": "city_review",
    "solar-wind-resource": "security_review", "robot-density": "security_review",
    "signboard-permits": "returned", "qingping-farmers-markets": "returned",
}
WEEKDAYS = {"user": 0, "operator": 1, "owner": 2, "authority": 3, "other": 4}


def item_digest(key):
    return hashlib.sha256(f"sample/{key}".encode()).hexdigest()


def opinion(zh, en, conclusion=None):
    out = {"kind": "opinion", "reasons": T(zh, en)}
    if conclusion:
        out["conclusion"] = conclusion
    return out


def act(day, actor, workflow, action, item, subject=None, **more):
    unknown = set(more) - {"choice", "marks", "basis", "organisation", "refers_to", "document", "bulk", "needs_clock"}
    assert not unknown, unknown
    out = {"at_day_offset": day, "actor": actor, "workflow": workflow, "action": action, "item": item, "subject": subject,
           "choice": None, "marks": [], "basis": None, "organisation": None, "refers_to": None, "document": None}
    out.update(more)
    return out


class Catalogue:
    """Every entry on its way through compilation, reviews and publication, phase by phase."""

    def __init__(self, entries, actors, ids):
        self.entries = entries
        keys = {ident: key for key, ident in ids.items()}
        self.owner = {}
        for actor in actors:
            if "owner_org" in actor["roles"]:
                self.owner.setdefault(keys[actor["organisation"]], actor["key"])
        self.districts = {entry["organisation_key"]: entry["organisation_key"].rsplit("-", 1)[0] for entry in entries if entry["topic"] == "districts"}

    def owner_of(self, entry):
        return self.owner[entry["organisation_key"]]

    def reviewer_of(self, entry):
        district = self.districts.get(entry["organisation_key"])
        return f"{district}-reviewer" if district else "city-reviewer"

    def reached(self, entry, state):
        order = ["draft", "district_review", "city_review", "security_review", "published"]
        stop = UNDERWAY.get(entry["key"], "published")
        stop = "district_review" if stop == "returned" else stop
        return order.index(stop) >= order.index(state)

    def acts(self):
        by_owner = sorted(self.entries, key=lambda entry: self.owner_of(entry))
        out = []
        for entry in by_owner:
            out += self.compiled(entry)
        for entry in sorted(by_owner, key=self.reviewer_of):
            if self.reached(entry, "city_review"):
                out.append(self.step(2, self.reviewer_of(entry), "pass_district", entry))
        for entry in by_owner:
            if self.reached(entry, "security_review"):
                out.append(self.step(3, "city-reviewer", "pass_city", entry))
        review = opinion("经对汇聚后的开放目录进行安全合规技术审查，未发现融合风险，同意发布。",
                         "The merged catalogue was reviewed for security; no risk from merging was found, and publication is agreed.", "通过 / passed")
        for entry in by_owner:
            if self.reached(entry, "published"):
                out.append(self.step(4, "security-reviewer", "publish", entry, document=review))
        with_files = [entry for entry in by_owner if entry["files"] and self.reached(entry, "published")]
        for entry in with_files:
            out += [act(5, self.owner_of(entry), "resource", "gather", key, f"entry:{entry['key']}", document=document, bulk=True) for key, document in resources(entry)]
        checked = opinion("编码、列名、类型和行数与描述一致，质量规则全部通过。", "Encoding, columns, types and rows agree with the description; every quality rule holds.", "通过 / passed")
        for entry in with_files:
            for key, _ in resources(entry):
                about = f"entry:{entry['key']}"
                out.append(act(6, "operator", "resource", "pass_check", key, about, document=checked, bulk=True))
                out.append(act(6, "operator", "resource", "publish", key, about, refers_to=f"opening:{entry['key']}", bulk=True))
        return out

    @staticmethod
    def step(day, actor, action, entry, **more):
        # Entries that stop on the way are not repetitions, and neither are those that a story needs.
        bulk = {} if entry["key"] in UNDERWAY else {"bulk": True}
        return act(day, actor, "entry", action, f"entry:{entry['key']}", **more, **bulk)

    def compiled(self, entry):
        key, owner, opening = entry["key"], self.owner_of(entry), entry["opening"]
        bulk = {} if key in UNDERWAY else {"bulk": True}
        out = [self.step(0, owner, "compile", entry, document=entry["document"]),
               act(0, owner, "opening", f"classify_{opening['type']}", f"opening:{key}", f"entry:{key}", choice=opening["ground"], document=opening["document"], **bulk)]
        if self.reached(entry, "district_review"):
            out.append(self.step(0, owner, "submit", entry, refers_to=f"opening:{key}"))
        return out


def resources(entry):
    """(item key, document) for each file."""
    for at, file in enumerate(entry["files"]):
        columns = [{k: v for k, v in {"name": c["name"], "type": c["type"], "title": c["title"],
                                      "description": with_unit(c)}.items() if v} for c in file["columns"]]
        document = {"kind": "resource", "name": T(f"{entry['document']['title']['zh']}（{file['format']}）", f"{entry['document']['title']['en']} ({file['format']})"),
                    "format": file["format"], "media_type": file["media_type"], "size": file["size"], "digest": file["digest"], "rows": file["rows"],
                    "columns": columns, "entry": item_digest(f"entry:{entry['key']}"), "deliveries": deliveries(entry), "extra": {"sample": True}}
        yield f"resource:{entry['key']}" + (f"/{at + 1}" if at else ""), document


def with_unit(column):
    """The column's description, or its unit."""
    if "description" in column:
        return column["description"]
    if "unit" in column:
        return T(f"单位：{column['unit']['zh']}", f"Unit: {column['unit']['en']}")
    return None


def deliveries(entry):
    modes = [mode["en"] for mode in entry["document"].get("modes", [])]
    if any("domain" in mode or "Algorithms" in mode for mode in modes):
        return ["secure_domain"]
    if any("interface" in mode for mode in modes):
        return ["api"]
    return ["download"]


def weekday(actor):
    if actor["key"].startswith("user-") or actor["key"] == "auditor":
        return WEEKDAYS["user"]
    if set(actor["roles"]) & {"platform_operator", "secure_operator"}:
        return WEEKDAYS["operator"]
    if "owner_org" in actor["roles"]:
        return WEEKDAYS["owner"]
    if set(actor["roles"]) & {"city_authority", "district_authority"}:
        return WEEKDAYS["authority"]
    return WEEKDAYS["other"]


def scheduled(stories, actors):
    """Days for every step: each actor on its weekday, never before the step before it. `after` names steps of other stories."""
    slots = {actor["key"]: weekday(actor) for actor in actors}
    out, done = [], {}
    for story in stories:
        day, before = FIRST_STORY_DAY + 7 * story["week"], None
        for step in story["steps"]:
            step = dict(step)
            wait = step.pop("after", None)
            day = max(day, done[wait] + 1 if wait else 0, day + 1 if before not in (None, step["actor"]) else 0)
            if step.get("needs_clock"):
                day += step.pop("clock_days", 30)
            day += (slots[step["actor"]] - day) % 7
            before = step["actor"]
            name = step.pop("name", None)
            if name:
                done[name] = day
            out.append((day, step["actor"], len(out), step))
    out.sort(key=lambda one: one[:3])
    return [act(day, **step) for day, _, _, step in out]


def check_needed(entries, acts):
    """Entries that stories use are never cut off with the bulk."""
    used = {word.split(":", 1)[1].split("/")[0] for one in acts for word in (one["subject"], one["refers_to"], one["item"])
            if word and word.split(":")[0] in ("entry", "opening", "resource")}
    return used & {entry["key"] for entry in entries}


def acts(entries, actors, ids, day0):
    stories = city_stories.stories(ids, day0)
    later = scheduled(stories, actors)
    needed = check_needed(entries, later)
    first = Catalogue(entries, actors, ids).acts()
    for one in first:
        about = one["item"] if one["item"].startswith("entry:") else one["subject"] or one["item"]
        if about.split(":", 1)[1].split("/")[0] in needed:
            one.pop("bulk", None)
    first += [act(3, "city-reviewer", "entry", "return", "entry:signboard-permits", document=opinion(
        "目录摘要未说明数据覆盖的时间范围，安全检测日期一列缺少口径说明，请补充后重新提交。",
        "The abstract does not say which period is covered, and the column of safety checks lacks a definition. Please add both and submit again.")),
        act(3, "qingping-reviewer", "entry", "return", "entry:qingping-farmers-markets", document=opinion(
            "茶溪镇两处市场已于上月关停，仍列为营业，请核实后重新提交。", "Two markets in Chaxi closed last month and are still listed as open. Please check and submit again."))]
    first.sort(key=lambda one: one["at_day_offset"])
    return first + later
