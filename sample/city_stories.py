# SPDX-License-Identifier: Apache-2.0
"""The stories of the sample city: applications, complaints, ratings, products, the year's plan, alerts, inspections and the rest."""
import datetime

from city_people import T

AGREEMENT_CLAUSES = ["feedback", "purpose", "no_spreading", "citation", "security", "inspection", "liability"]
CLAUSE_TEXTS = {
    "feedback": T("乙方每季度向甲方反馈数据利用情况和成果。", "The user reports its use and results to the owner every quarter."),
    "purpose": T("未经甲方同意，数据不得用于约定范围以外的用途。", "Without the owner's consent the data is not used beyond the agreed scope."),
    "no_spreading": T("未经甲方同意，不得以任何方式向第三方传播数据。", "Without the owner's consent the data is not passed to anyone else in any way."),
    "citation": T("论文、专利、软件和应用应注明数据名称、提供单位和获取日期。", "Papers, patents, software and applications name the data, its owner and the date of access."),
    "security": T("乙方落实专人负责、最小授权、加密存储和日志留存不少于六个月。", "The user appoints a person in charge, grants least access, stores encrypted and keeps logs for six months or more."),
    "inspection": T("乙方接受甲方和主管部门的安全监督检查。", "The user accepts security inspections by the owner and the authority."),
    "liability": T("违约的，暂停直至终止权限，并依法承担责任；争议先协商，协商不成的提请有管辖权的法院处理。",
                   "On breach, rights are suspended and then ended, and liability follows the law; disputes are negotiated first and then go to the court competent."),
}


def op(zh, en, conclusion=None):
    out = {"kind": "opinion", "reasons": T(zh, en)}
    if conclusion:
        out["conclusion"] = conclusion
    return out


def case(kind, title_zh, title_en, zh, en):
    return {"kind": kind, "title": T(title_zh, title_en), "description": T(zh, en)}


def s(actor, workflow, action, item, subject=None, **more):
    return {"actor": actor, "workflow": workflow, "action": action, "item": item, "subject": subject, **more}


