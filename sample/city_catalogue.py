# SPDX-License-Identifier: Apache-2.0
"""Reads catalogue/*.txt into entries with their documents.

A block is four or five lines:
  = KEY ; ORGANISATION ; OPENING ; FREQUENCY ; FORMATS ; SYSTEM [; FILE]
  Chinese title | English title | Chinese keywords | English keywords
  Chinese abstract | English abstract
  COLUMN COLUMN ...
  > Chinese scenario | English scenario            (conditional entries only)
OPENING: 1-3 unconditional, c1-c4:PROFILE conditional, x1-x4 closed; the digit is the clause of SZ 14, 13 or 12.
FILE: points N, list N, daily N [by M], hourly N [by M], weekly N [by M], monthly N [by M], yearly N [by M], typhoons N, parameters, boundary.
M is a number of things, "district" or "subdistrict", and "*COLUMN" for every value of one more column: "district*home_layout".
"""
import glob
import os

from city_people import (DISTRICTS, GROUNDS, MATERIALS, MODES, ORGANISATION_SYSTEMS, PROFILES, SUBJECTS, SYSTEMS, T, TOPICS, TYPES)

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMN_TYPES = {"s": "string", "i": "integer", "n": "number", "d": "date", "t": "datetime", "b": "boolean"}
FREQUENCIES = {"realtime": "realtime", "hourly": "realtime", "daily": "daily", "weekly": "weekly", "monthly": "monthly",
               "quarterly": "quarterly", "yearly": "yearly", "irregular": "irregular"}
FORMATS = {"csv": "CSV", "geojson": "GeoJSON", "json": "JSON", "api": "API", "zip": "ZIP", "tif": "GeoTIFF", "ifc": "IFC", "citygml": "CityGML"}
REASONS = {
    "already_public": T("本数据已按规定向社会公开，现转换为可机器读取的数据集。", "The information is public already; this makes it machine-readable."),
    "low_risk": T("经分类分级评估，数据为汇总或公共设施信息，不能识别个人，开放后安全风险较低。",
                  "Assessed by grade: totals or public facilities, nobody can be recognised, and the risk of opening is low."),
    "otherwise": T("不属于不予开放或有条件开放的情形，依规定无条件开放。", "Neither closed nor conditional, and therefore open without conditions."),
    "consent_given": T("涉及商业秘密或个人隐私，相关主体已书面同意开放，且法律法规未禁止。",
                       "It touches business secrets or privacy; those concerned agreed in writing, and no law forbids it."),
    "strains_infrastructure": T("数据体量或并发量大，无条件开放将严重挤占基础设施资源，影响运行效率。",
                                "The volume or the number of calls is large; opening it without conditions would take up infrastructure and slow it."),
    "high_requirements": T("数据粒度细、敏感度高，对使用者的安全和处理能力要求较高。",
                           "Fine-grained and sensitive: users need high abilities of security and processing."),
    "conditional_by_law": T("有关法律法规对使用主体或用途作出限定，依规定有条件开放。", "A law limits who may use it or for what, so it is open on conditions."),
    "state_secret": T("依法确定为国家秘密，不予开放；目录仅登记名称和摘要。", "A state secret by law and closed; the catalogue lists name and abstract only."),
    "endangers_security": T("开放后可能危及公共安全或经济安全，不予开放。", "Opening it could endanger public or economic security, so it is closed."),
    "trade_secret_or_privacy": T("涉及商业秘密或个人隐私，不予开放；脱敏汇总后的数据另行评估。",
                                 "It touches business secrets or privacy and is closed; de-identified totals are assessed apart."),
    "forbidden_by_law": T("法律、法规规定不得开放，不予开放。", "A law forbids opening it, so it is closed."),
}


class CatalogueFault(Exception):
    pass


def pair(line, where):
    parts = [part.strip() for part in line.split(" | ")]
    if len(parts) != 2 or not all(parts):
        raise CatalogueFault(f"{where}: two languages expected: {line[:60]}")
    return T(*parts)


