#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the sample data: the bulletins always, the city where build/sample/city.json exists.

  python3 sample/check.py [--city build/sample/city.json] [--rules contracts/rules/sz-2023-draft.json]
"""
import argparse
import csv
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import quality  # noqa: E402

REQUIRED_RULES = {"electronics-manufacturing-2023-08": {"margin"},
                  "internet-services-2023-08": {"regions_sum", "east_share", "top_five_share"}}
RISE, FALL = "增长|提高|上升|高|收窄", "下降|低|回落|扩大"


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        return reader.fieldnames, list(reader)


def occurs(text, sentence):
    """The digits stand in the sentence as a number of their own, not inside a longer one."""
    return re.search(rf"(?<![\d.]){re.escape(text)}(?!\d|\.\d)", sentence) is not None


def figure_faults(rows):
    """What the rows say that their sentences do not."""
    faults = []
    for at, row in enumerate(rows, start=2):
        sentence = row["source_sentence"]
        for column in ("value", "yoy_percent", "change_vs_jan_jul_pp"):
            text = row[column]
            if text and not occurs(text.lstrip("-"), sentence):
                faults.append(f"line {at}: {column} {text} is not in its sentence")
        yoy = row["yoy_percent"]
        if yoy and not re.search(rf"{'下降' if yoy.startswith('-') else '增长'} ?{re.escape(yoy.lstrip('-'))} ?%", sentence):
            faults.append(f"line {at}: the direction of {yoy} % is not the sentence's")
        change = row["change_vs_jan_jul_pp"]
        words = FALL if change.startswith("-") else RISE
        if change and not re.search(rf"({words}) ?{re.escape(change.lstrip('-'))} ?个百分点", sentence):
            faults.append(f"line {at}: the direction of {change} points is not the sentence's")
        if not row["value"] and not yoy:
            faults.append(f"line {at}: no figure")
        if bool(row["value"]) != bool(row["unit_zh"]) or bool(row["unit_zh"]) != bool(row["unit_en"]):
            faults.append(f"line {at}: a value and its units come together")
    return faults


def bulletin_faults(name, rows, descriptor):
    faults = figure_faults(rows)
    names = {rule["name"] for rule in descriptor["quality_rules"]}
    faults += [f"rule {rule} is missing" for rule in sorted(REQUIRED_RULES.get(name, set()) - names)]
    for rule in descriptor["quality_rules"]:
        holds, found = quality.evaluate(rule, rows)
        if not holds:
            faults.append(f"rule {rule['name']}: {found}")
    return faults


def doctored(name, rows):
    """Copies of the table with one thing wrong each, and what must notice it."""
    def change(match, column, text):
        copy = [dict(row) for row in rows]
        hits = [row for row in copy if all(row[k] == v for k, v in match.items())]
        assert len(hits) == 1, (match, len(hits))
        hits[0][column] = text
        return copy
    if name == "internet-services-2023-08":
        revenue = {"indicator_en": "Internet business revenue", "segment_en": "Internet and related services"}
        yield "regions_sum", change({**revenue, "region_en": "West"}, "value", "291.4")
        yield "east_share", change({**revenue, "region_en": "East"}, "value", "8374")
        yield "top_five_share", change({**revenue, "region_en": "Top five together"}, "value", "7895")
        yield "direction", change({**revenue, "region_en": "Guangdong"}, "yoy_percent", "9.5")
        yield "not in its sentence", change({**revenue, "region_en": "Beijing"}, "yoy_percent", "0.5")
        yield "one_row_each", rows + [dict(rows[0])]
    else:
        yield "margin", change({"indicator_en": "Total profit"}, "value", "3647")
        yield "not in its sentence", change({"segment_en": "Smartphones"}, "value", "6.97")
        yield "not in its sentence", change({"indicator_en": "Profit margin on operating revenue"}, "value", "3.8")
        yield "direction", change({"indicator_en": "Total profit"}, "change_vs_jan_jul_pp", "-5.8")
        yield "sentence_given", change({"indicator_en": "Operating cost"}, "source_sentence", "")


def check_bulletins(report):
    for name in sorted(REQUIRED_RULES):
        with open(f"{HERE}/bulletins/{name}.json", encoding="utf-8") as file:
            descriptor = json.load(file)
        header, rows = read_csv(f"{HERE}/bulletins/{descriptor['file']['path']}")
        faults = bulletin_faults(name, rows, descriptor)
        if header != [column["name"] for column in descriptor["columns"]]:
            faults.append("the header is not the descriptor's columns")
        for expected, wrong in doctored(name, rows):
            found = bulletin_faults(name, wrong, descriptor)
            if not any(expected in fault for fault in found):
                faults.append(f"self-test: a doctored table passes ({expected}; found {found})")
        report(f"bulletin {name}: {len(rows)} rows, {len(descriptor['quality_rules'])} rules", faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--city", default=f"{ROOT}/build/sample/city.json")
    parser.add_argument("--rules", default=f"{ROOT}/contracts/rules/sz-2023-draft.json")
    options = parser.parse_args()
    failed = 0

    def report(what, faults):
        nonlocal failed
        print(f"{'ok  ' if not faults else 'FAIL'} {what}")
        for fault in faults[:20]:
            print(f"     {fault}")
        if len(faults) > 20:
            print(f"     … and {len(faults) - 20} more")
        failed += bool(faults)

    check_bulletins(report)
    if os.path.exists(options.city):
        import check_city
        check_city.check(options.city, options.rules, report)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
