# SPDX-License-Identifier: Apache-2.0
"""The invented city: districts, organisations, people, systems, conditions. All names are fictional."""


def T(zh, en):
    return {"zh": zh, "en": en}


CITY = T("澄澜市", "Chenglan")
BANNER = T("示例数据：澄澜市及其机构、人员、企业和数值均为虚构，仅供演示。",
           "Sample data: the city of Chenglan, its bodies, people, companies and figures are invented, for demonstration only.")
# In the open sea, so that nobody takes the places for real ones.
CENTRE = (122.60, 28.20)

# key, zh, en, offset of the centre in degrees, radius, people in 10,000, what is special about it (zh, en), subdistricts
DISTRICTS = [
    ("wangchao", "望潮区", "Wangchao District", (0.00, 0.00), 0.055, 96,
     "老城骑楼街巷内的站点以适老化改造为主", "most of them converted in the arcaded lanes of the old town",
     ["潮音街道", "鼓角街道", "骑楼街道", "望海街道", "灯塔街道"]),
    ("yunjia", "云岬区", "Yunjia District", (0.13, 0.03), 0.05, 62,
     "沿海岬步道串联布置", "strung along the path around the headland",
     ["云岬街道", "听涛街道", "白沙街道", "双螺街道"]),
    ("qingping", "青屏区", "Qingping District", (-0.14, 0.10), 0.075, 48,
     "山地片区按自然村落设点", "placed by natural village in the hills",
     ["青屏街道", "松岭街道", "茶溪镇", "石门镇"]),
    ("chenghu", "澄湖区", "Chenghu District", (-0.11, -0.03), 0.06, 121,
     "与环湖绿道和新建社区同步规划", "planned together with the lakeside path and new estates",
     ["澄湖街道", "柳堤街道", "锦帆街道", "新澜街道", "荷塘街道"]),
    ("shifan", "石帆区", "Shifan District", (0.05, -0.13), 0.065, 55,
     "兼顾渔港社区的早市作息", "with hours that suit the early markets of the fishing port",
     ["石帆街道", "渔港街道", "盐町街道", "银滩镇"]),
    ("nanting", "南汀区", "Nanting District", (-0.06, -0.15), 0.07, 73,
     "围绕大学城和科创园布局", "laid out around the university town and the science park",
     ["南汀街道", "书院街道", "科创街道", "临溪镇"]),
    ("yanpu", "雁浦区", "Yanpu District", (0.12, 0.14), 0.065, 68,
     "就近服务港口产业社区的职工家庭", "close to the families who work in the port's industries",
     ["雁浦街道", "港前街道", "船坞街道", "星礁镇"]),
    ("xiayu", "霞屿区", "Xiayu District", (0.24, -0.05), 0.05, 27,
     "覆盖本岛与三座有人居住的离岛", "covering the main island and three inhabited outer ones",
     ["霞屿街道", "东澳镇", "南礁镇"]),
]

TOPICS = [
    ("transport", "交通出行", "Transport"), ("environment", "生态环境", "Environment"), ("meteorology", "气象服务", "Weather"),
    ("health", "卫生健康", "Health"), ("education", "教育", "Education"), ("business", "市场监管与营商", "Business and markets"),
    ("housing", "住房与建设", "Housing and construction"), ("energy", "能源", "Energy"), ("culture", "文化旅游体育", "Culture, tourism and sport"),
    ("elderly", "养老与民政", "Care and civil affairs"), ("emergency", "应急与消防", "Emergency and fire"), ("water", "水务", "Water"),
    ("ocean", "海洋渔业", "Sea and fisheries"), ("agriculture", "农业农村", "Agriculture"), ("finance", "财政与统计", "Finance and statistics"),
    ("employment", "就业与社保", "Work and social insurance"), ("planning", "规划与城市管理", "Planning and city management"),
    ("industry", "产业与科技", "Industry and science"), ("government", "政务与法治", "Government and law"), ("districts", "各区专题", "Districts"),
]

AUTHORITY, PUBLIC_BODY, OPERATOR, USER_ORG, REGULATOR, GOVERNMENT, COMMITTEE, OTHER = range(1, 9)