def read_columns():
    columns = {}
    with open(f"{HERE}/catalogue/columns.txt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            parts = line.split("|")
            if len(parts) != 6 or parts[0] in columns:
                raise CatalogueFault(f"columns.txt:{number}: six members and a new name expected")
            name, kind, zh, en, unit, model = parts
            column = {"name": name, "type": COLUMN_TYPES[kind], "title": T(zh, en)}
            if unit:
                zh_unit, _, en_unit = unit.partition("/") if unit.count("/") == 1 else split_unit(unit)
                column["unit"] = T(zh_unit, en_unit or zh_unit)
            columns[name] = (column, model)
    return columns


def split_unit(unit):
    """"微克/立方米/µg/m³" is two units of two parts each; "℃" and "%" are the same in both languages."""
    parts = unit.split("/")
    if len(parts) == 1:
        return unit, "", unit
    half = len(parts) // 2 if len(parts) % 2 == 0 else len(parts) // 2 + (parts[len(parts) // 2].isascii() is False)
    return "/".join(parts[:half]), "/", "/".join(parts[half:])


def blocks():
    """(topic, head members, lines) of every block, topics in their order."""
    names = [name for name, *_ in TOPICS]
    known = {os.path.basename(path)[:-4] for path in glob.glob(f"{HERE}/catalogue/*.txt")} - {"columns"}
    if known != set(names):
        raise CatalogueFault(f"topics and files differ: {known ^ set(names)}")
    for topic in names:
        with open(f"{HERE}/catalogue/{topic}.txt", encoding="utf-8") as file:
            for text in ("\n" + file.read()).split("\n= ")[1:]:
                lines = [line for line in text.split("\n") if line.strip()]
                yield topic, [part.strip() for part in lines[0].split(";")], lines[1:]


def conditions_of(opening, scenario):
    """The members of a conditional entry that say who, what for and how."""
    subjects, _, mode, materials, _ = PROFILES[opening]
    who, how = [SUBJECTS[s] for s in subjects], MODES[mode]
    return {"subjects": who, "scenarios": [scenario], "modes": [how], "materials": [MATERIALS[m] for m in materials],
            "conditions": T("；".join(s["zh"] for s in who) + f"。用于{scenario['zh']}；{how['zh']}。",
                            "; ".join(s["en"] for s in who) + f". For {scenario['en'][0].lower() + scenario['en'][1:]}. {how['en']}.")}


def entry_of(topic, head, lines, columns, ids, shorts, district=None):
    key, organisation, opening, frequency, formats, system = head[:6]
    if len(head) not in (6, 7) or len(lines) not in (3, 4):
        raise CatalogueFault(f"{key}: a block has four or five lines")
    if district:
        slug, zh, en, *_ = district
        trait_zh, trait_en = district[6], district[7]
        lines = [line.replace("{区}", zh).replace("{District}", en).replace("{特点}", trait_zh).replace("{trait}", trait_en) for line in lines]
        key, organisation = f"{slug}-{key}", f"{slug}-{organisation}"
    marks, _, profile = opening.partition(":")
    kind, clause = marks.rstrip("1234"), int(marks[-1])
    ground, opening_type = GROUNDS[kind][clause], TYPES[kind]
    parts = [part.strip() for part in lines[0].split(" | ")]
    if len(parts) != 4:
        raise CatalogueFault(f"{key}: title and keywords in two languages expected")
    used = [columns[name] for name in lines[2].split()]
    system_name = SYSTEMS[system] if system != "-" else ORGANISATION_SYSTEMS[organisation.split("-")[-1] if district else organisation]
    grade = {"": "1", "x": "4"}.get(kind) or str(PROFILES[profile][4])
    document = {
        "kind": "entry", "title": T(parts[0], parts[1]), "abstract": pair(lines[1], key), "items": [column["title"] for column, _ in used],
        "format": [FORMATS[f] for f in formats.split()], "sharing": {"": "unconditional", "c": "conditional", "x": "closed"}[kind],
        "opening_type": opening_type, "system": T(*system_name), "frequency": FREQUENCIES[frequency], "organisation": ids[organisation],
        "topics": [topic], "keywords": parts[2].split(",") + parts[3].split(","), "grade": grade,
        "contact": f"{shorts[organisation]['zh']} / {shorts[organisation]['en']} · {organisation}-data@chenglan.example",
        "extra": {"sample": True, "fields": [column for column, _ in used]}}
    if frequency == "hourly":
        document["extra"]["update"] = T("每小时", "every hour")
    about = {"kind": "opening", "reasons": REASONS[ground], "grade": grade}
    if kind == "c":
        members = conditions_of(profile, pair(lines[3].lstrip("> "), key))
        document.update(members)
        about.update(members)
        document["licence"] = "公共数据开放利用协议 / Open data use agreement"
    elif kind == "":
        document["licence"] = "CC-BY-4.0"
    return {"key": key, "organisation": ids[organisation], "organisation_key": organisation, "topic": topic, "document": document,
            "opening": {"type": opening_type, "ground": ground, "document": about}, "columns": used,
            "file": head[6] if len(head) == 7 else None, "formats": formats.split(), "files": [], "quality_rules": []}


def entries(ids, shorts):
    columns, out, seen = read_columns(), [], set()
    for topic, head, lines in blocks():
        made = ([entry_of(topic, head, lines, columns, ids, shorts, d) for d in DISTRICTS] if topic == "districts"
                else [entry_of(topic, head, lines, columns, ids, shorts)])
        for entry in made:
            if entry["key"] in seen:
                raise CatalogueFault(f"{entry['key']} twice")
            seen.add(entry["key"])
            out.append(entry)
    return out
