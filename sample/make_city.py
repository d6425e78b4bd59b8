#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the sample city: build/sample/city.json and build/sample/files/*. See README.md.

  python3 sample/make_city.py [--seed 1] [--day0 2026-01-05] [--out build/sample]
"""
import argparse
import datetime
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import city_acts  # noqa: E402
import city_catalogue  # noqa: E402
import city_files  # noqa: E402
import city_people  # noqa: E402
import city_tour  # noqa: E402

BULLETINS = ("electronics-manufacturing-2023-08", "internet-services-2023-08")


def bulletin_entry(name, ids):
    """A bulletin as an entry of the city's industry bureau: listed as an example, with its own rules."""
    with open(f"{HERE}/bulletins/{name}.json", encoding="utf-8") as file:
        descriptor = json.load(file)
    document = dict(descriptor["document"])
    fields = [{k: column[k] for k in ("name", "type", "title", "description")} for column in descriptor["columns"]]
    document.update({"organisation": ids["miit"], "items": [column["title"] for column in descriptor["columns"]],
                     "licence": "事实信息，引用注明来源 / Facts; name the source", "format": ["CSV"],
                     "contact": "市工业和信息化局 / Industry and IT · miit-data@chenglan.example",
                     "keywords": [word for pair in document["keywords"] for word in (pair["zh"], pair["en"])],
                     "extra": {"sample": True, "note": descriptor["note"], "origin": descriptor["origin"], "fields": fields}})
    for member in ("subjects", "conditions", "materials", "scenarios", "modes"):
        document.pop(member, None)
    with open(f"{HERE}/bulletins/{name}.csv", "rb") as file:
        data = file.read()
    described = city_files.described(f"{name}.csv", "CSV", "text/csv", data, data.count(b"\n") - 1)
    described["columns"] = fields
    opening = {"type": "unconditional", "ground": "already_public",
               "document": {"kind": "opening", "reasons": city_catalogue.REASONS["already_public"], "grade": "1"}}
    entry = {"key": name, "organisation": ids["miit"], "organisation_key": "miit", "topic": "industry", "document": document, "opening": opening,
             "files": [described], "quality_rules": descriptor["quality_rules"]}
    return entry, [(f"{name}.csv", data)]


def with_rules(entry):
    """The entry document carries its rules as canonical texts, so that they are covered by its digest."""
    if entry["quality_rules"]:
        entry["document"]["quality_rules"] = [json.dumps(rule, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for rule in entry["quality_rules"]]


def build(seed, day0):
    """(city.json, tour.json as objects, [(file name, bytes)])."""
    organisations, ids = city_people.organisations()
    shorts = {row["key"]: row["short"] for row in organisations}
    entries, files = city_catalogue.entries(ids, shorts), []
    for entry in entries:
        for name, format_name, media_type, data, rows in city_files.files_of(entry, seed):
            described = city_files.described(name, format_name, media_type, data, rows)
            described["columns"] = [column for column, _ in entry["columns"]]
            entry["files"].append(described)
            files.append((name, data))
        entry["quality_rules"] = city_files.quality_rules(entry)
        for member in ("columns", "file", "formats"):
            del entry[member]
    for name in BULLETINS:
        entry, data = bulletin_entry(name, ids)
        entries.append(entry)
        files += data
    for entry in entries:
        with_rules(entry)
    actors = city_people.actors(ids)
    city = {"sample": True, "version": 1, "seed": seed, "banner": city_people.BANNER, "city": city_people.CITY, "day0": day0.isoformat(),
            "rule_pack": "sz-2023-draft", "topics": [{"name": n, "title": city_people.T(zh, en)} for n, zh, en in city_people.TOPICS],
            "organisations": organisations, "actors": actors, "entries": entries,
            "acts": city_acts.acts(entries, actors, ids, day0)}
    tour, more = city_tour.tour(ids, day0, seed)
    return city, tour, files + more


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--day0", type=datetime.date.fromisoformat, default=datetime.date(2026, 1, 5), help="the day of the first act; agreements and grants are dated from it")
    parser.add_argument("--out", default=f"{ROOT}/build/sample")
    options = parser.parse_args()
    city, tour, files = build(options.seed, options.day0)
    shutil.rmtree(f"{options.out}/files", ignore_errors=True)
    os.makedirs(f"{options.out}/files")
    for name, data in files:
        with open(f"{options.out}/files/{name}", "wb") as file:
            file.write(data)
    with open(f"{options.out}/city.json", "w", encoding="utf-8") as file:
        json.dump(city, file, ensure_ascii=False, indent=1)
        file.write("\n")
    with open(f"{options.out}/tour.json", "w", encoding="utf-8") as file:
        json.dump(tour, file, ensure_ascii=False, indent=1)
        file.write("\n")
    total = sum(len(data) for _, data in files)
    print(f"{options.out}: {len(city['organisations'])} organisations, {len(city['actors'])} actors, {len(city['entries'])} entries, "
          f"{len(files)} files ({total / 1e6:.1f} MB), {len(city['acts'])} acts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