# key, kind, zh, en, short zh, short en. The first is the root of everything.
CITY_BODIES = [
    ("data", AUTHORITY, "澄澜市政务服务数据管理局", "Chenglan Government Services and Data Administration", "市政数局", "City Data Administration"),
    ("gov", GOVERNMENT, "澄澜市人民政府", "Chenglan Municipal People's Government", "市政府", "City Government"),
    ("committee", COMMITTEE, "澄澜市公共数据专业委员会", "Chenglan Public Data Committee", "市数据专委会", "City Data Committee"),
    ("experts", COMMITTEE, "澄澜市公共数据开放专家委员会", "Chenglan Open Data Expert Committee", "专家委", "Expert Committee"),
    ("operator", OPERATOR, "澄澜市公共数据开放平台运营中心", "Chenglan Open Data Platform Operations Centre", "平台运营中心", "Platform Operations"),
    ("cac", REGULATOR, "澄澜市互联网信息办公室", "Chenglan Cyberspace Administration", "市网信办", "Cyberspace Administration"),
    ("police", REGULATOR, "澄澜市公安局", "Chenglan Public Security Bureau", "市公安局", "Police"),
    ("security", REGULATOR, "澄澜市国家安全局", "Chenglan State Security Bureau", "市国家安全局", "State Security"),
    ("secrecy", REGULATOR, "澄澜市国家保密局", "Chenglan State Secrecy Bureau", "市保密局", "Secrecy Bureau"),
    ("cipher", REGULATOR, "澄澜市密码管理局", "Chenglan Cryptography Administration", "市密码局", "Cryptography Administration"),
    ("telecom", REGULATOR, "澄澜市通信管理局", "Chenglan Communications Administration", "市通信管理局", "Communications Administration"),
    ("bigdata", PUBLIC_BODY, "澄澜市大数据资源中心", "Chenglan Data Resources Centre", "市大数据中心", "Data Resources"),
    ("drc", PUBLIC_BODY, "澄澜市发展和改革委员会", "Chenglan Development and Reform Commission", "市发展改革委", "Development and Reform"),
    ("edu", PUBLIC_BODY, "澄澜市教育局", "Chenglan Education Bureau", "市教育局", "Education"),
    ("sti", PUBLIC_BODY, "澄澜市科技创新局", "Chenglan Science and Innovation Bureau", "市科技创新局", "Science and Innovation"),
    ("miit", PUBLIC_BODY, "澄澜市工业和信息化局", "Chenglan Industry and Information Technology Bureau", "市工业和信息化局", "Industry and IT"),
    ("traffic-police", PUBLIC_BODY, "澄澜市公安局交通警察支队", "Chenglan Traffic Police", "市交警支队", "Traffic Police"),
    ("civil", PUBLIC_BODY, "澄澜市民政局", "Chenglan Civil Affairs Bureau", "市民政局", "Civil Affairs"),
    ("justice", PUBLIC_BODY, "澄澜市司法局", "Chenglan Justice Bureau", "市司法局", "Justice"),
    ("finance", PUBLIC_BODY, "澄澜市财政局", "Chenglan Finance Bureau", "市财政局", "Finance"),
    ("hr", PUBLIC_BODY, "澄澜市人力资源和社会保障局", "Chenglan Human Resources and Social Security Bureau", "市人力资源社会保障局", "Human Resources"),
    ("plan", PUBLIC_BODY, "澄澜市规划和自然资源局", "Chenglan Planning and Natural Resources Bureau", "市规划和自然资源局", "Planning"),
    ("eco", PUBLIC_BODY, "澄澜市生态环境局", "Chenglan Ecology and Environment Bureau", "市生态环境局", "Environment"),
    ("housing", PUBLIC_BODY, "澄澜市住房和建设局", "Chenglan Housing and Construction Bureau", "市住房建设局", "Housing"),
    ("transport", PUBLIC_BODY, "澄澜市交通运输局", "Chenglan Transport Bureau", "市交通运输局", "Transport"),
    ("water", PUBLIC_BODY, "澄澜市水务局", "Chenglan Water Bureau", "市水务局", "Water"),
    ("ocean", PUBLIC_BODY, "澄澜市海洋渔业局", "Chenglan Ocean and Fisheries Bureau", "市海洋渔业局", "Ocean and Fisheries"),
    ("agri", PUBLIC_BODY, "澄澜市农业农村局", "Chenglan Agriculture Bureau", "市农业农村局", "Agriculture"),
    ("commerce", PUBLIC_BODY, "澄澜市商务局", "Chenglan Commerce Bureau", "市商务局", "Commerce"),
    ("culture", PUBLIC_BODY, "澄澜市文化广电旅游体育局", "Chenglan Culture, Tourism and Sports Bureau", "市文体旅游局", "Culture and Tourism"),
    ("health", PUBLIC_BODY, "澄澜市卫生健康委员会", "Chenglan Health Commission", "市卫生健康委", "Health"),
    ("emergency", PUBLIC_BODY, "澄澜市应急管理局", "Chenglan Emergency Management Bureau", "市应急管理局", "Emergency Management"),
    ("market", PUBLIC_BODY, "澄澜市市场监督管理局", "Chenglan Market Regulation Bureau", "市市场监管局", "Market Regulation"),
    ("stat", PUBLIC_BODY, "澄澜市统计局", "Chenglan Statistics Bureau", "市统计局", "Statistics"),
    ("medins", PUBLIC_BODY, "澄澜市医疗保障局", "Chenglan Healthcare Security Bureau", "市医保局", "Healthcare Security"),
    ("urban", PUBLIC_BODY, "澄澜市城市管理和综合执法局", "Chenglan Urban Management Bureau", "市城管局", "Urban Management"),
    ("met", PUBLIC_BODY, "澄澜市气象局", "Chenglan Meteorological Bureau", "市气象局", "Meteorology"),
    ("fire", PUBLIC_BODY, "澄澜市消防救援支队", "Chenglan Fire and Rescue", "市消防救援支队", "Fire and Rescue"),
    ("bus", PUBLIC_BODY, "澄澜公共交通集团", "Chenglan Bus Group", "公交集团", "Bus Group"),
    ("metro", PUBLIC_BODY, "澄澜轨道交通集团", "Chenglan Metro Group", "轨道集团", "Metro Group"),
    ("watergroup", PUBLIC_BODY, "澄澜水务集团", "Chenglan Water Group", "水务集团", "Water Group"),
    ("power", PUBLIC_BODY, "澄澜供电局", "Chenglan Power Supply", "供电局", "Power Supply"),
    ("gas", PUBLIC_BODY, "澄澜燃气集团", "Chenglan Gas Group", "燃气集团", "Gas Group"),
    ("port", PUBLIC_BODY, "澄澜港务集团", "Chenglan Port Group", "港务集团", "Port Group"),
    ("fund", PUBLIC_BODY, "澄澜市住房公积金管理中心", "Chenglan Housing Provident Fund Centre", "公积金中心", "Provident Fund"),
    ("trade", PUBLIC_BODY, "澄澜市公共资源交易中心", "Chenglan Public Resources Exchange", "公共资源交易中心", "Public Resources Exchange"),
    ("lib", PUBLIC_BODY, "澄澜图书馆", "Chenglan Library", "市图书馆", "City Library"),
]
USERS = [
    ("tidemind", USER_ORG, "澄澜潮汐智能科技有限公司（示例）", "Chenglan Tidemind Technology Co., Ltd. (sample)", "潮汐智能", "Tidemind"),
    ("coastlab", USER_ORG, "澄澜大学海岸城市研究院（示例）", "Institute of Coastal Cities, Chenglan University (sample)", "海岸城市研究院", "Coastal Cities Institute"),
    ("shiguang", USER_ORG, "拾光无障碍地图志愿团队（示例）", "Shiguang Accessible Maps, a volunteer group (sample)", "拾光志愿团队", "Shiguang"),
    ("assess", OTHER, "澄澜数据治理评估中心（示例）", "Chenglan Data Governance Assessment Centre (sample)", "评估中心", "Assessment Centre"),
]
DISTRICT_BODIES = [("civil", "民政局", "Civil Affairs Bureau"), ("urban", "城市管理和综合执法局", "Urban Management Bureau")]


