# SPDX-License-Identifier: Apache-2.0
"""Checks build/sample: the catalogue's text, the files with their rules, and the acts against the rule pack.

The interpreter follows docs/data-platform.md section 2, "What `act` does, in this order", for whoever acts in the script."""
import csv
import datetime
import hashlib
import io
import json
import os
import re
from collections import Counter

import city_tour
import quality

RELATIONS = ("any", "own", "creator", "party", "parent", "subject_own", "subject_creator", "subject_party")
TOTAL_MAX = 30_000_000


def bilingual_faults(value, where, out):
    """Every {zh, en} has both, in its own writing."""
    if isinstance(value, dict):
        if set(value) == {"zh", "en"}:
            if not value["zh"] or not value["en"]:
                out.append(f"{where}: one language is empty")
            if re.search(r"[\u4e00-\u9fff]", value["en"]):
                out.append(f"{where}: Chinese in the English text: {value['en'][:40]}")
            return
        for key, inner in value.items():
            bilingual_faults(inner, f"{where}.{key}", out)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            bilingual_faults(inner, f"{where}[{at}]", out)
    elif isinstance(value, float):
        out.append(f"{where}: a decimal is a string in a document")


def entry_faults(city):
    faults, titles = [], Counter()
    organisations = {row["id"]: row for row in city["organisations"]}
    for entry in city["entries"]:
        key, document = entry["key"], entry["document"]
        bilingual_faults({k: v for k, v in entry.items() if k != "files"}, key, faults)
        titles[document["title"]["zh"]] += 1
        titles[document["title"]["en"]] += 1
        for language, stops in (("zh", "。"), ("en", ".")):
            text = document["abstract"][language]
            if text.count(stops) < 1 or not text.endswith(stops):
                faults.append(f"{key}: the {language} abstract is no full sentence")
        if document["abstract"]["zh"].count("。") != 2:
            faults.append(f"{key}: the Chinese abstract has {document['abstract']['zh'].count('。')} sentences, not two")
        if document["organisation"] not in organisations or document["organisation"] != entry["organisation"]:
            faults.append(f"{key}: no such organisation")
        conditional = document["opening_type"] == "conditional"
        for member in ("subjects", "conditions", "materials", "scenarios", "modes"):
            if bool(document.get(member)) != conditional:
                faults.append(f"{key}: {member} and the opening type disagree")
        if document["opening_type"] == "closed" and entry["files"]:
            faults.append(f"{key}: a closed entry has files")
    faults += [f"{title}: {count} entries of one title" for title, count in titles.items() if count > 1]
    return faults


def file_faults(entry, home):
    """Digest, size, header, rows, and every rule of the entry's table."""
    faults, table = [], None
    for file in entry["files"]:
        with open(os.path.join(home, file["path"]), "rb") as opened:
            data = opened.read()
        if hashlib.sha256(data).hexdigest() != file["digest"] or len(data) != file["size"]:
            faults.append(f"{file['path']}: digest or size")
        if file["format"] == "CSV":
            reader = csv.DictReader(io.StringIO(data.decode()), strict=True)
            table = list(reader)
            if reader.fieldnames != [column["name"] for column in file["columns"]] or len(table) != file["rows"]:
                faults.append(f"{file['path']}: header or rows")
            faults += [f"{file['path']}: {fault}" for fault in type_faults(table, file["columns"])]
        else:
            features = json.loads(data)["features"]
            if len(features) != file["rows"]:
                faults.append(f"{file['path']}: {len(features)} features")
    for rule in entry["quality_rules"] if table is not None else []:
        holds, found = quality.evaluate(rule, table)
        if not holds:
            faults.append(f"{entry['key']}: rule {rule['name']}: {found}")
    return faults


PATTERNS = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "date": r"\d{4}-\d\d-\d\d", "boolean": "true|false",
            "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00"}


def type_faults(table, columns):
    for column in columns:
        pattern = PATTERNS.get(column["type"])
        if pattern:
            wrong = next((row[column["name"]] for row in table if row[column["name"]] and not re.fullmatch(pattern, row[column["name"]])), None)
            if wrong is not None:
                yield f"{column['name']}: {wrong!r} is no {column['type']}"