class Stories:
    def __init__(self, ids, day0):
        self.ids, self.day0, self.out = ids, day0, []

    def date(self, days):
        return (self.day0 + datetime.timedelta(days=days)).isoformat()

    def story(self, week, *steps):
        self.out.append({"week": week, "steps": list(steps)})

    # -- unconditional data: commitments -------------------------------------
    def commitments(self):
        wanted = [
            ("user-person", "bus-stop-locations", "开发候车提醒小程序，只展示站点与线路，不采集用户位置。", "A reminder app for bus stops that shows stops and routes and collects no positions."),
            ("user-person", "parking-lots", "在开源地图中标注公共停车场与充电泊位。", "Marking public car parks and charging spaces on an open map."),
            ("user-person", "weather-daily", "个人博客的气候图表。", "Climate charts for a personal blog."),
            ("user-citizen", "schools", "了解家附近的学校，供家庭择校参考。", "Learning about schools nearby, for the family's choice."),
            ("user-citizen", "bathing-beach-quality", "周末带孩子去海边前查询水质。", "Checking the water before taking the children to the beach."),
            ("user-company", "charging-stations", "在充电导航产品中展示公共充电站。", "Showing public charging stations in a charging navigator."),
            ("user-company", "traffic-index-hourly", "配送时效预测模型的输入特征。", "Input for a model that forecasts delivery times."),
            ("user-company", "air-quality-daily", "室内新风设备的自动调节策略。", "Automatic control of ventilation in buildings."),
            ("user-institute", "weather-hourly", "沿海城区热舒适度研究。", "Research on thermal comfort in coastal districts."),
            ("user-institute", "tide-forecast", "风暴潮与内涝叠加情景分析。", "Scenarios of storm surge together with urban floods."),
            ("user-institute", "internet-services-2023-08", "区域数字经济比较研究。", "Comparing regional digital economies."),
            ("user-group", "public-toilets", "无障碍出行地图的厕所与第三卫生间图层。", "Toilets and family toilets on the map of accessible travel."),
            ("user-group", "metro-stations", "无障碍出行地图的电梯与出入口图层。", "Lifts and entrances on the map of accessible travel."),
            ("user-group", "aed-locations", "急救志愿者培训中的就近取用演练。", "Exercises for first-aid volunteers in finding the nearest device."),
            ("auditor", "platform-datasets", "核对开放目录与链上存证是否一致。", "Checking that the open catalogue agrees with the evidence on the chain."),
        ]
        for at, (actor, key, zh, en) in enumerate(wanted):
            self.story(at % 3, s(actor, "commitment", "sign", f"commitment:{actor}/{key}", f"entry:{key}", refers_to=f"opening:{key}", marks=["safe_use", "feedback"],
                                 document={"kind": "commitment", "purpose": T(zh, en),
                                           "safe_use": T("依法、安全使用数据，不尝试识别个人，不用于损害公共利益的用途。", "To use the data lawfully and safely, never to try to recognise people, never against the public interest."),
                                           "feedback": T("及时向平台反馈利用成果和发现的数据问题。", "To report results, and faults found in the data, to the platform.")}, name=f"{actor}/{key}"))
        key = "commitment:user-company/charging-stations"
        self.story(6, s("pricing", "commitment", "suspend", key, choice="against_rules", document=op(
            "应用页面未注明数据来源，且把“长期离线”的站点显示为可用，误导用户。请整改后申请恢复。",
            "The app does not name its source and shows stations long off line as usable, which misleads people. Please put it right and ask for restoration."), after="user-company/charging-stations"),
            s("user-company", "commitment", "report", key, document=op("已在每个站点详情页注明来源与更新时间，离线站点改为灰色并附原因，附改版截图说明。",
              "Every station now names its source and time; stations off line are grey with the reason. Screens of the change are described.")),
            s("pricing", "commitment", "restore", key))

    # -- conditional data -----------------------------------------------------
    def application(self, key, purpose, capability, security, mode, months=12):
        return {"kind": "application", "purpose": T(*purpose), "capability": T(*capability), "security": T(*security), "mode": mode, "period_months": months}

    def apply(self, user, key, item, document, name=None):
        step = s(user, "application", "submit", item, f"entry:{key}", refers_to=f"opening:{key}", document=document)
        return {**step, "name": name} if name else step

    def agreed(self, owner, user, application, purpose, mode, agreement, grant=None, start=60, signed=True, countersigned=True):
        """Offer, both signatures, and the grant."""
        document = {"kind": "agreement", "clauses": [{"name": name, "content": CLAUSE_TEXTS[name]} for name in AGREEMENT_CLAUSES], "purpose": T(*purpose),
                    "from": self.date(start), "until": self.date(start + 730), "mode": mode}
        steps = [s(owner, "agreement", "offer", agreement, application, marks=AGREEMENT_CLAUSES, document=document)]
        if signed:
            steps.append(s(user, "agreement", "user_sign", agreement, marks=AGREEMENT_CLAUSES))
        if signed and countersigned:
            steps.append(s(owner, "agreement", "countersign", agreement))
        if grant:
            steps.append(s("city-authority", "grant", "open", grant, agreement, document={
                "kind": "grant", "from": self.date(0), "until": self.date(start + 730), "mode": mode, "conditions": T("限协议约定的用途、人员和期限。", "For the purpose, people and term of the agreement.")}))
        return steps

    def support(self, owner, item, zh, en):
        return s(owner, "application", "opine", item, choice="support", document=op(zh, en, "同意 / support"))

    def approve(self, item, zh="申请材料齐全，用途与开放条件相符，同意。请双方签署协议。", en="The materials are complete and the purpose fits the conditions: approved. Both sides may sign the agreement."):
        return s("city-authority", "application", "approve", item, document=op(zh, en, "通过 / approved"))

    def applications(self):
        energy = self.application("app-energy", ("研究大型公共建筑分项用能，建立海岸城市建筑碳排放基准，成果以论文和开放指数形式发布。",
                                                "Studying metered energy of large public buildings to set carbon benchmarks for coastal cities; results appear as a paper and an open index."),
                                  ("承担市级建筑节能课题，团队七人，设数据安全员一名。", "Holds the city's project on building energy; seven people and one data security officer."),
                                  ("数据存放于校内加密服务器，按人授权，项目结束后三十日内删除。", "Kept on an encrypted server of the university, access by person, deleted thirty days after the project."), "download", 24)
        item = "application:energy"
        self.story(1, self.apply("user-institute", "public-building-energy", item, energy),
                   self.support("housing-officer", item, "课题方向与建筑节能工作一致，所需字段均为脱敏后的分项电量，建议同意。", "The project fits building energy work, and the fields are de-identified meters: support."),
                   self.approve(item), *self.agreed("housing-officer", "user-institute", item, ("建筑碳排放基准研究", "Research on carbon benchmarks of buildings"), "download", "agreement:energy", "grant:energy", 35),
                   s("user-institute", "product", "register_under_grant", "product:benchmark", "grant:energy", choice="paper", document={
                       "kind": "product", "title": T("海岸城市公共建筑碳排放基准（2026）", "Carbon benchmarks of public buildings in coastal cities (2026)"),
                       "description": T("以三千栋次分项电量为样本，按建筑类型与面积段给出单位面积碳排放的中位数和改进潜力，并公开计算方法。",
                                        "From three thousand metered building records: median carbon per area by type and size, room for improvement, and the method in full."),
                       "citation": T("澄澜市住房和建设局《大型公共建筑用能分项数据》，经协议获取。", "Chenglan Housing and Construction Bureau, “Metered energy of large public buildings”, obtained under agreement."),
                       "authors": ["谢知微 / Xie Zhiwei"]}),
                   s("city-authority", "product", "publish", "product:benchmark", name="benchmark"))

        lift = self.application("app-lift", ("用故障与困人记录训练电梯故障预测模型，为维保单位提供提前三日的检修建议。", "Training a model that predicts lift failures, to advise maintenance firms three days ahead."),
                                ("与持证维保单位联合申请，附资质证书和合作协议。", "Applied for together with a licensed maintenance firm; licence and contract attached."),
                                ("已通过网络安全等级保护三级测评，访问日志留存一年。", "Passed network protection level 3; access logs are kept for a year."), "download")
        item = "application:lift"
        self.story(1, self.apply("user-company", "lift-fault-records", item, lift),
                   self.support("market-officer", item, "具备资质，预测性维保符合按需维保改革方向，建议同意。", "Licensed, and predictive maintenance fits the reform: support."),
                   self.approve(item), *self.agreed("market-officer", "user-company", item, ("电梯故障预测与按需维保", "Predicting lift failures and maintaining on demand"), "download", "agreement:lift", "grant:lift", 35),
                   s("operator", "alert", "raise", "alert:lift", "grant:lift", choice="out_of_scope", document=case(
                       "alert", "协议数据疑似用于约定范围外的用途", "Data under agreement seems to be used beyond its scope",
                       "监测到该权限一周内被三个新增人员账号调用，且应用中出现“楼宇评分”功能，与协议约定的故障预测不符。",
                       "Within a week three new accounts used this right, and the app shows a “building score” that the agreement on predicting failures does not cover.")),
                   s("city-authority", "alert", "confirm", "alert:lift", document=op("经核查情况属实，转数据开放主体依协议处置。", "Checked and true; handed to the owner to act under the agreement.", "属实 / confirmed")),
                   s("market-officer", "grant", "suspend", "grant:lift", choice="against_agreement", document=op(
                       "“楼宇评分”功能超出协议约定用途。请在十五个工作日内下线该功能、核减账号并提交整改报告，期间暂停使用权限。",
                       "The building score goes beyond the agreed purpose. Take it down, reduce the accounts and report within fifteen working days; rights are suspended until then.")),
                   s("user-company", "grant", "report", "grant:lift", document=op(
                       "已于次日下线“楼宇评分”，删除衍生数据，账号由七个核减为四个，并对全员补充培训。附操作日志摘要。",
                       "The building score was taken down the next day, derived data deleted, accounts cut from seven to four and everybody trained again. A digest of the logs is attached.")),
                   s("market-officer", "grant", "restore", "grant:lift", document=op("现场核查确认整改到位，恢复使用权限，三个月内按月反馈。", "An inspection on site found it put right; rights are restored, with monthly reports for three months.", "恢复 / restored")),
                   s("city-authority", "alert", "handle", "alert:lift", document=op("处置完毕，纳入年度信用记录。", "Handled; it goes into the yearly credit record.")),
                   s("city-authority", "inspection", "open_on_user", "inspection:lift", "grant:lift", document=case(
                       "inspection", "整改后回访检查", "Return visit after rectification", "对恢复权限后的用途、账号和日志留存情况进行现场检查。", "Use, accounts and logs after restoration are inspected on site.")),
                   s("city-authority", "inspection", "clear", "inspection:lift", document=op("账号、用途、日志均符合协议约定，未发现问题。", "Accounts, use and logs agree with the agreement; nothing found.", "未发现问题 / no findings")))

        ride = self.application("app-ride", ("用于城市出行大数据产品，可向多类客户提供服务。", "For a product on urban mobility that serves several kinds of customers."),
                                ("公司成立三年，技术人员二十人。", "Three years old, twenty engineers."), ("使用公有云存储。", "Stored in a public cloud."), "secure_domain")
        item = "application:ride"
        self.story(2, self.apply("user-company", "ride-hailing-orders", item, ride),
                   s("transport-officer", "application", "opine", item, choice="oppose", document=op("用途表述宽泛，未对应开放条件中的运力调度与公平性研究场景，也未说明伦理审查情况。",
                     "The purpose is broad, does not match the scenarios of dispatching or fairness research, and says nothing of an ethics review.", "不同意 / oppose")),
                   s("city-authority", "application", "refuse", item, document=op(
                       "未予通过，理由如下：一、应用场景不在开放条件列明的范围内；二、未提交伦理审查意见；三、公有云存储不符合“原始数据不可见”的使用方式。补正后可重新申请，也可先使用《道路交通运行指数》等无条件开放数据。",
                       "Refused, because (1) the scenario is not among those of the conditions; (2) no ethics opinion was submitted; (3) a public cloud does not fit use without sight of the raw data. You may apply again, or use open data such as the road traffic index first.", "不通过 / refused")))

        metro = self.application("app-metro", ("大型活动散场客流仿真与接驳公交方案评估。", "Simulating crowds after large events and evaluating feeder buses."),
                                 ("研究院交通仿真实验室，具有同类项目经验。", "The institute's traffic simulation laboratory, with like projects behind it."), ("全程在安全域内操作，仅导出汇总图表。", "Done inside the secure domain; only summary charts leave."), "secure_domain")
        item = "application:metro"
        self.story(12, self.apply("user-institute", "metro-station-flow-hourly", item, metro),
                   s("metro-officer", "application", "request_supplement", item, document=op("请补充三级等保备案证明，并明确需要的线路和日期范围。", "Please add the filing of protection level 3, and say which lines and dates are needed.")),
                   s("user-institute", "application", "supplement", item, document={**metro, "purpose": T(
                       "大型活动散场客流仿真与接驳公交方案评估；限 1、3 号线，二〇二五年四季度。", "Simulating crowds after large events and evaluating feeder buses; lines 1 and 3, fourth quarter of 2025.")}))

        berth = self.application("app-berth", ("为集卡车队提供进港预约时段建议，减少闸口排队。", "Advising truck fleets on gate appointments, to shorten queues."),
                                 ("与港口集疏运平台有正式合作，具备三级等保。", "Works formally with the port's transport platform; protection level 3."), ("指定环境内使用，不落地船期明细。", "Used in the given environment; no schedule is kept."), "secure_domain")
        self.story(14, self.apply("user-company", "vessel-berth-plan", "application:berth", berth))

        charging = self.application("app-charging", ("评估分时电价对充电负荷的转移效果。", "Measuring how time-of-use prices move charging."), ("具有负荷预测算法能力，提交算法说明与输出样例。", "Able to forecast load; algorithm and sample output attached."),
                                    ("算法入域运行，不获取站点明细。", "The algorithm runs inside and sees no single station outside."), "secure_domain")
        item = "application:charging"
        self.story(13, self.apply("user-company", "charging-sessions-hourly", item, charging),
                   s("pricing", "application", "opine", item, choice="support", document=op("有助于完善分时电价政策，建议同意，输出限行政区级别。", "It helps time-of-use prices; support, with output by district only.", "同意 / support")))

        clinical = self.application("app-clinical", ("按病组比较不同支付政策下的住院费用结构。", "Comparing costs by disease group under different payment policies."), ("公共卫生方向，已获伦理审查批件。", "Public health; ethics approval obtained."),
                                    ("安全域内分析，分组样本不少于十。", "Analysed inside the secure domain, groups of ten or more."), "secure_domain")
        item = "application:clinical"
        self.story(9, self.apply("user-institute", "clinical-research-dataset", item, clinical),
                   self.support("health-officer", item, "伦理批件有效，研究问题明确，建议同意。", "Ethics approval is valid and the question clear: support."), self.approve(item),
                   *self.agreed("health-officer", "user-institute", item, ("住院费用结构与支付政策研究", "Research on hospital costs and payment policy"), "secure_domain", "agreement:clinical", None, 90, signed=False))

        fishing = self.application("app-fishing", ("研究伏季休渔对近岸渔场恢复的影响。", "Studying how the closed season restores coastal fishing grounds."), ("海洋生态团队，五人。", "A marine ecology team of five."),
                                   ("安全域内使用。", "Used inside the secure domain."), "secure_domain")
        item = "application:fishing"
        self.story(2, self.apply("user-institute", "fishing-vessels", item, fishing),
                   self.support("ocean-officer", item, "船名已替换且延迟二十四小时，风险可控，建议同意。", "Names are codes and a day late; the risk is under control: support."), self.approve(item),
                   *self.agreed("ocean-officer", "user-institute", item, ("休渔成效研究", "Research on the closed season"), "secure_domain", "agreement:fishing", "grant:fishing", 45),
                   s("ocean-officer", "grant", "suspend", "grant:fishing", choice="against_agreement", document=op("季度利用情况连续两次未反馈，请说明并补报，期间暂停权限。", "Two quarterly reports are missing. Explain and send them; rights are suspended meanwhile.")),
                   s("user-institute", "grant", "report", "grant:fishing", document=op("补报第一季度利用情况。", "Here is the report of the first quarter.")),
                   s("ocean-officer", "grant", "reject", "grant:fishing", document=op("仍缺第二季度报告，且未说明安全域作业次数，整改不完整。", "The second quarter and the number of jobs in the secure domain are still missing: incomplete.")),
                   s("ocean-officer", "grant", "terminate", "grant:fishing", needs_clock=True, clock_days=28, document=op("逾期未完成整改，终止提供开放服务。", "Not put right in time: the service is ended.", "终止 / terminated")),
                   s("ocean-officer", "agreement", "terminate", "agreement:fishing", refers_to="grant:fishing", needs_clock=True, clock_days=0, document=op("权限已终止，协议随之解除，保留追究违约责任的权利。", "The right has ended and so does the agreement; claims for breach are kept.")))

        waste = self.application("app-waste", ("制作社区危险废物回收点志愿地图。", "A volunteers' map of collection points for hazardous waste."), ("志愿团队，无危险废物经营资质。", "A volunteer group without a licence for hazardous waste."), ("个人电脑加密存储。", "Encrypted on personal computers."), "download")
        item = "application:waste"
        self.story(5, self.apply("user-group", "hazardous-waste-transfers", item, waste),
                   s("eco-officer", "application", "opine", item, choice="oppose", document=op("转移联单不含社区回收点，且申请人不具备列明的资质。", "Transfers hold no community points, and the applicant lacks the licence listed.", "不同意 / oppose")),
                   s("city-authority", "application", "refuse", item, document=op(
                       "未予通过：数据内容与用途不匹配，且不满足资质条件。社区有害垃圾回收点可使用无条件开放的《生活垃圾分类投放点》。",
                       "Refused: the data does not fit the purpose, and the licence is missing. For community points use the open “Waste sorting points”.", "不通过 / refused")))

        parking = self.application("app-parking", ("候车提醒小程序增加“停车换乘”功能，显示轨道站旁停车场余位。", "Adding park-and-ride to the reminder app: free spaces beside metro stations."), ("独立开发者，日活约三千。", "An independent developer, some three thousand daily users."),
                                   ("仅缓存一分钟，不保存历史。", "Cached for a minute, no history kept."), "api", 12)
        item = "application:parking"
        self.story(8, self.apply("user-person", "parking-occupancy", item, parking),
                   self.support("transport-officer", item, "调用量小，惠及公众，建议给予每分钟六十次额度。", "Few calls and of use to the public: support, sixty calls a minute."), self.approve(item),
                   *self.agreed("transport-officer", "user-person", item, ("停车换乘信息服务", "Park-and-ride information"), "api", "agreement:parking", None, 80, countersigned=False))

        rental = self.application("app-rental", ("撰写租房攻略。", "Writing a guide for tenants."), ("个人。", "A person."), ("本机存储。", "Stored locally."), "secure_domain", 3)
        self.story(4, self.apply("user-citizen", "rental-contracts-deidentified", "application:rental", rental),
                   s("user-citizen", "application", "withdraw", "application:rental"))

    # -- the public's voice -----------------------------------------------------
    def complaint(self, week, user, key, item, ground, title, text, wish, *steps):
        self.story(week, s(user, "complaint", "file", item, f"entry:{key}", choice=ground, document={
            "kind": "complaint", "title": T(*title), "description": T(*text), "wish": T(*wish)}), *steps)

    def complaints(self):
        c = "complaint:ramp"
        self.complaint(3, "user-group", "bus-stop-locations", c, "bad_quality", ("十七处站点的坡道标注与现场不符", "Ramps at seventeen stops are not as described"),
                       ("志愿者走访一百二十处站点，其中十七处标注“有无障碍坡道”，实际为台阶或被围挡。附站点编号清单。", "Volunteers visited 120 stops; seventeen marked with a ramp have steps or are fenced off. A list of codes is attached."),
                       ("请复核并更新数据，注明核查日期。", "Please check and update, with the date of the check."),
                       s("bus-officer", "complaint", "answer", c, document=op("感谢指正。已逐站复核，十五处改为“无”，两处围挡拆除后恢复；数据集新增“核查日期”，下月起按季抽查。",
                         "Thank you. Every stop was checked: fifteen are corrected, two are free again. A date of check is added, with samples each quarter from next month.")),
                       s("user-group", "complaint", "settle", c))
        c = "complaint:canteen"
        self.complaint(4, "user-citizen", "elderly-canteens", c, "bad_quality", ("三处助餐点已停办仍显示营业", "Three closed meal points are shown as open"),
                       ("带老人前往后发现停办，平台仍显示营业时间。", "We went there with our parents and found them closed; the platform still shows opening hours."), ("请及时更新，并提供停办原因。", "Please update in time and give the reason."),
                       s("civil-cdo", "complaint", "answer", c, document=op("已转运营单位核实。", "Passed to the operators to check.")),
                       s("user-citizen", "complaint", "escalate", c, document=op("答复没有说明何时更新，两周后仍显示营业。", "The answer says nothing of when; two weeks later they are still shown as open.")),
                       s("city-authority", "complaint", "uphold", c, choice="urge", document=op("经核实投诉属实。请民政局十五个工作日内更正数据，建立停办即时下架机制。", "The complaint is true. Correct the data within fifteen working days and take closed points down at once in future.", "成立 / upheld")),
                       s("civil-cdo", "complaint", "rectify", c, document=op("三处已下架，新增“停办日期”和“替代点位”，运营单位停办须提前五日在系统登记。", "The three are gone; dates of closing and points to go to instead are added, and operators must register five days ahead.")))
        self.complaint(14, "user-citizen", "school-admission-zones", "complaint:zone", "wrong_class", ("建议把历年招生范围列为无条件开放", "Past catchments should be open without conditions"),
                       ("目前只有当年范围，家长难以判断变化。", "Only this year's areas are shown, and parents cannot see what changes."), ("开放近五年版本。", "Open the versions of the last five years."))
        c = "complaint:misuse"
        self.complaint(6, "user-person", "companies-basic", c, "misuse", ("有网站把企业登记信息包装成付费“信用报告”", "A site sells the company register as paid credit reports"),
                       ("该网站未注明来源，并暗示由政府授权。", "It names no source and hints at an official mandate."), ("请核查并公布处理结果。", "Please check and publish the result."),
                       s("market-officer", "complaint", "answer", c, document=op("经核查，该网站未在平台签署承诺，数据系抓取所得，已移交网信部门处理，并在首页发布提示。",
                         "The site has signed no commitment and scraped the data; the case went to the cyberspace administration, and a notice is on the home page.")),
                       s("user-person", "complaint", "settle", c))
        self.complaint(7, "user-group", "wangchao-care-stations", "complaint:hours", "bad_quality", ("午休时段未标注", "Lunch breaks are missing"), ("多数站点十二点至十四点不开放，数据未体现。", "Most stations close from twelve to two, which the data does not show."),
                       ("增加分段时间。", "Add hours in parts."),
                       s("user-group", "complaint", "escalate", "complaint:hours", needs_clock=True, clock_days=21))

    def ratings(self):
        given = [
            ("user-person", "bus-stop-locations", "star_5", 5, 4, 5, "字段清楚，有坐标系说明，十分钟就接进了小程序。", "Clear columns and a stated coordinate system; in my app within ten minutes."),
            ("user-person", "parking-lots", "star_4", 4, 4, 4, "收费标准能再分昼夜就更好了。", "Fees by day and night would make it better."),
            ("user-institute", "weather-hourly", "star_5", 5, 5, 5, "缺测如实留空并给质控码，这是科研最需要的。", "Missing values are left empty with a quality code, just what research needs."),
            ("user-institute", "tide-forecast", "star_4", 4, 5, 4, "希望提供历史实测潮位对照。", "Observed tides beside the forecast would help."),
            ("user-institute", "internet-services-2023-08", "star_5", 4, 5, 5, "每个数值都带原句，可逐条核对，规则还能自动复算。", "Each figure carries its sentence and the rules recompute the totals."),
            ("user-company", "traffic-index-hourly", "star_4", 4, 4, 3, "更新准时；希望能提供路段级指数。", "Punctual; an index by road would be welcome."),
            ("user-company", "air-quality-daily", "star_5", 5, 5, 4, "三年连续序列，做模型很省心。", "Three years without a gap make modelling easy."),
            ("user-group", "public-toilets", "star_3", 3, 3, 4, "第三卫生间信息很有用，但有五处位置偏差超过百米。", "Family toilets are useful, but five places are off by more than a hundred metres."),
            ("user-group", "metro-stations", "star_5", 5, 5, 5, "电梯与出入口对应清楚，轮椅用户真的用得上。", "Lifts and entrances are matched clearly; people in wheelchairs can rely on it."),
            ("user-citizen", "schools", "star_4", 4, 4, 4, "查学校方便，希望加上课后服务信息。", "Handy for finding schools; after-school care would be good to have."),
            ("user-citizen", "bathing-beach-quality", "star_5", 4, 5, 5, "下海前看一眼，很安心。", "A look before swimming puts the mind at rest."),
            ("auditor", "platform-datasets", "star_5", 5, 5, 5, "目录与链上摘要逐条对得上。", "Every entry agrees with its digest on the chain."),
        ]
        for at, (actor, key, star, quantity, quality, service, zh, en) in enumerate(given):
            step = s(actor, "rating", "rate_data", f"rating:{actor}/{key}", f"entry:{key}", choice=star, document={
                "kind": "rating", "quantity": quantity, "quality": quality, "service": service, "comment": T(zh, en)}, after=f"{actor}/{key}", name=f"rated:{actor}/{key}")
            self.story(3 + at % 4, step)
        self.story(6, s("urban-officer", "rating", "reply", "rating:user-group/public-toilets", document=op("五处坐标已复测更正，感谢志愿者提供的现场照片。", "The five places were measured again and corrected; thank you for the photographs."), after="rated:user-group/public-toilets"))

    # -- what people make of it ---------------------------------------------------
    def product(self, week, user, commitment, item, kind, title, text, citation, *steps):
        self.story(week, s(user, "product", "register_under_commitment", item, f"commitment:{commitment}", choice=kind, after=commitment, document={
            "kind": "product", "title": T(*title), "description": T(*text), "citation": T(*citation)}),
            s("city-authority", "product", "publish", item, name=item), *steps)

    def products(self):
        p = "product:access-map"
        self.product(3, "user-group", "user-group/metro-stations", p, "application", ("拾光无障碍出行地图", "Shiguang map of accessible travel"),
                     ("把电梯、坡道、第三卫生间和平缓路线放在一张地图上，轮椅和婴儿车用户可规划全程无台阶的路线。", "Lifts, ramps, family toilets and gentle routes on one map, so that wheelchairs and prams find a way without a step."),
                     ("澄澜轨道交通集团《轨道交通车站与出入口》、澄澜市城管局《公共厕所》。", "Chenglan Metro Group, “Metro stations and entrances”; Urban Management Bureau, “Public toilets”."),
                     s("user-group", "product", "apply_for_list", p, document=op("申请纳入成果备选清单，可供各区无障碍建设项目直接使用。", "Asking for a place on the list, for use in the districts' accessibility projects.")),
                     s("transport-officer", "product", "opine", p, choice="support", document=op("数据引用规范，已服务两万余人次，建议纳入。", "Sources are cited properly and more than twenty thousand people were served: support.", "同意 / support")),
                     s("expert-privacy", "product", "opine", p, choice="support", document=op("不采集轨迹，隐私设计良好。", "It collects no tracks and is well designed for privacy.", "同意 / support")),
                     s("city-authority", "product", "list", p, document=op("成熟度较高，符合无障碍环境建设需要，纳入成果备选清单。", "Mature and needed for accessible streets: listed.", "纳入 / listed")),
                     s("civil-cdo", "product", "use", p, document=op("“安心出行”助老项目采用该地图作为路线引擎，项目申报按规定优先审核。", "The travel project for older people uses it as its engine; the project has priority in review.")),
                     s("city-authority", "product", "award", p, choice="commend", document=op("年度综合评估优秀，予以表彰。", "Excellent in the yearly evaluation: commended.")))
        p = "product:waiting-app"
        self.product(4, "user-person", "user-person/bus-stop-locations", p, "application", ("潮城候车提醒", "Tide City stop reminder"), ("到站前两站震动提醒，可离线使用，不要求登录。", "Vibrates two stops ahead, works off line and asks for no account."),
                     ("澄澜公共交通集团《公交站点位置》。", "Chenglan Bus Group, “Bus stop locations”."))
        p = "product:heat-index"
        self.product(5, "user-institute", "user-institute/weather-hourly", p, "index", ("海岸城区热舒适指数", "Thermal comfort index of coastal districts"), ("用小时气温、湿度和风计算的逐时舒适指数，公布公式、代码和检验结果。", "An hourly index from temperature, humidity and wind, with formula, code and verification."),
                     ("澄澜市气象局《地面气象小时观测》。", "Chenglan Meteorological Bureau, “Hourly surface observations”."))
        for week, actor, item, star, stars, zh, en in [
            (8, "user-citizen", "product:waiting-app", "star_5", 5, "老人也会用，提醒很准。", "Even my parents can use it, and it is on time."),
            (8, "user-citizen", "product:access-map", "star_5", 5, "推婴儿车第一次没有走回头路。", "The first trip with the pram without turning back."),
            (9, "user-company", "product:heat-index", "star_4", 4, "公式公开，希望提供接口。", "An open formula; an interface would be welcome."),
            (9, "user-person", "product:access-map", "star_5", 5, "数据引用写得规范，值得学习。", "Sources cited as they should be."),
        ]:
            self.story(week, s(actor, "rating", "rate_product", f"rating:{actor}/{item}", item, choice=star, after=item,
                               document={"kind": "rating", "quality": stars, "service": stars, "comment": T(zh, en)}))

    # -- demands, scenarios, plan -----------------------------------------------------
    def demand(self, week, user, body, item, title, text, *steps):
        self.story(week, s(user, "demand", "submit", item, organisation=self.ids[body], document={"kind": "demand", "title": T(*title), "description": T(*text)}), *steps)

    def plans(self):
        plan = "plan:2026"
        title = T("澄澜市 2026 年公共数据开放计划", "Chenglan open data plan for 2026")
        priorities = [T("出行与无障碍：公交到站准点率、无障碍设施", "Travel and access: punctuality of buses, accessible facilities"), T("海洋与防灾：风暴潮、积水实况与避难场所", "Sea and disasters: storm surge, floods and shelters"),
                      T("营商与就业：企业登记、岗位技能图谱", "Business and work: company register and skills wanted"), T("健康与养老：急救设施、长者服务点", "Health and care: first aid and services for older people")]

        def task(zh, en, task_zh, task_en, body, day):
            return {"content": T(zh, en), "task": T(task_zh, task_en), "unit": self.ids[body], "until": self.date(day)}
        tasks = [task("公交线路准点率与到站间隔", "Punctuality and intervals of bus routes", "完成口径制定与历史回补", "Define the measure and fill in the past", "bus", 150),
                 task("道路积水实时接口扩容", "More capacity for the live flood sensors", "接入下穿通道传感器四十处", "Connect forty sensors in underpasses", "water", 120),
                 task("近五年招生范围", "Catchments of the last five years", "历史版本数字化并校核", "Digitise and check past versions", "edu", 200),
                 task("社区急救设施巡检记录", "Checks of first-aid devices", "按月发布巡检日期与状态", "Publish dates and states monthly", "health", 170)]

        def body(**more):
            return {"kind": "plan", "year": 2026, "title": title, **more}

        def own(body_key, zh, en, *tasks_):
            return {"kind": "plan", "year": 2026, "title": T(f"{zh} 2026 年开放计划", f"{en}: open data plan for 2026"), "tasks": list(tasks_)}
        self.story(0, s("city-authority", "plan", "collect", plan, document=body(priorities=[]), name="collect"))
        self.demand(1, "user-person", "bus", "demand:punctuality", ("开放公交准点率", "Open the punctuality of buses"), ("希望按线路、时段提供准点率和大间隔次数，帮助乘客选择出行时间，也方便社会监督。", "Punctuality and long gaps by route and hour would help people choose when to travel, and help the public watch."),
                    s("bus-officer", "demand", "opine", "demand:punctuality", choice="support", document=op("调度系统已有到离站记录，统一口径后可以开放。", "Arrivals are recorded; with one definition they can be opened.", "同意 / support")),
                    s("city-authority", "demand", "accept", "demand:punctuality", document=op("需求普遍、风险较低，纳入年度重点。", "Widely wanted and of low risk: among the year's priorities.")),
                    s("city-authority", "demand", "plan", "demand:punctuality", refers_to=plan, name="demand-planned"))
        self.demand(1, "user-institute", "ocean", "demand:waves", ("开放浮标波浪谱", "Open wave spectra of the buoys"), ("海堤越浪计算需要波浪谱，目前只有有效波高。", "Overtopping of sea walls needs spectra; only wave heights are open."),
                    s("ocean-officer", "demand", "opine", "demand:waves", choice="oppose", document=op("现有浮标不存储谱数据，需更换设备，预计两年后具备条件。", "The buoys keep no spectra; new devices are needed, in some two years.", "不同意 / oppose")),
                    s("city-authority", "demand", "decline", "demand:waves", document=op("当前不具备技术条件，列入设备更新建议，暂不纳入。", "Not possible at present; it is noted for new equipment and not planned.")))
        self.demand(2, "user-group", "fire", "demand:refuge", ("开放应急避难场所无障碍信息", "Open step-free access of shelters"), ("轮椅使用者需要提前知道哪些避难场所可以进入。", "People in wheelchairs must know beforehand which shelters they can enter."),
                    s("fire-officer", "demand", "opine", "demand:refuge", choice="support", document=op("与避难场所数据由应急局统一发布，建议在该数据集增加字段。", "Shelters are published by the emergency bureau; a column there is the best way.", "同意 / support")),
                    s("city-authority", "demand", "accept", "demand:refuge", document=op("采纳，由应急管理局在《应急避难场所》中增加字段。", "Accepted; the emergency bureau adds it to “Emergency shelters”.")),
                    s("fire-officer", "demand", "meet", "demand:refuge", refers_to="entry:shelters"))
        self.demand(13, "user-company", "power", "demand:price", ("开放分时电价接口", "An interface for time-of-use prices"), ("充电应用需要机器可读的分时电价与调整日期。", "Charging apps need prices by hour and dates of change in machine-readable form."))
        self.story(3, s("city-authority", "plan", "set_priorities", plan, document=body(priorities=priorities), after="demand-planned", name="priorities"))
        for key, who, body_key, zh, en, one in [("bus", "bus-officer", "bus", "公交集团", "Bus Group", tasks[0]), ("water", "water-officer", "water", "市水务局", "Water Bureau", tasks[1]),
                                                ("edu", "edu-officer", "edu", "市教育局", "Education Bureau", tasks[2])]:
            self.story(4, s(who, "plan", "submit_own", f"plan:2026/{key}", plan, document=own(body_key, zh, en, one), after="priorities"),
                       s("city-reviewer", "plan", "accept_own", f"plan:2026/{key}"))
        self.story(4, s("health-officer", "plan", "submit_own", "plan:2026/health", plan, document=own("health", "市卫生健康委", "Health Commission"), after="priorities"),
                   s("city-reviewer", "plan", "return_own", "plan:2026/health", document=op("计划缺少任务、责任单位和完成时间，请补充。", "Tasks, units and dates are missing. Please add them.")),
                   s("health-officer", "plan", "revise_own", "plan:2026/health", document=own("health", "市卫生健康委", "Health Commission", tasks[3])),
                   s("city-reviewer", "plan", "accept_own", "plan:2026/health", name="own-plans"))
        self.story(6, s("city-authority", "plan", "draft", plan, document=body(priorities=priorities, tasks=tasks), after="own-plans"),
                   s("city-authority", "plan", "submit_to_committee", plan),
                   s("committee-chair", "plan", "approve", plan, document=op("经委员会会议审议通过，同意公开发布。", "Approved at the committee's meeting; to be published.", "审定 / approved")),
                   s("city-authority", "plan", "publish", plan))
        self.story(11, s("city-authority", "plan", "publish_supplementary", "plan:typhoon", choice="emergency", document={
            "kind": "plan", "year": 2026, "title": T("防御强台风补充开放计划", "Supplementary plan: severe typhoon"),
            "tasks": [task("积水、避难场所与转移安置数据加密更新", "Floods, shelters and evacuation, updated more often", "响应期间每半小时更新", "Every half hour while the response is on", "emergency", 100)],
            "basis": T("市防汛防台风指挥部启动二级应急响应", "The flood and typhoon command started a level II response")},
            basis={"kind": "basis", "citation": "深圳市公共数据开放管理办法（征求意见稿）第三十五条 / SZ 35",
                   "text": T("应对突发公共卫生事件或者其它紧急情况的部署，可以在开放计划外制定补充开放计划。", "For emergencies, a supplementary plan may be made outside the yearly plan.")}))
        self.story(5, s("transport-cdo", "scenario", "list", "scenario:transfer", document={
            "kind": "scenario", "title": T("轨道与公交“最后一公里”接驳优化", "The last mile between metro and bus"), "description": T("开放车站周边公交、共享单车与步行设施数据，征集接驳时刻协同和站点迁移方案。", "Data on buses, bikes and paths around stations; proposals for matching timetables and moving stops are sought."),
            "data": [T("轨道交通车站与出入口", "Metro stations and entrances"), T("公交站点位置", "Bus stop locations"), T("互联网租赁自行车停放区", "Shared bike parking areas")],
            "benefit": T("换乘步行距离缩短一成", "A tenth less walking when changing")}),
            s("user-company", "scenario", "take_up", "scenario:transfer", document=op("拟以三座车站为试点，提交时刻协同算法。", "We take three stations as a pilot and submit an algorithm for matching timetables.")))
        self.story(6, s("user-institute", "scenario", "propose", "scenario:surge", document={
            "kind": "scenario", "title": T("风暴潮叠加内涝的街道级预警", "Street-level warning of surge and flood together"), "description": T("融合潮位、降水与积水传感数据，提前两小时给出街道级积水预警。", "Tides, rain and sensors together, to warn streets two hours ahead."),
            "data": [T("潮汐预报", "Tide tables"), T("道路积水传感器实时接口", "Live road flood sensors")], "benefit": T("为转移安置争取两小时", "Two hours gained for evacuation")}),
            s("city-authority", "scenario", "accept", "scenario:surge", document=op("具有明显公共价值，同意纳入清单并协调数据。", "Of clear public value: accepted, and the data will be arranged.")),
            s("city-authority", "scenario", "list", "scenario:surge"))

    # -- supervision ---------------------------------------------------------------------
    def supervision(self):
        self.story(3, s("operator", "alert", "raise", "alert:aggregation", "entry:companies-basic", choice="aggregation", document=case(
            "alert", "多数据集关联可能推断企业用能", "Joining datasets may reveal a firm's energy use", "企业登记信息与园区用能公开指标按地址关联后，个别园区只剩一家企业，可反推其用能。",
            "Joined by address with energy figures of parks, the company register leaves a single firm in some parks, whose use could be inferred.")),
            s("city-authority", "alert", "confirm", "alert:aggregation", document=op("情况属实，转责任单位评估最小分组。", "True; the owner is to assess the smallest group.", "属实 / confirmed")),
            s("market-officer", "alert", "respond", "alert:aggregation", document=op("已将登记地址公开精度降至街道，三家以下园区合并。", "Addresses are now given by subdistrict, and parks with fewer than three firms are merged.")),
            s("city-authority", "alert", "handle", "alert:aggregation", document=op("复测无法反推，处置完毕。", "Tested again: nothing can be inferred. Handled.")))
        self.story(5, s("regulator-cyber", "alert", "raise", "alert:export", "entry:bus-stop-locations", choice="bulk_export", document=case(
            "alert", "境外地址短时批量下载", "Bulk download from abroad", "同一境外网段在二十分钟内下载开放数据四百余次。", "One network abroad downloaded open data more than four hundred times in twenty minutes.")),
            s("city-authority", "alert", "dismiss", "alert:export", document=op("所下载均为无条件开放类数据，来源为国际开放数据索引机构的例行收录，已核对其公开说明。", "All of it open without conditions, fetched by an international index of open data as it publicly describes. No risk.", "排除 / dismissed")))
        self.story(13, s("operator", "alert", "raise", "alert:night", "grant:energy", choice="other", document=case(
            "alert", "非工作时段集中下载", "Downloads at unusual hours", "凌晨两点至四点出现集中下载，速率为平时的八倍。", "Between two and four in the morning downloads ran at eight times the usual rate.")))
        i = "inspection:transport"
        self.story(7, s("city-authority", "inspection", "open", i, organisation=self.ids["transport"], document=case(
            "inspection", "目录更新与脱敏情况专项检查", "Inspection of catalogue updates and desensitisation", "抽查交通运输局十八条目录的更新时效、列说明和脱敏记录。", "Eighteen entries are checked for updates, definitions and desensitisation records.")),
            s("city-authority", "inspection", "find_org", i, marks=["catalogue"], document=op("两条目录超过承诺频率未更新，一列缺少单位说明。请十五个工作日内整改。", "Two entries are late against their promise and one column lacks its unit. Put right within fifteen working days.")),
            s("transport-officer", "inspection", "report", i, document=op("两条目录已更新并改为系统自动推送，列说明已补充。", "Both are updated and now sent automatically; the unit is added.")),
            s("city-authority", "inspection", "accept", i, document=op("复查合格。", "Re-checked: in order.", "合格 / accepted")))
        self.story(9, s("wangchao-reviewer", "inspection", "open_district", "inspection:wangchao", organisation=self.ids["wangchao-urban"], document=case(
            "inspection", "口袋公园数据现场核对", "Pocket parks checked on site", "抽取十二处口袋公园，核对位置、设施和照明。", "Twelve pocket parks are checked for place, equipment and lighting.")),
            s("wangchao-reviewer", "inspection", "clear", "inspection:wangchao", document=op("十二处均与数据一致。", "All twelve agree with the data.", "未发现问题 / no findings")))
        self.story(10, s("city-authority", "inspection", "open", "inspection:operator", organisation=self.ids["operator"], document=case(
            "inspection", "平台运营年度检查", "Yearly inspection of the operator", "检查制度落实、人员管理、备份恢复与日志留存。", "Rules, staff, backup and logs are inspected.")),
            s("city-authority", "inspection", "find_org", "inspection:operator", marks=["other"], document=op("备份恢复演练记录不完整，缺少第三季度恢复时间。", "Records of restore drills are incomplete: the time of the third quarter is missing.")))
        for week, actor, item, kind, title, conclusion, accept in [
            (1, "operator", "evidence:level", "protection_level", ("公共数据开放平台网络安全等级保护三级测评", "Network protection level 3 of the platform"), ("综合得分 91.6，结论为良，无高风险项。", "Score 91.6, good, no high risk."), True),
            (1, "operator", "evidence:cipher", "crypto_assessment", ("平台密码应用安全性评估", "Assessment of cryptography"), ("符合，签名与传输采用国密算法。", "Conforms; signatures and transport use the national algorithms."), True),
            (4, "operator", "evidence:check", "platform_check", ("第一季度平台安全检查", "Platform security check, first quarter"), ("发现低风险三项，已整改。", "Three low risks, put right."), True),
            (5, "secure-operator", "evidence:domain", "domain_check", ("安全域访问控制与防拍照检查", "Secure domain: access and photographs"), ("水印可读，门禁与录屏记录完整。", "Watermarks are legible; doors and screens are fully recorded."), True),
            (2, "eco-officer", "evidence:eco-plan", "emergency_plan", ("生态环境数据开放安全应急预案", "Emergency plan for environmental data"), ("修订后发布。", "Revised and issued."), True),
            (8, "health-officer", "evidence:health-review", "self_review", ("住院病案脱敏数据开放前安全审查", "Review before opening of discharge records"), ("重识别风险低于阈值。", "The risk of re-identification is below the limit."), True),
        ]:
            steps = [s(actor, "evidence", "file", item, choice=kind, document={"kind": "evidence", "title": T(*title), "period": "2026", "conclusion": T(*conclusion), "until": self.date(365)})]
            if accept:
                steps.append(s("city-authority", "evidence", "accept", item))
            self.story(week, *steps)
        self.story(6, s("operator", "evidence", "file", "evidence:drill", choice="emergency_drill", document={"kind": "evidence", "title": T("数据泄露应急演练", "Drill: data leak"), "period": "2026 Q1", "conclusion": T("三十八分钟完成处置。", "Handled in thirty-eight minutes.")}),
                   s("city-authority", "evidence", "return", "evidence:drill", document=op("缺少参演单位签到和复盘记录。", "The list of participants and the review are missing.")),
                   s("operator", "evidence", "renew", "evidence:drill", document={"kind": "evidence", "title": T("数据泄露应急演练（补充材料）", "Drill: data leak (with additions)"), "period": "2026 Q1",
                     "conclusion": T("补充签到与复盘，改进项四条。", "Participants and review added; four improvements.")}),
                   s("city-authority", "evidence", "accept", "evidence:drill"))
        a = "assessment:transport"
        self.story(8, s("city-authority", "assessment", "start", a, organisation=self.ids["transport"], document={"kind": "assessment", "year": 2025, "title": T("2025 年度公共数据开放评估：市交通运输局", "Open data assessment 2025: Transport Bureau")}),
                   s("assessor", "assessment", "report", a, document=op("目录完整、更新及时，接口可用率 99.2%；反馈响应偏慢。", "A complete catalogue, updated in time; interface available 99.2 %; answers somewhat slow.")),
                   s("city-authority", "assessment", "assess", a, document={"kind": "assessment", "year": 2025, "title": T("2025 年度公共数据开放评估：市交通运输局", "Open data assessment 2025: Transport Bureau"),
                     "scores": [{"name": "catalogue", "value": 93, "note": T("目录完整性", "Completeness")}, {"name": "timeliness", "value": 90, "note": T("更新及时性", "Timeliness")}, {"name": "service", "value": 78, "note": T("反馈服务", "Answers")}],
                     "conclusion": T("良好，需缩短意见答复时间。", "Good; answers should come faster.")}),
                   s("transport-officer", "assessment", "draft_plan", a, document=op("设专人答复意见，五个工作日内首次回应。", "One person answers, first within five working days.")),
                   s("transport-committee", "assessment", "review_plan", a, document=op("同意，纳入处室考核。", "Agreed; it counts in the sections' own review.", "通过 / passed")),
                   s("transport-officer", "assessment", "file_plan", a),
                   s("city-authority", "assessment", "close", a))
        self.story(12, s("city-authority", "assessment", "start", "assessment:eco", organisation=self.ids["eco"], document={"kind": "assessment", "year": 2025, "title": T("2025 年度公共数据开放评估：市生态环境局", "Open data assessment 2025: Environment Bureau")}))
        d = "dispute:rivers"
        self.story(4, s("eco-officer", "dispute", "raise", d, "entry:river-levels-hourly", document=case(
            "dispute", "河道断面编码不一致", "Codes of river sections disagree", "同一断面在环境与水务两套数据中编码不同，公众联用时无法对应。请求统一编码。", "The same section has different codes in two bodies' data, so people cannot join them. One code is asked for.")),
            s("water-officer", "dispute", "respond", d, document=op("编码用于防汛调度，更换影响既有系统，建议双方各自保留并发布对照表。", "Our codes serve flood control and are costly to change; we propose a table of both.")),
            s("eco-officer", "dispute", "to_level_committee", d, document=op("对照表维护责任未达成一致，提请委员会协调。", "Who keeps the table is not agreed; the committee is asked.")),
            s("committee-chair", "dispute", "settle", d, document=op("由市大数据中心维护统一断面对照表，双方每月核对，三个月内上线。", "The data centre keeps the table, both check monthly, in service within three months.", "达成一致 / settled")))
        self.story(9, s("metro-officer", "dispute", "raise_internal", "dispute:metro", document=case("dispute", "车站客流数据由哪个部门更新", "Which department updates station flows", "运营与信息部门对更新责任理解不一。", "Operations and IT differ on who updates.")))

    def corrections(self):
        o = "objection:section"
        self.story(3, s("user-institute", "objection", "file", o, "entry:surface-water-monthly", choice="wrong", document={
            "kind": "objection", "title": T("七月氨氮疑似单位错误", "Ammonia in July seems to be in another unit"), "description": T("两个断面的数值比前后月份高三个数量级。", "Two sections are a thousand times higher than the months around."), "wish": T("请核对单位。", "Please check the unit.")}),
            s("eco-officer", "objection", "correct", o, document=op("系录入时误用微克，已更正并发布修订版，感谢指正。", "Micrograms were entered by mistake; corrected and issued again. Thank you.")))
        o = "objection:land"
        self.story(5, s("user-person", "objection", "file", o, "entry:land-auctions", choice="missing", document={
            "kind": "objection", "title": T("缺少三宗流拍地块", "Three plots without bidders are missing"), "description": T("公告显示三宗流拍，数据集中没有。", "Notices show three plots without bidders; the dataset has none."), "wish": T("补录并注明原因。", "Add them with the reason.")}),
            s("trade-officer", "objection", "reject", o, document=op("流拍结果不属于成交结果。", "Plots without bidders are no deals.")),
            s("user-person", "objection", "escalate", o, document=op("数据集摘要写明“流拍与终止出让的宗地保留记录”。", "The abstract itself says that plots without bidders stay listed.")),
            s("city-authority", "objection", "uphold", o, document=op("摘要为公开承诺，应当补录。", "The abstract is a public promise: they must be added.", "成立 / upheld")),
            s("trade-officer", "objection", "correct", o, document=op("已补录三宗并回溯至二〇二三年。", "The three are added, and the past back to 2023.")))
        key = "dangerous-goods-transport"
        self.story(4, s("transport-officer", "desensitisation", "record", "desensitisation:goods", f"entry:{key}", document={
            "kind": "desensitisation", "method": T("删除路线与车辆标识，按五公里网格和月份汇总，少于五车次的网格合并。", "Routes and vehicles removed; summed by 5-km square and month, squares with fewer than five trips merged."),
            "columns": ["route_text", "departed_at", "waybill_no"], "standard": T("公共数据脱敏通用规范（示例）", "General rules for desensitising public data (sample)"), "responsible": "车行简 / Che Xingjian"}),
            s("city-reviewer", "desensitisation", "audit", "desensitisation:goods", document=op("处理记录完整，抽样复算一致。", "The record is complete, and a sample was recomputed.", "通过 / audited")),
            s("transport-officer", "opening", "propose_conditional", f"opening:{key}", choice="high_requirements", refers_to="desensitisation:goods", document={
                "kind": "opening", "reasons": T("脱敏后仅含网格月度运量，可支持路线安全评估；仍有较高安全要求，拟列为有条件开放。", "Only monthly quantities by square remain, of use for route safety; requirements stay high, so conditional opening is proposed."),
                "subjects": [T("具备安全评价资质的机构", "Licensed safety assessors")], "scenarios": [T("危险货物运输路线安全评估", "Assessing routes of dangerous goods")],
                "modes": [T("在安全域内使用，原始数据不出域", "Used inside the secure domain; raw data does not leave")], "materials": [T("资质证书与应用场景说明", "Licence and description of the use")], "grade": "3"}),
            s("security-reviewer", "opening", "approve", f"opening:{key}", document=op("经专家论证和安全审查，同意列为有条件开放类。", "After experts' advice and a security review: conditional.", "同意 / approved")))
        key = "fire-hydrants"
        self.story(6, s("fire-officer", "opening", "restrict_to_conditional", f"opening:{key}", choice="high_requirements", basis={
            "kind": "basis", "citation": "《中华人民共和国数据安全法》第二十一条 / Data Security Law, article 21",
            "text": T("国家建立数据分类分级保护制度，根据数据的重要程度和遭到破坏后的危害程度，对数据实行分类分级保护。", "The state protects data by class and grade, according to its importance and the harm that damage would do.")},
            document={"kind": "opening", "reasons": T("近期发生利用消火栓位置偷盗用水事件，精确位置与压力对处理能力要求较高，转为有条件开放；社区级数量统计继续无条件开放。",
                                                      "Water was stolen by means of exact places and pressures. These need care and become conditional; numbers by community stay open."),
                      "subjects": [T("消防技术服务与供水单位", "Fire safety services and water suppliers")], "scenarios": [T("消防水源保障与管网维护", "Water for fire fighting and maintenance")],
                      "modes": [T("按批准的额度通过接口调用，不得转接他人", "By interface within the quota granted, not passed on")], "materials": [T("单位资质与用途说明", "Licence and purpose")], "grade": "2",
                      "basis": T("数据安全法第二十一条", "Data Security Law, article 21")}))
        key = "weather-insurance-index"
        self.story(12, s("met-officer", "opening", "widen", f"opening:{key}", choice="low_risk", document={
            "kind": "opening", "reasons": T("经重新评估，村级指数不含个人与企业信息，风险较低，拟转为无条件开放。", "Assessed again: village indices hold nothing on people or firms, the risk is low, and opening without conditions is proposed."), "grade": "1"}))
        self.story(3, s("ocean-officer", "entry", "begin_update", "entry:tide-forecast"),
                   s("ocean-officer", "entry", "submit_update", "entry:tide-forecast", refers_to="opening:tide-forecast"),
                   s("city-reviewer", "entry", "pass_update", "entry:tide-forecast"),
                   s("security-reviewer", "entry", "publish", "entry:tide-forecast", document=op("更新内容为新增验潮站说明，无安全风险，同意发布。", "The update adds a note on gauges; no risk, to be published.", "通过 / passed")))
        self.story(8, s("culture-officer", "entry", "reevaluate", "entry:archaeology-prospects", document=op("经年度评估，法律规定未变，继续不予开放；已发掘完成的点位转入《文物保护单位与历史建筑》。",
                   "Evaluated for the year: the law is unchanged and it stays closed; sites fully dug move to “Protected monuments”.")))
        self.story(9, s("transport-officer", "resource", "withdraw", "resource:taxi-operations", document=op("月报并入出行运行年报，停止单独发布。", "The monthly report joins the travel report and is no longer issued.")),
                   s("transport-officer", "entry", "request_retirement", "entry:taxi-operations", document=op("数据并入新的出行运行报告，申请下架。", "Merged into the new travel report; retirement is asked for.")),
                   s("city-reviewer", "entry", "approve_retirement", "entry:taxi-operations"))

    def promotion(self):
        p = "support:fund"
        self.story(4, s("user-company", "support", "apply", p, choice="special_fund", document={"kind": "support", "title": T("电梯故障预测公共服务", "Prediction of lift failures as a public service"),
                     "description": T("面向老旧小区免费提供故障提前预警，申请算力与现场验证经费。", "Free early warning for old estates; funds for computing and trials are asked for."), "amount": "480000.00"}),
                   s("expert-law", "support", "opine", p, choice="support", document=op("公共价值明确，数据来源合规。", "Of clear public value, with lawful sources.", "同意 / support")),
                   s("city-authority", "support", "grant", p, document=op("核定支持三十六万元，分两期拨付，按季报告。", "360,000 yuan in two parts, with reports each quarter.", "批准 / granted")),
                   s("user-company", "support", "report", p, document=op("首期覆盖四十二个小区，提前预警八十六次，其中七十一次经维保核实。", "Forty-two estates, eighty-six warnings, seventy-one verified.")),
                   s("city-authority", "support", "close", p, document=op("绩效达标，结项。", "The targets are met: closed.")))
        self.story(13, s("user-institute", "support", "apply", "support:lab", choice="open_laboratory", document={"kind": "support", "title": T("海岸韧性公共数据开放实验室", "Open laboratory for coastal resilience"),
                     "description": T("汇聚潮位、降水与地形数据，供高校和企业联合验证风暴潮预警算法。", "Tides, rain and terrain together, for universities and firms to test surge warnings.")}))
        v = "survey:2026"
        self.story(2, s("city-authority", "survey", "announce", v, document={"kind": "survey", "title": T("2026 年公共数据资源普查", "Census of public data 2026"), "description": T("各单位盘点信息系统、数据资源与编目情况，三月底前报送。", "Every body lists its systems, data and catalogue by the end of March.")}, name="survey"))
        for key, officer, entries, percent, systems in [("eco", "eco-officer", 15, 98, [("空气质量自动监测系统", "Automatic air monitoring"), ("污染源自动监控系统", "Emission monitoring system")]),
                                                        ("transport", "transport-officer", 9, 96, [("停车诱导系统", "Parking guidance system"), ("道路运输与养护系统", "Road transport and maintenance")])]:
            self.story(4, s(officer, "survey", "answer", f"survey:{key}", v, after="survey", document={"kind": "survey", "title": T("普查答复", "Answer to the census"), "description": T("已完成系统与目录比对。", "Systems and catalogue are compared."),
                       "systems": [T(*x) for x in systems], "entries": entries, "catalogued_percent": percent}), s("city-reviewer", "survey", "accept", f"survey:{key}"))
        self.story(5, s("civil-cdo", "survey", "answer", "survey:civil", v, after="survey", document={"kind": "survey", "title": T("普查答复", "Answer to the census"), "description": T("初步盘点。", "A first count."), "entries": 13, "catalogued_percent": 71}),
                   s("city-reviewer", "survey", "return", "survey:civil", document=op("缺少智慧养老平台的资源清单。", "The care platform's data is missing.")),
                   s("civil-cdo", "survey", "revise", "survey:civil", document={"kind": "survey", "title": T("普查答复（补充）", "Answer to the census (with additions)"), "description": T("补充智慧养老服务平台的十二类资源。", "Twelve kinds of data of the care platform are added."),
                     "systems": [T("智慧养老服务平台", "Smart care platform")], "entries": 25, "catalogued_percent": 94}))
        self.story(6, s("pricing", "survey", "pass_gate", "gate:transport", organisation=self.ids["transport"], choice="approval", document={"kind": "survey", "title": T("停车管理系统升级立项：目录审核", "Catalogue gate: upgrade of the parking system"),
                     "description": T("目录编制率 96%，更新及时，同意立项。", "96 % catalogued and up to date: the project may begin."), "catalogued_percent": 96}))
        self.story(7, s("finance-officer", "survey", "fail_gate", "gate:edu", organisation=self.ids["edu"], choice="operation", document={"kind": "survey", "title": T("校园管理系统运维经费：目录审核", "Catalogue gate: running costs of the campus system"),
                     "description": T("系统内四类资源未编目，补编后重新申请运维经费。", "Four kinds of data are not catalogued; apply again when they are."), "catalogued_percent": 62}))


def stories(ids, day0):
    out = Stories(ids, day0)
    for part in (out.commitments, out.applications, out.complaints, out.products, out.ratings, out.plans, out.supervision, out.corrections, out.promotion):
        part()
    return out.out