def organisations():
    """(rows for city.json, id by key). City bodies and authorities come before those below them."""
    rows, ids = [], {}

    def add(key, parent, kind, name, short):
        ids[key] = len(rows) + 1
        rows.append({"id": ids[key], "key": key, "parent": parent, "kind": kind, "name": name, "short": short})

    for key, kind, zh, en, short_zh, short_en in CITY_BODIES:
        add(key, 0 if not rows else 1, kind, T(zh, en), T(short_zh, short_en))
    for key, zh, en, *_ in DISTRICTS:
        add(key, 1, AUTHORITY, T(f"{zh}政务服务数据管理局", f"{en} Data Administration"), T(f"{zh}政数局", f"{en} Data"))
    for key, zh, en, *_ in DISTRICTS:
        for body, body_zh, body_en in DISTRICT_BODIES:
            add(f"{key}-{body}", ids[key], PUBLIC_BODY, T(zh + body_zh, f"{en} {body_en}"), T(zh + body_zh, f"{en} {body_en}"))
    for key, kind, zh, en, short_zh, short_en in USERS:
        add(key, 0, kind, T(zh, en), T(short_zh, short_en))
    return rows, ids


# key, name zh, name en, organisation key ("" none), roles, post zh, post en
PEOPLE = [
    ("city-authority", "沈知澜", "Shen Zhilan", "data", ["city_authority"], "市公共数据主管部门负责人", "Head, city data authority"),
    ("city-reviewer", "顾听舟", "Gu Tingzhou", "data", ["city_authority"], "目录汇总审核员", "City catalogue reviewer"),
    ("security-reviewer", "岑守真", "Cen Shouzhen", "data", ["city_authority"], "开放前安全审查员", "Security reviewer before opening"),
    ("bigdata-officer", "庄言蹊", "Zhuang Yanxi", "bigdata", ["owner_org"], "市大数据中心目录管理员", "Catalogue officer, Data Resources"),
    ("mayor-office", "韩临川", "Han Linchuan", "gov", ["government"], "市政府办公室督查处", "Supervision section, City Government"),
    ("committee-chair", "陆望山", "Lu Wangshan", "committee", ["level_committee"], "市公共数据专业委员会主任", "Chair, City Data Committee"),
    ("committee-member", "叶明屿", "Ye Mingyu", "committee", ["level_committee"], "市公共数据专业委员会委员", "Member, City Data Committee"),
    ("expert-privacy", "白既白", "Bai Jibai", "experts", ["expert"], "隐私计算专家", "Expert in privacy computing"),
    ("expert-law", "苏令仪", "Su Lingyi", "experts", ["expert"], "数据法学专家", "Expert in data law"),
    ("operator", "江晚舟", "Jiang Wanzhou", "operator", ["platform_operator"], "平台运营值班长", "Shift lead, platform operations"),
    ("secure-operator", "闻人静", "Wenren Jing", "operator", ["secure_operator"], "安全域运营员", "Secure domain operator"),
    ("regulator-cyber", "秦观海", "Qin Guanhai", "cac", ["regulator_cyber"], "网络数据管理处", "Network data section, Cyberspace Administration"),
    ("regulator-police", "雷正声", "Lei Zhengsheng", "police", ["regulator_police"], "网络安全保卫支队", "Network security, Police"),
    ("regulator-security", "萧一鸣", "Xiao Yiming", "security", ["regulator_security"], "国家安全监管联络员", "Liaison, State Security"),
    ("regulator-secrecy", "慕容澈", "Murong Che", "secrecy", ["regulator_secrecy"], "保密审查员", "Secrecy reviewer"),
    ("regulator-cipher", "柯思密", "Ke Simi", "cipher", ["regulator_cipher"], "商用密码应用管理处", "Commercial cryptography section"),
    ("regulator-telecom", "方通达", "Fang Tongda", "telecom", ["regulator_telecom"], "网络与数据安全处", "Network and data security section"),
    ("assessor", "温如玉", "Wen Ruyu", "assess", ["assessor"], "第三方评估师", "Independent assessor"),
    ("auditor", "简清和", "Jian Qinghe", "", ["user_person"], "社会监督员（凭公开证据核验）", "Public auditor, who checks by published evidence"),
    ("pricing", "裴有度", "Pei Youdu", "drc", ["owner_org", "pricing"], "价格与信息化项目处", "Prices and IT projects, Development and Reform"),
    ("finance-officer", "钱守衡", "Qian Shouheng", "finance", ["owner_org", "finance"], "预算处数据管理员", "Budget section, Finance"),
    ("transport-officer", "车行简", "Che Xingjian", "transport", ["owner_org"], "市交通运输局目录管理员", "Catalogue officer, Transport"),
    ("transport-committee", "梁济川", "Liang Jichuan", "transport", ["org_committee"], "本机构数据专委会委员", "Data committee, Transport"),
    ("transport-cdo", "程致远", "Cheng Zhiyuan", "transport", ["cdo", "industry_authority"], "首席数据官（分管副局长）", "Chief data officer, Transport"),
    ("metro-officer", "陶知行", "Tao Zhixing", "metro", ["owner_org"], "轨道集团数据管理员", "Data officer, Metro Group"),
    ("eco-officer", "林见青", "Lin Jianqing", "eco", ["owner_org"], "市生态环境局目录管理员", "Catalogue officer, Environment"),
    ("eco-committee", "何其蓁", "He Qizhen", "eco", ["org_committee"], "本机构数据专委会委员", "Data committee, Environment"),
    ("edu-committee", "孟观澜", "Meng Guanlan", "edu", ["org_committee"], "本机构数据专委会委员", "Data committee, Education"),
    ("health-officer", "安若素", "An Ruosu", "health", ["owner_org"], "市卫生健康委目录管理员", "Catalogue officer, Health"),
    ("civil-cdo", "宋长龄", "Song Changling", "civil", ["owner_org", "cdo"], "首席数据官", "Chief data officer, Civil Affairs"),
    ("user-person", "许星野", "Xu Xingye", "", ["user_person"], "独立开发者", "Independent developer"),
    ("user-citizen", "唐小满", "Tang Xiaoman", "", ["user_person"], "市民", "Citizen"),
    ("user-company", "贺潮生", "He Chaosheng", "tidemind", ["user_legal"], "潮汐智能数据合规经理", "Data compliance manager, Tidemind"),
    ("user-institute", "谢知微", "Xie Zhiwei", "coastlab", ["user_legal"], "海岸城市研究院研究员", "Researcher, Coastal Cities Institute"),
    ("user-group", "莫无碍", "Mo Wu'ai", "shiguang", ["user_unincorporated"], "拾光志愿团队召集人", "Convenor, Shiguang"),
]