class Calendar:
    def __init__(self, folder):
        self.holidays, self.workdays, self.years = set(), set(), set()
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                year = json.load(file)
            self.years.add(year["year"])
            self.holidays |= set(year["holidays"])
            self.workdays |= set(year.get("workdays", year.get("working_weekends", [])))

    def works(self, day):
        if day.isoformat() in self.workdays:
            return True
        return day.weekday() < 5 and day.isoformat() not in self.holidays

    def deadline(self, day, amount, unit):
        """The first day that is too late."""
        if unit == "working_day":
            while amount:
                day += datetime.timedelta(days=1)
                amount -= self.works(day)
        elif unit == "day":
            day += datetime.timedelta(days=amount)
        else:
            month = day.year * 12 + day.month - 1 + amount * (12 if unit == "year" else 1)
            last = (datetime.date((month + 1) // 12, (month + 1) % 12 + 1, 1) - datetime.timedelta(days=1)).day
            day = datetime.date(month // 12, month % 12 + 1, min(day.day, last))
        return day + datetime.timedelta(days=1)


class Refused(Exception):
    pass


class Interpreter:
    """`Workflows` over names instead of numbers."""

    def __init__(self, city, pack, calendar, clock):
        self.clock, self.calendar = clock, calendar
        self.day0 = datetime.date.fromisoformat(city["day0"])
        self.actors = {actor["key"]: actor for actor in city["actors"]}
        self.parents = {row["id"]: row["parent"] for row in city["organisations"]}
        self.numbers = {number["name"]: number for number in pack["numbers"]}
        self.words = {v["name"]: [value["name"] for value in v["values"]] for v in pack["vocabularies"]}
        self.rows, self.items, self.singles = {}, {}, set()
        for workflow in pack["workflows"]:
            for row in workflow["transitions"]:
                for state in row["from"]:
                    self.rows[workflow["name"], row["action"], state] = row

    def play(self, act):
        actor, key = self.actors.get(act["actor"]), act["item"]
        day = self.day0 + datetime.timedelta(days=act["at_day_offset"] if self.clock else 0)
        if actor is None:
            raise Refused("NotAnActor")
        item = self.items.get(key)
        if item and item["workflow"] != act["workflow"]:
            raise Refused(f"NoSuchTransition: {key} is a {item['workflow']}")
        row = self.rows.get((act["workflow"], act["action"], item["state"] if item else "none"))
        if row is None:
            raise Refused(f"NoSuchTransition from {item['state'] if item else 'none'}")
        if not set(actor["roles"]) & set(row["roles"]):
            raise Refused(f"WrongRole: {row['roles']}")
        subject = self.subject(act, item, row)
        if bool(act["organisation"]) != (item is None and row["organisation"] == "named"):
            raise Refused("OrganisationInvalid")
        organisation = self.organisation(act, actor, item, row, subject)
        self.relation(row["relation"], actor, item, subject, organisation)
        self.reference(act, key, item, row, act["subject"] if item is None else item["subject"])
        self.fields(act, row, item, day)
        self.write(act, row, actor, item, subject, organisation, day)

    def subject(self, act, item, row):
        if item and act["subject"] not in (None, item["subject"]):
            raise Refused("SubjectInvalid: a later act may only repeat its item's")
        key = item["subject"] if item else act["subject"]
        subject = self.items.get(key) if key else None
        if key and subject is None:
            raise Refused(f"SubjectInvalid: no item {key}")
        wanted = row["subject"]
        if wanted and (subject is None or subject["workflow"] != wanted["workflow"] or subject["state"] not in wanted["states"]):
            raise Refused(f"SubjectInvalid: {key} is {subject and subject['state']}, not {wanted}")
        if item is None and row.get("single"):
            if (act["workflow"], key) in self.singles:
                raise Refused("a second item of a single workflow")
            self.singles.add((act["workflow"], key))
        return subject

    @staticmethod
    def organisation(act, actor, item, row, subject):
        if item:
            return item["organisation"]
        return {"actor": actor["organisation"], "named": act["organisation"], "subject": subject["organisation"] if subject else 0}.get(row["organisation"], 0)

    def relation(self, relation, actor, item, subject, organisation):
        own, key = actor["organisation"], actor["key"]
        holds = {
            "any": True, "own": own != 0 and own == organisation, "parent": own != 0 and own == self.parents.get(organisation, 0),
            "creator": item is not None and item["creator"] == key, "party": item is not None and item["party"] == key,
            "subject_own": subject is not None and own != 0 and own == subject["organisation"],
            "subject_creator": subject is not None and subject["creator"] == key, "subject_party": subject is not None and subject["party"] == key}[relation]
        if not holds:
            raise Refused(f"WrongRelation: {relation}")

    def reference(self, act, key, item, row, subject):
        wanted, given = row["refers_to"], act["refers_to"]
        if not wanted:
            if given:
                raise Refused("ReferenceInvalid: none is wanted")
            return
        other = self.items.get(given)
        if other is None or other["workflow"] != wanted["workflow"] or other["state"] not in wanted["states"]:
            raise Refused(f"ReferenceInvalid: {given} is {other and other['state']}")
        tie = {"any": True, "same_subject": subject is not None and other["subject"] == subject, "this_item": other["subject"] == key}[wanted["tie"]]
        if not tie:
            raise Refused(f"ReferenceInvalid: {wanted['tie']}")

    def fields(self, act, row, item, day):
        if row["choice"] and act["choice"] not in self.words[row["choice"]] or not row["choice"] and act["choice"]:
            raise Refused(f"ChoiceInvalid: {act['choice']} in {row['choice']}")
        marks, all_marks = set(act["marks"]), set(self.words[row["marks"]]) if row["marks"] else set()
        if (not marks or not marks <= all_marks) if row["marks_any"] else marks != all_marks:
            raise Refused("MarksMissing")
        for need in row["needs"]:
            deadline = item["deadline"] if item else None
            if need in ("document", "basis") and not act[need]:
                raise Refused(f"{need} missing")
            if need == "overdue" and (deadline is None or day < deadline):
                raise Refused(f"NotOverdue: {deadline}")
            if need == "in_time" and deadline is not None and day >= deadline:
                raise Refused(f"Overdue: {deadline}")
        if "overdue" in row["needs"] and not act.get("needs_clock"):
            raise Refused("a step that needs a passed deadline is not marked needs_clock")

    def write(self, act, row, actor, item, subject, organisation, day):
        if item is None:
            party = {"actor": actor["key"], "subject_creator": subject and subject["creator"], "subject_party": subject and subject["party"]}.get(row["party"])
            item = self.items[act["item"]] = {"workflow": act["workflow"], "creator": actor["key"], "organisation": organisation, "subject": act["subject"],
                                              "party": party, "deadline": None}
        item["state"] = row["to"]
        if row["clock"] == "stop":
            item["deadline"] = None
        elif row["clock"]:
            number = self.numbers[row["clock"]]
            item["deadline"] = self.calendar.deadline(day, number["value"], number["unit"])


def act_faults(city, pack, calendar, clock):
    """What the contract would refuse; with `clock` false everything happens at once and steps that need a clock are left out."""
    machine, faults, day = Interpreter(city, pack, calendar, clock), [], 0
    for at, act in enumerate(city["acts"]):
        if act["at_day_offset"] < day:
            faults.append(f"act {at}: before the one before it")
        day = act["at_day_offset"]
        if act.get("needs_clock") and not clock:
            continue
        try:
            machine.play(act)
        except Refused as refused:
            faults.append(f"act {at} (day {day}): {act['actor']} {act['workflow']}.{act['action']} {act['item']}: {refused}")
    return faults, machine


def bulk_faults(city):
    """Cutting every bulk act leaves no act without its items."""
    known, faults = set(), []
    for act in city["acts"]:
        if act.get("bulk"):
            continue
        new = act["item"] not in known
        for key in [act["subject"], act["refers_to"]]:
            if key and key not in known:
                faults.append(f"{act['workflow']}.{act['action']} {act['item']}: {key} is cut with the bulk")
        if new and act["action"] not in FIRST_ACTIONS[act["workflow"]]:
            faults.append(f"{act['workflow']}.{act['action']} {act['item']}: its first step is cut with the bulk")
        known.add(act["item"])
    return faults


FIRST_ACTIONS = {}


def tour_faults(city, tour, machine, home):
    """Every act of the tour is possible after the city's, leads where the tour says, and tour.md says the same."""
    faults = []
    bilingual_faults(tour, "tour", faults)
    for step in tour["steps"]:
        if step["actor"] and step["actor"] not in machine.actors:
            faults.append(f"step {step['number']}: no actor {step['actor']}")
        try:
            if step["act"]:
                machine.play(step["act"])
                if machine.items[step["act"]["item"]]["state"] != step["state"]:
                    faults.append(f"step {step['number']}: {machine.items[step['act']['item']]['state']}, not {step['state']}")
        except Refused as refused:
            faults.append(f"step {step['number']}: {refused}")
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "tour.md"), encoding="utf-8") as file:
        if file.read() != city_tour.markdown({row["key"]: row["id"] for row in city["organisations"]}):
            faults.append("tour.md is not what city_tour.py writes")
    if not os.path.exists(os.path.join(home, tour["file"])):
        faults.append(f"no {tour['file']}")
    return faults


def act_document_faults(city):
    faults = []
    for at, act in enumerate(city["acts"]):
        if act["document"]:
            bilingual_faults(act["document"], f"act {at} {act['item']}", faults)
        if act["basis"]:
            bilingual_faults(act["basis"], f"act {at} {act['item']}", faults)
    return faults


def check(path, rules, report):
    with open(path, encoding="utf-8") as file:
        city = json.load(file)
    home = os.path.dirname(path)
    types = Counter(entry["document"]["opening_type"] for entry in city["entries"])
    report(f"catalogue: {len(city['entries'])} entries, {dict(types)}", entry_faults(city))
    files = [file for entry in city["entries"] for file in entry["files"]]
    total = sum(file["size"] for file in files)
    faults = [fault for entry in city["entries"] for fault in file_faults(entry, home)]
    if total > TOTAL_MAX:
        faults.append(f"{total} bytes are more than {TOTAL_MAX}")
    report(f"files: {len(files)}, {total / 1e6:.1f} MB, {sum(len(e['quality_rules']) for e in city['entries'])} rules", faults)
    report("documents of the acts are bilingual", act_document_faults(city))
    if not os.path.exists(rules):
        print(f"skip acts: no {rules}")
        return
    with open(rules, encoding="utf-8") as file:
        pack = json.load(file)
    for workflow in pack["workflows"]:
        FIRST_ACTIONS[workflow["name"]] = {row["action"] for row in workflow["transitions"] if "none" in row["from"]}
    roles = {role["name"] for role in pack["roles"]}
    report("roles are the pack's", [f"{a['key']}: {r}" for a in city["actors"] for r in a["roles"] if r not in roles])
    calendar = Calendar(os.path.join(os.path.dirname(rules), "calendar"))
    for clock, what in ((True, "day by day"), (False, "all at once")):
        faults, machine = act_faults(city, pack, calendar, clock)
        report(f"acts {what}: {len(city['acts'])} acts, {len(machine.items)} items", faults)
    report("acts without the bulk", bulk_faults(city))
    with open(os.path.join(home, "tour.json"), encoding="utf-8") as file:
        report("tour", tour_faults(city, json.load(file), machine, home))
    used = {act["workflow"] for act in city["acts"]}
    report("every workflow is used", sorted({w["name"] for w in pack["workflows"]} - used))
    # The checker itself must notice a forged step.
    forged = dict(city, acts=[dict(act) for act in city["acts"]])
    for act in forged["acts"]:
        if act["workflow"] == "application" and act["action"] == "approve":
            act["actor"] = "user-company"
            break
    report("self-test: a forged approval is refused", [] if any("WrongRole" in f for f in act_faults(forged, pack, calendar, True)[0]) else ["it passed"])
