#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guided tour: one conditional dataset from compilation to a granted, tracked and suspended access.

  python3 sample/city_tour.py > sample/tour.md

make_city.py writes the same steps to build/sample/tour.json, for a test that plays them."""
import datetime
import hashlib
import math
import random
import sys

from city_acts import act, item_digest, opinion
from city_files import DIMENSIONS, as_csv
from city_people import MATERIALS, MODES, PEOPLE, SUBJECTS, T
from city_stories import AGREEMENT_CLAUSES, CLAUSE_TEXTS

TITLE = T("公共停车场分时占用率（十五分钟）", "Car park occupancy by quarter hour")
COLUMNS = [("lot_id", "string", "停车场编号", "Car park code"), ("lot_name", "string", "停车场名称", "Car park"), ("time", "datetime", "时间", "Time"),
           ("spaces_total", "integer", "泊位总数", "Spaces"), ("spaces_free", "integer", "空余泊位", "Free spaces"), ("occupancy_percent", "number", "占用率（%）", "Occupancy (%)")]
FILE = "tour-parking-occupancy.csv"


def table(seed):
    """Forty car parks over one day."""
    r, rows = random.Random(f"{seed}/tour"), []
    lots = [(f"CL-P{n:03d}", name.rstrip("站") + "停车场", r.randrange(60, 640, 20), r.choice([9, 14, 19])) for n, name in enumerate((DIMENSIONS["station_name"] * 2)[:40], 1)]
    lots = [(code, name if n < 24 else name.replace("停车场", "二号停车场"), total, peak) for n, (code, name, total, peak) in enumerate(lots)]
    for quarter in range(96):
        time = datetime.datetime(2025, 12, 19) + datetime.timedelta(minutes=15 * quarter)
        for code, name, total, peak in lots:
            used = min(total, max(0, round(total * (0.25 + 0.65 * math.exp(-((quarter / 4 - peak) ** 2) / 14) + r.gauss(0, 0.03)))))
            rows.append((code, name, time.isoformat() + "+08:00", total, total - used, f"{used / total * 100:.1f}"))
    return as_csv([name for name, *_ in COLUMNS], rows), len(rows)


def documents(ids, day0, seed):
    data, count = table(seed)
    columns = [{"name": name, "type": kind, "title": T(zh, en)} for name, kind, zh, en in COLUMNS]
    conditions = {"subjects": [SUBJECTS["credit"], SUBJECTS["management"]], "scenarios": [T("停车诱导、预约停车和交通组织优化", "Parking guidance, reservation and traffic management")],
                  "modes": [MODES["other_download"]], "materials": [MATERIALS[m] for m in ("id", "scenario", "rules", "credit")],
                  "conditions": T("信用良好、设有数据安全负责人；限停车诱导、预约停车和交通组织优化；经批准下载，限定人员和期限，到期删除。",
                                  "Good credit and a person in charge of data security; for parking guidance, reservation and traffic management; downloaded on approval for named people and a term.")}
    entry = {"kind": "entry", "title": TITLE, "abstract": T(
        "提供四十处公共停车场每十五分钟的空余泊位和占用率，由停车诱导系统汇聚，不含车牌和用户信息。高频历史数据调取量大，经申请有条件开放，可用于停车诱导、预约停车和交通组织优化。",
        "Free spaces and occupancy of forty public car parks every quarter hour, from the parking guidance system, without plates or users. Histories this fine are large, so they are open on application, for guidance, reservation and traffic management."),
        "items": [column["title"] for column in columns], "format": ["CSV"], "sharing": "conditional", "opening_type": "conditional",
        "system": T("停车诱导系统", "Parking guidance system"), "frequency": "daily", "organisation": ids["transport"], "topics": ["transport"],
        "keywords": ["停车", "占用率", "parking", "occupancy"], "grade": "2", "licence": "公共数据开放利用协议 / Open data use agreement",
        "contact": "市交通运输局 / Transport · transport-data@chenglan.example", "extra": {"sample": True, "fields": columns}, **conditions}
    opening = {"kind": "opening", "grade": "2", "reasons": T("十五分钟历史数据量大、调取频繁，无条件开放将严重挤占停车诱导系统资源。",
                                                           "Quarter-hour histories are large and often asked for; opening them without conditions would take up the guidance system."), **conditions}
    resource = {"kind": "resource", "name": T(f"{TITLE['zh']}（CSV）", f"{TITLE['en']} (CSV)"), "format": "CSV", "media_type": "text/csv", "size": len(data), "rows": count,
                "digest": hashlib.sha256(data).hexdigest(), "columns": columns, "entry": item_digest("entry:tour"), "deliveries": ["download"], "extra": {"sample": True}}
    application = {"kind": "application", "purpose": T("为配送车辆提供短时停靠建议，减少绕行找车位。", "Advising delivery vans where to stop for a short time, so that they circle less."),
                   "capability": T("注册满三年，设数据安全负责人，信用记录良好。", "Three years old, a person in charge of data security, good credit."),
                   "security": T("加密存储、最小授权、日志留存一年，设数据安全应急预案。", "Encrypted storage, least access, logs for a year and an emergency plan."), "mode": "download", "period_months": 12}
    agreement = {"kind": "agreement", "clauses": [{"name": name, "content": CLAUSE_TEXTS[name]} for name in AGREEMENT_CLAUSES], "purpose": T("配送车辆短时停靠建议", "Advice to delivery vans on short stops"),
                 "from": day0.isoformat(), "until": (day0 + datetime.timedelta(days=730)).isoformat(), "mode": "download"}
    grant = {"kind": "grant", "from": day0.isoformat(), "until": (day0 + datetime.timedelta(days=730)).isoformat(), "mode": "download", "conditions": T("限协议约定的用途、人员和期限。", "For the purpose, people and term of the agreement.")}
    product = {"kind": "product", "title": T("易停：配送短时停靠助手", "EasyStop: where a delivery van can stop"), "description": T("按到达时刻预测附近停车场空位，给出两分钟内可停的建议。", "Forecasts free spaces at the time of arrival and says where one can stop within two minutes."),
               "citation": T("澄澜市交通运输局《公共停车场分时占用率（十五分钟）》，经协议获取。", "Chenglan Transport Bureau, “Car park occupancy by quarter hour”, obtained under agreement.")}
    alert = {"kind": "alert", "title": T("疑似超出约定用途使用", "Use beyond the agreed purpose is suspected"), "description": T(
        "巡检发现“易停”上线“商圈热度榜”并对外出售，依据的是协议数据，与约定用途不符。", "“EasyStop” now sells a ranking of shopping areas made from the data under agreement, which the agreed purpose does not cover.")}
    return data, {"entry": entry, "opening": opening, "resource": resource, "application": application, "agreement": agreement, "grant": grant, "product": product, "alert": alert}


def steps(ids, day0, seed):
    data, d = documents(ids, day0, seed)
    out = []

    def step(actor, screen, title, does, expect, article, act_=None, state=None, request=None):
        out.append({"number": len(out) + 1, "actor": actor, "screen": screen, "title": T(*title), "does": T(*does), "expect": T(*expect), "article": article,
                    "act": act_, "state": state, "request": request})

    def do(actor, workflow, action, item, subject=None, **more):
        return act(200 + len(out), actor, workflow, action, item, subject, **more)

    e, o, r, a, g, t = "entry:tour", "opening:tour", "resource:tour", "application:tour", "agreement:tour", "grant:tour"
    step("transport-officer", "/catalogue/new", ("编制目录条目", "Compile a catalogue entry"), ("填写基础目录九项内容，中英文并列；保存后签名上链。", "Fill in the nine fields of the base catalogue in Chinese and English; saving signs it and puts it on the chain."),
         ("条目为“编制中”，历史中出现第一步及其条款。", "The entry is a draft; its history shows the first step with its article."), "SZ 17, 19", do("transport-officer", "entry", "compile", e, document=d["entry"]), "draft")
    step("transport-officer", "/case/{entry:tour}", ("确定开放类型和条件", "Classify it and set conditions"), ("选择“有条件开放”，理由选“严重挤占基础设施资源”，填写主体、场景、方式条件和申请材料。",
         "Choose conditional, on the ground of strain on infrastructure; give conditions on who, what for and how, and the materials to hand in."), ("开放类型为“有条件开放”；若不选理由，系统拒绝并指出第十三条。", "The opening type is conditional; without a ground it is refused with article 13."),
         "SZ 13, 24–27", do("transport-officer", "opening", "classify_conditional", o, e, choice="strains_infrastructure", document=d["opening"]), "conditional")
    step("transport-officer", "/case/{entry:tour}", ("报送审核", "Submit for review"), ("点击“报送审核”。", "Press “Submit for review”."), ("条目进入同级主管部门审核，机构不能再修改。", "It goes to the authority at its level, and the bureau can no longer change it."), "SZ 19",
         do("transport-officer", "entry", "submit", e, refers_to=o), "district_review")
    step("city-reviewer", "/cases", ("同级审核通过", "Pass review at its level"), ("在待办中打开条目，核对九项内容，点击“同级审核通过”。", "Open the entry from the inbox, check the nine fields, press “Pass review at its level”."),
         ("条目进入市级汇总审核；其他机构人员看不到这个按钮。", "It goes to the city review; people of other bodies have no such button."), "SZ 19", do("city-reviewer", "entry", "pass_district", e), "city_review")
    step("city-reviewer", "/case/{entry:tour}", ("市级汇总审核通过", "Pass the city review"), ("点击“市级审核通过”。", "Press “Pass city review”."), ("条目进入开放前安全审查。", "It goes to the security review before opening."), "SZ 19", do("city-reviewer", "entry", "pass_city", e), "security_review")
    step("security-reviewer", "/case/{entry:tour}", ("安全审查并发布", "Review security and publish"), ("对汇聚后的目录进行审查，写明结论，点击“发布”。", "Review the merged catalogue, write the finding, press “Publish”."),
         ("条目已发布，出现在开放目录；一年后自动提醒重新评估。", "The entry is published and in the open catalogue; in a year a re-evaluation falls due."), "SZ 20, 21, 56",
         do("security-reviewer", "entry", "publish", e, document=opinion("与已开放停车数据汇聚后不产生新的敏感信息，同意发布。", "Merged with parking data already open, nothing sensitive arises: to be published.", "通过 / passed")), "published")
    step("transport-officer", "/case/{entry:tour}", ("汇聚数据文件", "Bring the data file"), (f"上传 build/sample/files/{FILE}，中断后可续传；确认字段说明后提交。", f"Upload build/sample/files/{FILE}, which resumes when interrupted; confirm the columns and submit."),
         ("文件摘要与链上一致，状态为“已汇聚，待检测”。", "The file's digest is the one on the chain; it waits for its quality check."), "SZ 38", do("transport-officer", "resource", "gather", r, e, document=d["resource"]), "gathered")
    step("operator", "/cases", ("质量检测合格", "Pass the quality check"), ("查看自动检测结果：编码、类型、空值、唯一性；写明结论。", "Look at the automatic check (encoding, types, empty cells, repeated rows) and write the finding."),
         ("状态为“检测合格”。", "It has passed."), "SZ 29", do("operator", "resource", "pass_check", r, document=opinion("编码、类型、唯一性检测合格。", "Encoding, types and uniqueness are in order.", "合格 / passed")), "checked")
    step("operator", "/case/{resource:tour}", ("发布数据资源", "Publish the resource"), ("点击“发布”。", "Press “Publish”."), ("数据集页出现文件、字段和样例说明；下载按钮显示“申请使用”。", "The dataset page shows file and columns; in place of a download there is “Apply for use”."), "SZ 38",
         do("operator", "resource", "publish", r, refers_to=o), "published")
    step(None, "/dataset/{entry:tour}", ("任何人都能看到目录", "Anyone can see the catalogue"), ("不登录打开数据集页，查看条件、材料和办理时限。", "Without signing in, open the dataset page and read conditions, materials and time limits."),
         ("摘要、字段、条件可见；请求文件得到拒绝，并说明为什么以及下一步。", "Abstract, columns and conditions are there; asking for the file is refused, with the reason and the next step."), "SZ 21, 41", request={"download": r, "allowed": False})
    step("user-company", "/dataset/{entry:tour}/apply", ("提交用数申请", "Apply for use"), ("按清单填写应用场景、能力和安全制度，上传材料，签名提交。", "Fill in scenario, abilities and security rules from the list, upload materials, sign and submit."),
         ("申请已提交，时钟显示十个工作日的答复期限（扣除法定节假日）。", "The application is in, and a clock shows the ten working days for an answer, holidays left out."), "SZ 41, 42", do("user-company", "application", "submit", a, e, refers_to=o, document=d["application"]), "submitted")
    step("transport-officer", "/cases", ("开放主体提出意见", "The owner gives its opinion"), ("选择“同意”并写明理由。", "Choose “support” and give reasons."), ("申请转市公共数据主管部门审核。", "It goes to the city authority."), "SZ 42",
         do("transport-officer", "application", "opine", a, choice="support", document=opinion("用途明确，材料齐全，建议同意。", "A clear purpose and complete materials: support.", "同意 / support")), "opined")
    step("city-authority", "/case/{application:tour}", ("审核通过", "Approve"), ("点击“审核通过”并写明理由。", "Press “Approve” and give reasons."), ("状态为“审核通过”，时钟停止。", "It is approved, and the clock stops."), "SZ 42",
         do("city-authority", "application", "approve", a, document=opinion("符合开放条件，请双方签署协议。", "It meets the conditions; both sides may sign the agreement.", "通过 / approved")), "approved")
    step("user-company", "/dataset/{entry:tour}", ("批准不等于开通", "Approved is not yet open"), ("立即尝试下载。", "Try to download at once."), ("仍被拒绝：须双方签署协议并开通权限。", "Still refused: both must sign, and the right must be opened."), "SZ 42", request={"download": r, "allowed": False})
    step("transport-officer", "/case/{application:tour}", ("拟定协议", "Offer the agreement"), ("由示范文本生成协议，七项内容逐项确认。", "Make the agreement from the model text and confirm all seven clauses."), ("协议为“待利用主体签署”；缺一项则拒绝。", "The agreement waits for the user's signature; with a clause missing it is refused."), "SZ 43",
         do("transport-officer", "agreement", "offer", g, a, marks=AGREEMENT_CLAUSES, document=d["agreement"]), "offered")
    step("user-company", "/case/{agreement:tour}", ("利用主体签署", "The user signs"), ("逐项勾选七项内容并签署。", "Tick the seven clauses one by one and sign."), ("协议为“利用主体已签署”。", "The user has signed."), "SZ 43", do("user-company", "agreement", "user_sign", g, marks=AGREEMENT_CLAUSES), "user_signed")
    step("transport-officer", "/case/{agreement:tour}", ("开放主体签署", "The owner signs"), ("点击“开放主体签署”。", "Press “Sign as the owner”."), ("协议生效，两个签名和条款摘要都可在链上核验。", "It is in force; both signatures and the digest of the clauses can be verified on the chain."), "SZ 42, 43", do("transport-officer", "agreement", "countersign", g), "in_force")
    step("city-authority", "/case/{agreement:tour}", ("开通权限", "Open the right"), ("填写起止日期，点击“开通权限”。", "Enter the dates and press “Open”."), ("权限已开通。", "The right is open."), "SZ 42", do("city-authority", "grant", "open", t, g, document=d["grant"]), "open")
    step("user-company", "/dataset/{entry:tour}", ("下载数据", "Download the data"), ("点击下载，核对摘要。", "Download and compare the digest."), ("得到的字节与链上摘要一致；下载计入使用记录。", "The bytes agree with the digest on the chain; the download is on record."), "SZ 39, 63", request={"download": r, "allowed": True})
    step("auditor", "/dataset/{entry:tour}?tab=verify", ("不必相信平台", "You need not believe the platform"), ("在浏览器里点击“核验”。", "Press “Verify” in the browser."), ("逐步核验全部通过：签名、区块头、状态树、文件摘要。", "Every step holds: signatures, headers, state trie, digest."), "SZ 30", request={"proof": e, "allowed": True})
    step("user-company", "/case/{grant:tour}", ("登记成果", "Register a product"), ("填写成果名称、说明和数据引用。", "Enter its name, description and how the data is cited."), ("成果已登记，关联到这份权限。", "The product is registered under this right."), "SZ 43(四), 49", do("user-company", "product", "register_under_grant", "product:tour", t, choice="application", document=d["product"]), "registered")
    step("operator", "/case/{grant:tour}", ("发现超范围使用", "Use beyond scope is found"), ("在权限页面“由此开始”中登记预警，类别选“超范围使用”。", "On the right's page, under “What can begin here”, raise an alert of kind “out of scope”."), ("预警已登记，两个工作日内处置。", "The alert is raised; two working days to act."), "SZ 59", do("operator", "alert", "raise", "alert:tour", t, choice="out_of_scope", document=d["alert"]), "raised")
    step("city-authority", "/alerts", ("确认预警", "Confirm the alert"), ("核查后点击“确认”。", "Check and press “Confirm”."), ("预警为“已确认”，开放主体收到待办。", "The alert is confirmed and in the owner's inbox."), "SZ 59",
         do("city-authority", "alert", "confirm", "alert:tour", document=opinion("核查属实，转开放主体处置。", "True; handed to the owner.", "属实 / confirmed")), "confirmed")
    step("transport-officer", "/case/{grant:tour}", ("暂停权限并要求整改", "Suspend and ask for rectification"), ("选择“未按照开放数据利用协议使用”，写明整改要求，点击“暂停权限”。", "Choose “against the agreement”, say what must be put right, press “Suspend”."),
         ("权限已暂停，时钟显示十五个工作日整改期限。", "The right is suspended; a clock shows fifteen working days."), "SZ 63",
         do("transport-officer", "grant", "suspend", t, choice="against_agreement", document=opinion("“商圈热度榜”超出约定用途，请下线、删除衍生数据并提交整改报告。", "The ranking goes beyond the agreed purpose. Take it down, delete what was derived, and report.")), "suspended")
    step("user-company", "/dataset/{entry:tour}", ("暂停后不能下载", "No download while suspended"), ("再次下载。", "Download again."), ("被拒绝：显示暂停原因、整改期限和“报送整改”入口。", "Refused, with the reason, the time limit and the way to report rectification."), "SZ 63", request={"download": r, "allowed": False})
    step("user-company", "/case/{grant:tour}", ("报送整改", "Report rectification"), ("写明已采取的整改措施，点击“报送整改”。", "Say what was put right, press “Report rectification”."), ("权限为“已报送整改”，等待开放主体复核。", "It is reported and waits for the owner."), "SZ 63",
         do("user-company", "grant", "report", t, document=opinion("“商圈热度榜”已下线，衍生数据正在清理。", "The ranking is down; what was derived is being deleted.")), "rectified")
    step("transport-officer", "/case/{grant:tour}", ("整改不到位，继续暂停", "Not enough: it stays suspended"), ("核对整改情况，写明理由，点击“整改不合格”。", "Check what was done, give reasons, press the step that rejects it."),
         ("权限仍为“已暂停”，重新计十五个工作日；逾期未改的可以终止。", "The right stays suspended for another fifteen working days; after that it may be ended."), "SZ 63",
         do("transport-officer", "grant", "reject", t, document=opinion("衍生数据尚未删除，也没有删除证明，请补充。", "What was derived is not yet deleted, and there is no proof of it.")), "suspended")
    return data, out


def tour(ids, day0, seed):
    data, all_steps = steps(ids, day0, seed)
    return {"sample": True, "title": TITLE, "file": f"files/{FILE}", "steps": all_steps}, [(FILE, data)]


def markdown(ids):
    people = {key: (zh, en, post_zh, post_en) for key, zh, en, _, _, post_zh, post_en in PEOPLE}
    _, all_steps = steps(ids, datetime.date(2026, 1, 5), 1)
    lines = ["# 导览 / Guided tour", "",
             "<!-- Written by `python3 sample/city_tour.py`; change the steps there. -->", "",
             f"一份有条件开放的数据集《{TITLE['zh']}》，从编制到开通、跟踪，直至暂停。数据、人物、企业均为虚构的示例。", "",
             f"One conditional dataset, “{TITLE['en']}”, from compilation to a granted, tracked and finally suspended access. Data, people and companies are invented samples.", "",
             "`{entry:tour}` 等是步骤产生的事项编号；同样的步骤以数据形式写在 `build/sample/tour.json`，供端到端测试使用。", "",
             "`{entry:tour}` and the like stand for the items that the steps make; the same steps are data in `build/sample/tour.json`, for the end-to-end test.", ""]
    for one in all_steps:
        zh, en, post_zh, post_en = people.get(one["actor"], ("（不登录）", "(nobody signed in)", "", ""))
        who = f"`{one['actor']}` " if one["actor"] else ""
        act_ = one["act"]
        lines += [f"## {one['number']}. {one['title']['zh']} / {one['title']['en']}", "",
                  f"- **谁 Who:** {who}{zh}{f'，{post_zh}' if post_zh else ''} / {en}{f', {post_en}' if post_en else ''}",
                  f"- **页面 Screen:** `{one['screen']}`",
                  f"- **操作:** {one['does']['zh']}", f"- **Action:** {one['does']['en']}" + (f" (`{act_['workflow']}.{act_['action']}` → `{one['state']}`)" if act_ else ""),
                  f"- **结果:** {one['expect']['zh']}", f"- **Result:** {one['expect']['en']}", f"- **条款 Article:** {one['article']}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    import city_people
    sys.stdout.write(markdown(city_people.organisations()[1]))