def actors(ids):
    """PEOPLE, a reviewer for each district, and a catalogue officer for each body that has none."""
    rows = []

    def add(key, zh, en, organisation, roles, post_zh, post_en):
        rows.append({"key": key, "name": T(zh, en), "organisation": ids[organisation] if organisation else 0, "roles": roles,
                     "title": T(post_zh, post_en), "email": f"{key}@chenglan.example"})

    for person in PEOPLE:
        add(*person)
    family = ["丁|Ding", "于|Yu", "万|Wan", "毛|Mao", "卢|Lu", "田|Tian", "任|Ren", "向|Xiang", "汤|Tang", "严|Yan", "杜|Du", "肖|Xiao", "余|Yu",
              "汪|Wang", "范|Fan", "金|Jin", "周|Zhou", "郑|Zheng", "胡|Hu", "段|Duan", "俞|Yu", "姚|Yao", "姜|Jiang", "徐|Xu", "高|Gao", "郭|Guo"]
    given = ["之恒|Zhiheng", "景行|Jingxing", "云舒|Yunshu", "思齐|Siqi", "怀瑾|Huaijin", "以宁|Yining", "若谷|Ruogu", "清越|Qingyue", "嘉言|Jiayan",
             "望舒|Wangshu", "乐之|Lezhi", "书白|Shubai", "允中|Yunzhong", "南乔|Nanqiao", "子衿|Zijin", "修远|Xiuyuan", "知夏|Zhixia", "令闻|Lingwen"]

    def name(i):
        (zh, en), (given_zh, given_en) = family[i * 7 % len(family)].split("|"), given[i * 5 % len(given)].split("|")
        return zh + given_zh, f"{en} {given_en}"

    serial = 0
    for key, zh, en, *_ in DISTRICTS:
        add(f"{key}-reviewer", *name(serial), key, ["district_authority"], f"{zh}目录审核员", f"Reviewer, {en}")
        serial += 1
    with_officer = {row["organisation"] for row in rows if "owner_org" in row["roles"]}
    for key, kind, _, _, short_zh, short_en in CITY_BODIES:
        if kind == PUBLIC_BODY and ids[key] not in with_officer:
            add(f"{key}-officer", *name(serial), key, ["owner_org"], f"{short_zh}目录管理员", f"Catalogue officer, {short_en}")
            serial += 1
    for key, zh, en, *_ in DISTRICTS:
        for body, body_zh, body_en in DISTRICT_BODIES:
            add(f"{key}-{body}-officer", *name(serial), f"{key}-{body}", ["owner_org"], f"{zh}{body_zh}目录管理员", f"Catalogue officer, {en} {body_en}")
            serial += 1
    return rows


# The system that holds the data; "-" in the catalogue: the one of the organisation.
ORGANISATION_SYSTEMS = {
    "agri": ("农业农村大数据平台", "Agriculture data platform"), "bus": ("智能公交调度系统", "Bus dispatching system"),
    "civil": ("民政业务综合信息系统", "Civil affairs system"), "edu": ("教育管理信息系统", "Education management system"),
    "emergency": ("应急指挥综合信息系统", "Emergency command system"), "finance": ("预算管理一体化系统", "Integrated budget system"),
    "fire": ("消防救援业务系统", "Fire and rescue system"), "fund": ("住房公积金业务系统", "Provident fund system"),
    "gas": ("燃气运营管理系统", "Gas operations system"), "health": ("全民健康信息平台", "Population health platform"),
    "hr": ("人力资源社会保障一体化系统", "Human resources and social security system"), "justice": ("司法行政综合系统", "Justice administration system"),
    "lib": ("图书馆集成管理系统", "Library system"), "market": ("市场监管业务系统", "Market regulation system"),
    "metro": ("轨道交通线网指挥平台", "Metro network control"), "power": ("电力营销与调度系统", "Power sales and dispatching"),
    "stat": ("统计业务系统", "Statistics system"), "sti": ("科技业务管理系统", "Science programme system"),
    "trade": ("公共资源交易系统", "Public resources exchange system"), "watergroup": ("供水生产调度系统", "Water supply dispatching"),
    "urban": ("城市管理综合系统", "Urban management system"),
}
SYSTEMS = {
    "admission": ("义务教育招生系统", "School admission system"), "aid": ("学生资助管理系统", "Student aid system"), "air": ("空气质量自动监测系统", "Automatic air monitoring"),
    "archive": ("数字档案馆系统", "Digital archives"), "assets": ("国有资产管理系统", "State assets system"), "blood": ("血液管理信息系统", "Blood service system"),
    "buoy": ("海洋观测网", "Ocean observation network"), "cdc": ("疾病预防控制信息系统", "Disease control system"), "charging": ("充电设施监管平台", "Charging supervision platform"),
    "compute": ("城市智算中心调度平台", "City computing centre"), "construction": ("工程建设监管平台", "Construction supervision platform"), "credit": ("公共信用信息平台", "Public credit platform"),
    "digital": ("工业经济运行平台", "Industrial economy platform"), "drug": ("药品供应监测系统", "Medicine supply monitoring"), "emergency120": ("院前急救调度系统", "Ambulance dispatching"),
    "energy-stat": ("能源运行监测平台", "Energy monitoring platform"), "enforcement": ("行政执法综合平台", "Administrative enforcement platform"), "equipment": ("特种设备监管系统", "Special equipment system"),
    "estate": ("不动产登记系统", "Land registration system"), "event": ("公共文化云平台", "Culture cloud"), "ferry": ("水上客运管理系统", "Passenger shipping system"),
    "fishery": ("渔业管理系统", "Fisheries system"), "flood": ("三防指挥系统", "Flood control system"), "food": ("食品安全监管系统", "Food safety system"), "geo": ("地理信息公共服务平台", "Geographic information platform"),
    "gis": ("管网地理信息系统", "Network GIS"), "green": ("园林绿化管理系统", "Parks and greens system"), "grid": ("城市管理网格平台", "City grid platform"), "hall": ("政务大厅排队系统", "Service hall queue system"),
    "hazard": ("地质灾害监测预警系统", "Geological hazard warning"), "heritage": ("文化遗产管理系统", "Heritage system"), "homecare": ("智慧养老服务平台", "Smart care platform"), "hotline": ("市民服务热线平台", "Citizens' hotline"),
    "iiot": ("工业互联网安全态势平台", "Industrial internet security platform"), "inspection": ("消防监督管理系统", "Fire inspection system"), "instruments": ("科研仪器共享平台", "Instrument sharing platform"),
    "insurance": ("农业保险管理系统", "Farm insurance system"), "insurance-hr": ("社会保险经办系统", "Social insurance system"), "ip": ("知识产权服务系统", "Intellectual property system"), "items": ("政务服务事项库", "Government services register"),
    "jobs": ("公共就业服务平台", "Public employment platform"), "labour": ("劳动保障监察系统", "Labour inspection system"), "landuse": ("国土空间基础信息平台", "Spatial planning platform"), "legal": ("公共法律服务平台", "Public legal services"),
    "legislation": ("规范性文件管理系统", "Rules and regulations system"), "licence": ("电子证照系统", "Electronic licence system"), "light": ("城市照明监控系统", "Street lighting control"), "marine": ("海洋预报与环境监测系统", "Marine forecast and monitoring"),
    "market": ("农贸市场管理系统", "Fresh market system"), "market-watch": ("农产品市场监测系统", "Farm produce market watch"), "media": ("媒体资产管理系统", "Media assets system"), "medins-core": ("医疗保障信息平台", "Healthcare security platform"),
    "meter": ("智能水表采集系统", "Smart water metering"), "museum": ("博物馆综合管理系统", "Museum system"), "noise": ("声环境自动监测系统", "Automatic noise monitoring"), "online": ("污染源自动监控系统", "Emission monitoring system"),
    "outage": ("配电运行管理系统", "Distribution operations system"), "park": ("园区经济服务系统", "Industrial park system"), "parking": ("停车诱导系统", "Parking guidance system"), "performance": ("预算绩效管理系统", "Budget performance system"),
    "permit": ("行政审批系统", "Administrative permit system"), "plan": ("应急预案管理系统", "Emergency plan system"), "plant": ("植保监测系统", "Plant protection system"), "platform": ("公共数据开放平台", "Open data platform"),
    "price": ("价格管理系统", "Price administration system"), "property": ("物业管理信息系统", "Property management system"), "radar": ("天气雷达业务系统", "Weather radar system"), "realestate": ("房地产市场监管系统", "Real estate supervision"),
    "records": ("医疗健康大数据中心", "Health data centre"), "register": ("学籍与考试管理系统", "Pupil and examination system"), "relief": ("社会救助系统", "Social relief system"), "remote": ("遥感监测系统", "Remote sensing system"),
    "rental": ("住房保障与租赁系统", "Housing security and rental system"), "research": ("统计调查研究平台", "Survey research platform"), "reservoir": ("水库调度系统", "Reservoir control system"), "road": ("道路运输与养护系统", "Road transport and maintenance"),
    "rural": ("农村产权交易系统", "Rural property exchange"), "safety": ("安全生产监管系统", "Work safety system"), "sanitation": ("环卫作业系统", "Sanitation system"), "sewage": ("排水与污水处理系统", "Drainage and sewage system"),
    "signal": ("交通管理综合应用平台", "Traffic management platform"), "slow": ("慢行交通管理系统", "Cycling and walking system"), "socialorg": ("社会组织管理系统", "Social organisations system"), "soil": ("土壤与生态监测系统", "Soil and ecology monitoring"),
    "soil-farm": ("耕地质量监测系统", "Farmland monitoring"), "sport": ("体育与健康管理系统", "Sport and fitness system"), "standard": ("标准信息平台", "Standards platform"), "station": ("地面气象观测系统", "Surface weather observation"),
    "subsidy": ("惠企惠民资金发放系统", "Subsidy payment system"), "supplies": ("应急物资保障系统", "Emergency supplies system"), "survey": ("统计调查业务系统", "Survey system"), "talent": ("人才服务系统", "Talent service system"),
    "tax": ("综合治税平台", "Tax data platform"), "taxi": ("出租汽车监管系统", "Taxi supervision system"), "terminal": ("港口生产作业系统", "Port operations system"), "testing": ("农产品检测系统", "Farm produce testing"),
    "tourism": ("文旅运行监测平台", "Tourism monitoring platform"), "training": ("校外培训监管系统", "Tutoring supervision"), "training-hr": ("职业培训系统", "Vocational training system"),
    "transfer": ("科技成果转化平台", "Technology transfer platform"), "treasury": ("国库集中支付系统", "Treasury payment system"), "typhoon": ("台风业务系统", "Typhoon system"), "vessel": ("渔船与船舶动态监管系统", "Vessel watch system"),
    "vet": ("动物防疫系统", "Animal health system"), "village": ("乡村旅游服务系统", "Rural tourism system"), "warning": ("预警与预报发布系统", "Warning and forecast system"), "waste": ("固体废物管理系统", "Solid waste system"),
    "waste-urban": ("垃圾分类管理系统", "Waste sorting system"), "water-monitor": ("水环境监测系统", "Water monitoring system"), "trade": ("商务运行监测系统", "Commerce monitoring system"),
}

# Conditions by profile: subjects SZ 25, scenario clause SZ 26, modes SZ 27, delivery SZ 39, grade.
MATERIALS = {
    "id": T("主体资格证明（营业执照、法人登记证书或身份证明）", "Proof of who applies (business licence, registration or identity)"),
    "scenario": T("应用场景说明，包括用途、所需字段、使用期限和预期成果", "Description of the use: purpose, fields needed, term and expected results"),
    "rules": T("数据安全管理制度和安全负责人任命文件", "Data security rules and appointment of a person in charge"),
    "level3": T("网络安全等级保护三级备案证明或同等能力说明", "Filing of network protection level 3, or proof of equal ability"),
    "credit": T("近三年无严重失信记录的信用承诺", "Promise of credit: no serious breach in three years"),
    "licence": T("与用途相应的行业资质证书", "Licence of the trade that the use requires"),
    "ethics": T("科研项目立项文件及伦理审查意见（涉及人的研究）", "Project approval and, for research on people, an ethics opinion"),
    "consent": T("数据主体同意书的管理办法和撤回处理流程", "How consents are kept and how their withdrawal is handled"),
    "algorithm": T("拟入域算法说明、依赖清单和输出样例", "Description of the algorithm, its dependencies and a sample of its output"),
    "quota": T("接口调用量测算和缓存方案", "Estimate of calls and a plan for caching"),
    "mandate": T("参与应急处置的任务文件或协同单位证明", "Mission order, or proof of taking part in the response"),
}
SUBJECTS = {
    "technical": T("具备与数据级别相适应的存储、处理和安全保护能力", "Able to store, process and protect data of this grade"),
    "credit": T("近三年无严重违法失信记录", "No serious breach of law or credit in three years"),
    "management": T("设有数据安全负责人和专门管理机构，人员经过培训", "A person in charge of data security, an office for it, and trained staff"),
    "licence": T("持有与用途相应的行业资质", "Licensed for the trade that the use requires"),
    "research": T("高校、科研院所或承担科研任务的单位", "Universities, institutes and bodies with a research task"),
    "response": T("参与应急处置的指挥机构或协同单位", "Command bodies and partners of an emergency response"),
    "other": T("承诺配合监督检查并及时反馈使用情况", "Willing to be inspected and to report on the use"),
}
MODES = {
    "stays_in_domain": T("在安全域内使用，原始数据不出域", "Used inside the secure domain; raw data does not leave"),
    "raw_invisible": T("在安全域内以原始数据不可见的方式使用", "Used inside the secure domain without sight of the raw data"),
    "algorithm_in_result_out": T("提交算法入域运行，仅结果经审查后出域", "Algorithms come in; only reviewed results leave"),
    "other_api": T("按批准的额度通过接口调用，不得转接他人", "By interface within the quota granted, not passed on"),
    "other_download": T("经批准下载，限定人员和期限使用，到期删除", "Downloaded on approval for named people and a term, then deleted"),
}
# profile: subjects, scenario clause, mode, materials, grade
PROFILES = {
    "secure": (["technical", "management"], "other", "stays_in_domain", ["id", "scenario", "rules", "level3"], 3),
    "invisible": (["technical", "management"], "other", "raw_invisible", ["id", "scenario", "rules", "ethics"], 3),
    "algo": (["technical"], "other", "algorithm_in_result_out", ["id", "scenario", "algorithm", "rules"], 3),
    "api": (["credit", "other"], "other", "other_api", ["id", "scenario", "quota"], 2),
    "qualified": (["licence", "management"], "duty", "other_download", ["id", "scenario", "licence", "rules"], 3),
    "consent": (["credit", "management"], "other", "other_download", ["id", "scenario", "consent", "credit"], 3),
    "research": (["research"], "other", "other_download", ["id", "scenario", "ethics"], 2),
    "emergency": (["response"], "emergency", "other_api", ["id", "scenario", "mandate"], 3),
}
# Profiles may be changed where the ground is a law's (c4:research): grade 3.
GROUNDS = {
    "": [None, "already_public", "low_risk", "otherwise"],
    "c": [None, "consent_given", "strains_infrastructure", "high_requirements", "conditional_by_law"],
    "x": [None, "state_secret", "endangers_security", "trade_secret_or_privacy", "forbidden_by_law"],
}
TYPES = {"": "unconditional", "c": "conditional", "x": "closed"}
