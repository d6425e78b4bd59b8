# SPDX-License-Identifier: Apache-2.0
"""Makes the rows of the city's files from the models in catalogue/columns.txt. Everything comes from one seed."""
import csv
import datetime
import hashlib
import io
import json
import math
import random

from city_people import CENTRE, CITY_BODIES, DISTRICTS, PUBLIC_BODY, T

LAST_DAY = datetime.date(2025, 12, 31)
ROWS_MAX = 5000
# Where a column means something of its own in one file.
OVERRIDES = {
    ("red-tide-events", "event_kind"): "赤潮/赤潮/绿潮", ("red-tide-events", "area_km2"): "2..180", ("scenic-area-flow", "capacity"): "4000..9000",
    ("fish-market-prices", "price_mean"): "@walk 42", ("vegetable-prices", "price_mean"): "@walk 6", ("vegetable-prices", "volume_t"): "~86,14",
    ("heritage-sites", "site_name"): "@place 古厝", ("vaccination-sites", "site_name"): "@place 预防接种门诊", ("blood-donation-sites", "site_name"): "@place 献血屋",
    ("hospitals-clinics", "org_name"): "@place 社区健康服务中心", ("disability-services", "org_name"): "@place 康复中心", ("civil-organisations", "org_name"): "@place 协会",
    ("charity-projects", "org_name"): "@place 慈善会", ("elderly-canteens", "subsidy_yuan"): "2/3/4/5", ("farm-machinery-subsidies", "subsidy_yuan"): "600..18000",
    ("training-institutions", "subsidy_yuan"): "300..2600", ("provident-fund-monthly", "loans_count"): "~1150,160", ("marriage-registration-statistics", "age_band"): "20–24岁/25–29岁/30–39岁/40岁及以上",
    ("marriage-registration-statistics", "marriages"): "~104,30", ("marriage-registration-statistics", "divorces"): "~38,10",
    ("clinical-research-dataset", "age_band"): "0–17岁/18–44岁/45–59岁/60–74岁/75岁及以上", ("clinical-research-dataset", "outcome"): "治愈/好转/未愈/转院",
    ("minimum-wage", "basis_document"): "澄人社规〔2022〕5 号/澄人社规〔2024〕8 号/澄人社规〔2025〕2 号", ("fishing-moratorium", "basis_document"): "澄海渔〔2024〕6 号/澄海渔〔2025〕7 号",
    ("wage-arrears-cases", "basis_document"): "澄人社监〔2025〕11 号/澄人社监〔2025〕26 号", ("elderly-population", "population_share"): "0.5..12.0",
    ("gas-safety-inspections", "hazard_kind"): "软管老化/连接松动/私改管线/灶具无熄火保护", ("lift-fault-records", "fault_code"): "E01/E07/E12/E23/E31",
    ("service-hotline-topics", "calls_count"): "~72,18", ("safety-incidents", "accidents"): "0/0/0/0/1/1/2", ("safety-incidents", "deaths"): "0/0/0/0/0/0/0/1",
    ("metro-station-flow-hourly", "station_id"): "@thing_code ST", ("metro-station-flow-hourly", "metro_line"): "1号线/2号线/3号线/4号线/5号线",
    ("metro-station-flow-hourly", "entries_count"): "@day 1600", ("metro-station-flow-hourly", "exits_count"): "@day 1580",
    ("metro-station-flow-hourly", "transfers_count"): "@day 420", ("degree-supply-warning", "warning_level"): "@place_warning",
    ("hazard-points", "duty_unit"): "市规划和自然资源局/市交通运输局/市水务局/属地街道办事处", ("presale-projects", "project_name"): "@estate",
    ("public-rental-projects", "project_name"): "@rental", ("standards-group", "effective_on"): "@date_after", ("cultural-events", "event_kind"): "@event_kind",
    ("judicial-expertise", "firm_name"): "@place 司法鉴定所", ("cdo-directory", "department_name"): "@org_serial", ("state-assets", "department_name"): "@org_serial",
    ("fire-stations", "station_name"): "@place 消防站", ("weather-stations", "station_name"): "@place 气象站",
    ("restaurants-graded", "restaurant_name"): "@restaurant", ("hotels-registered", "hotel_name"): "@hotel", ("mediation-cases", "cases_accepted"): "~44,12", ("library-loans-monthly", "loans_count"): "~4100,900",
    ("city-management-cases", "reported_count"): "~650,120", ("elderly-allowance-statistics", "recipients"): "~2150,480", ("elderly-allowance-statistics", "allowance_wan"): "~41,9",
}
# What companies in a column do.
TRADES_OF = {
    "contractor": ["市政工程有限公司", "建设有限公司", "环境服务有限公司"], "developer_name": ["置业有限公司", "地产开发有限公司"], "operator_name": ["运营管理有限公司", "公共服务有限公司"],
    "maintainer_name": ["电梯工程有限公司"], "maker_name": ["食品有限公司", "水产有限公司", "粮油有限公司"], "assessor_name": ["建筑科技有限公司", "工程检测有限公司"],
    "standard_body": ["行业协会", "标准化协会"], "winner_name": ["建设有限公司", "工程有限公司", "信息技术有限公司"], "holder_name": ["农业合作社", "水产有限公司", "茶业有限公司"],
}
EVENT_KINDS = {"特展": "展览", "讲座": "讲座", "工作坊": "工作坊", "音乐会": "演出", "亲子课堂": "亲子"}
PARAMETERS = [("缴存基数上限", "元", ["34860.00", "36549.00", "38082.00"]), ("缴存基数下限", "元", ["2360.00", "2520.00", "2650.00"]), ("缴存比例上限", "%", ["12.00"]),
              ("缴存比例下限", "%", ["5.00"]), ("首套五年以上贷款利率", "%", ["3.25", "3.10", "2.85", "2.60"]), ("首套五年以下贷款利率", "%", ["2.75", "2.60", "2.35", "2.10"]),
              ("单人贷款最高额度", "元", ["500000.00", "600000.00"]), ("家庭贷款最高额度", "元", ["900000.00", "1000000.00", "1200000.00"])]
MAY_BE_NEGATIVE = {"yoy_percent", "value_added_growth", "temperature", "temperature_min", "cpi_yoy", "food_yoy", "housing_yoy", "pressure"}
# A property of the thing measured, not of the moment.
SCALED = {"gdp_primary_yi", "gdp_secondary_yi", "gdp_tertiary_yi", "residents_wan"}
STEADY = {"metro_line", "river_name", "noise_area_class", "disease_class", "limit_cod", "flood_limit_m", "warning_level_m", "capacity"}
DAY_COURSE = {"temperature": 3.4, "o3": 24, "humidity": -9, "comfort_index": -1}
WORDS = [("潮音", "Chaoyin"), ("望海", "Wanghai"), ("听涛", "Tingtao"), ("白沙", "Baisha"), ("松岭", "Songling"), ("茶溪", "Chaxi"), ("柳堤", "Liudi"),
         ("锦帆", "Jinfan"), ("荷塘", "Hetang"), ("渔港", "Yugang"), ("盐町", "Yanting"), ("银滩", "Yintan"), ("书院", "Shuyuan"), ("临溪", "Linxi"),
         ("船坞", "Chuanwu"), ("星礁", "Xingjiao"), ("东澳", "Dong'ao"), ("南礁", "Nanjiao"), ("鼓角", "Gujiao"), ("灯塔", "Dengta"), ("骑楼", "Qilou"),
         ("双螺", "Shuangluo"), ("石门", "Shimen"), ("新澜", "Xinlan"), ("云台", "Yuntai"), ("港前", "Gangqian"), ("榕荫", "Rongyin"), ("芦汀", "Luting"),
         ("珊瑚", "Shanhu"), ("帆影", "Fanying"), ("长堤", "Changdi"), ("月湾", "Yuewan"), ("贝壳", "Beike"), ("竹屿", "Zhuyu"), ("晴川", "Qingchuan")]
SIDES = [("", ""), ("东", " East"), ("西", " West"), ("南", " South"), ("北", " North"), ("上", " Upper"), ("下", " Lower"), ("新", " New")]
TRADES = ["海工装备制造", "食品饮料", "电子信息", "建筑业", "交通运输仓储", "批发零售", "住宿餐饮", "软件信息服务", "生物医药", "房地产", "水产养殖加工", "居民服务"]
DIMENSIONS = {
    "route_group": ["主干线", "片区线", "微循环线", "快线", "夜间线", "旅游线"], "metro_line": [f"{n}号线" for n in range(1, 6)],
    "sea_area": ["望潮湾", "霞屿海区", "双螺海域", "石帆近岸", "雁浦外海"], "industry_name": TRADES,
    "station_name": [f"{zh}站" for zh, _ in WORDS[:24]], "section_name": [f"{zh}断面" for zh, _ in WORDS[:18]],
    "beach_name": ["银滩浴场", "白沙浴场", "月湾浴场", "望潮浴场", "东澳浴场", "南礁浴场", "贝壳湾浴场"],
    "noise_point": [f"{zh}{kind}" for (zh, _), kind in zip(WORDS, ["小区", "商业街", "工业园", "干线旁", "学校旁"] * 3)],
    "outlet_code": [f"PK-{n:03d}" for n in range(1, 13)],
    "disease_name": ["病毒性肝炎", "肺结核", "细菌性痢疾", "登革热", "猩红热", "流行性感冒", "流行性腮腺炎", "手足口病", "其他感染性腹泻病", "百日咳", "布鲁氏菌病", "急性出血性结膜炎"],
    "museum_name": ["澄澜博物馆", "海事博物馆", "骑楼民俗馆", "渔港记忆馆", "自然与海岛馆", "灯塔博物馆", "船政陈列馆", "当代美术馆", "少年科学馆"],
    "scenic_name": ["望潮古港", "云岬海岬公园", "青屏山", "澄湖绿道", "银滩", "霞屿岛"], "tap_point": [f"{zh}末梢点" for zh, _ in WORDS[:10]],
    "waterworks_name": ["青屏水厂", "澄湖水厂", "南汀水厂", "雁浦水厂", "霞屿水厂"], "reservoir_name": ["松岭水库", "茶溪水库", "石门水库", "晴川水库", "芦汀水库", "竹屿水库"],
    "gauge_name": [f"{zh}水文站" for zh, _ in WORDS[4:12]], "plant_name": [f"{zh}净水厂" for zh, _ in WORDS[10:19]],
    "buoy_name": ["望潮湾浮标", "云岬浮标", "银滩浮标", "雁浦浮标", "霞屿浮标", "双螺浮标"], "sea_station": [f"CL{n:02d}" for n in range(1, 8)],
    "fish_name": ["大黄鱼", "带鱼", "梭子蟹", "对虾", "鲳鱼", "海蛎", "鱿鱼", "紫菜"],
    "vegetable_name": ["上海青", "空心菜", "番茄", "黄瓜", "茄子", "豆角", "马铃薯", "白萝卜", "大白菜", "青椒", "花椰菜", "生姜"],
    "produce_class": ["叶菜", "茄果", "水果", "茶叶", "水产品", "畜禽肉", "禽蛋", "食用菌"],
    "pest_name": ["稻飞虱", "稻纵卷叶螟", "草地贪夜蛾", "稻瘟病", "柑橘黄龙病", "小菜蛾"],
    "topic_class": ["交通出行", "噪声扰民", "住房物业", "消费维权", "教育咨询", "医疗社保", "市容环境", "水电气", "劳动就业", "公共设施", "政策咨询", "其他"],
    "tide_station": ["望潮验潮站", "银滩验潮站", "雁浦验潮站", "霞屿验潮站"],
}
BODIES = [short for _, kind, _, _, short, _ in CITY_BODIES if kind == PUBLIC_BODY]
PHRASES = {
    "project": (["{w}片区", "{w}路", "{w}码头", "{w}中学", "{w}社区"], ["改造提升工程", "一期工程", "排水管网工程", "人才住房项目", "智能化升级项目", "海堤加固工程"]),
    "standard": (["海岛社区", "紫菜", "公共厕所", "长者食堂", "港口岸电", "智慧停车场", "民宿"], ["服务规范", "质量要求", "建设指南", "数据接入规范", "评价规程"]),
    "medical": (["腹部", "胸部", "头颅", "膝关节", "心脏", "甲状腺", "口腔"], ["彩色多普勒超声", "计算机断层扫描", "磁共振平扫", "康复训练", "镜检", "微创手术", "护理"]),
    "service": (["食品经营许可", "建设工程规划许可", "老年人优待证", "取水许可", "居住登记", "医师执业注册", "道路货运许可", "社会保险参保"], ["新办", "变更", "延续", "注销", "证明打印", "信息查询"]),
    "law": (["海岸带保护", "电动自行车管理", "养老服务", "公共数据", "生活垃圾分类", "渔港管理", "历史建筑保护", "停车场建设"], ["条例", "规定", "实施细则", "管理办法"]),
    "policy": (["高新技术企业", "首台（套）装备", "外贸稳增长", "绿色工厂", "人才安居", "海洋经济"], ["奖励办法", "补贴细则", "扶持措施"]),
    "document": (["澄价〔2024〕", "澄人社规〔2025〕", "澄公积金〔2023〕", "澄海渔〔2024〕"], ["3 号", "8 号", "12 号", "21 号"]),
    "bond": (["澄澜市 2024 年", "澄澜市 2025 年"], ["一般债券（一期）", "一般债券（二期）", "专项债券（三期）", "专项债券（七期）"]),
    "plan": (["防台风", "森林防火", "危险化学品事故", "海上溢油", "食品安全事件", "城市内涝", "大型活动安全"], ["应急预案", "专项预案", "现场处置方案"]),
    "event": (["潮汐与城市", "老城骑楼", "海洋科普", "非遗剪纸", "少儿绘本", "渔歌", "古籍修复"], ["特展", "讲座", "工作坊", "音乐会", "亲子课堂"]),
    "archive": (["关于{w}码头修建", "{w}渔业合作社", "{w}片区规划", "{w}小学沿革", "{w}海堤工程"], ["的批复", "年度报告", "图纸", "往来函件", "统计表"]),
    "estate": (["{w}"], ["雅苑", "花园", "云庭", "澜庭", "里"]), "rental": (["{w}"], ["安居苑", "人才公寓", "家园"]),
    "restaurant": (["{w}", "老{w}", "阿婆"], ["海鲜酒楼", "粉面馆", "茶餐厅", "咖啡馆", "快餐店", "饭店", "饼屋"]), "hotel": (["{w}"], ["客栈", "海景酒店", "民宿", "宾馆", "度假村"]),
    "company": (["澄澜星帆", "澄澜云帆", "澄澜海岳", "澄澜晴川", "澄澜蓝屿", "澄澜望舒", "澄澜砺石", "澄澜景和", "澄澜远舟", "澄澜嘉禾", "澄澜拓潮", "澄澜清渠"],
                ["科技有限公司", "建设有限公司", "食品有限公司", "贸易有限公司", "水产有限公司", "环保有限公司", "物业服务有限公司", "装备有限公司"]),
}


def decimals(text):
    return max((len(part.partition(".")[2]) for part in text.replace("..", ",").split(",") if part), default=0)


class Maker:
    """One file: its rows, from its columns' models."""

    def __init__(self, entry, seed):
        self.entry = entry
        self.random = random.Random(f"{seed}/{entry['key']}")
        self.columns = [(column, OVERRIDES.get((entry["key"], column["name"]), model)) for column, model in entry["columns"]]
        self.names = [column["name"] for column, _ in self.columns]
        self.state, self.factors, self.steady = {}, {}, {}

    # -- a cell -------------------------------------------------------------
    def cell(self, column, model, row, moment, thing, serial):
        name, kind = column["name"], column["type"]
        if model.startswith("@"):
            return self.made(model[1:], name, row, moment, thing, serial, kind)
        if kind == "boolean":
            return "true" if self.random.random() < float(model or "0.5") else "false"
        if name in STEADY and thing is not None:
            return self.steady.setdefault((name, thing), self.plain(model, name, kind, moment, 1.0))
        factor = self.factor(thing) if (kind == "integer" or name in SCALED) and thing is not None and model.startswith(("~", "season")) and name not in DAY_COURSE else 1.0
        return self.plain(model, name, kind, moment, factor)

    def factor(self, thing):
        thing = thing[-1] if isinstance(thing, tuple) and thing[0] not in ("price_mean", "price_index") else thing
        if thing not in self.factors:
            people = {zh: people for _, zh, _, _, _, people, *_ in DISTRICTS}
            self.factors[thing] = people[thing] / 69 if thing in people else self.random.uniform(0.55, 1.5)
            if any(name in self.names for name in ("pm25", "aqi", "water_temp")):
                self.factors[thing] = self.random.uniform(0.9, 1.1)
        return self.factors[thing]

    def plain(self, model, name, kind, moment, factor):
        r = self.random
        if "/" in model:
            return r.choice(model.split("/"))
        if ".." in model:
            low, high = (float(part) for part in model.split(".."))
            return self.shown(r.uniform(low, high), kind, decimals(model))
        if model.startswith("~"):
            mean, deviation = (float(part) for part in model[1:].split(","))
            value = r.gauss(mean, deviation) * factor
        elif model.startswith("season "):
            mean, swing, deviation = (float(part) for part in model[7:].split(","))
            value = (mean + swing * self.summer(moment) + r.gauss(0, deviation)) * factor
            if name in DAY_COURSE and isinstance(moment, datetime.datetime):
                value += DAY_COURSE[name] * math.sin((moment.hour - 9) / 24 * 2 * math.pi)
        else:
            return model
        if name not in MAY_BE_NEGATIVE:
            value = max(value, 0 if mean < 30 else mean * 0.05)
        return self.shown(value, kind, max(decimals(model.lstrip("~season ")), 1))

    @staticmethod
    def shown(value, kind, places):
        return str(round(value)) if kind == "integer" else f"{value:.{max(places, 1)}f}"

    @staticmethod
    def summer(moment):
        """1 in mid-July, -1 in mid-January."""
        day = (moment or LAST_DAY).timetuple().tm_yday
        return -math.cos((day - 15) / 365 * 2 * math.pi)

    def word(self):
        return self.random.choice(WORDS)

    def district(self, row):
        at = row.get("district")
        return next((d for d in DISTRICTS if d[1] == at or at is None and self.entry["key"].startswith(d[0] + "-")), None) or row.setdefault("*", self.random.choice(DISTRICTS))

    def made(self, model, name, row, moment, thing, serial, kind):
        r, (what, _, more) = self.random, model.partition(" ")
        if what in PHRASES:
            first, second = PHRASES[what]
            second = TRADES_OF.get(name, second) if what == "company" else second
            text = r.choice(first).replace("{w}", self.word()[0]) + r.choice(second)
            return text + "（示例）" if what == "company" else text
        method = getattr(self, "make_" + what)
        return method(more, name, row, moment, thing, serial, kind)

    # -- makers -------------------------------------------------------------
    def make_date(self, more, name, row, moment, *_):
        day = (moment.date() if isinstance(moment, datetime.datetime) else moment) or LAST_DAY - datetime.timedelta(days=self.random.randrange(1400))
        row["*day"] = day
        return day.isoformat()

    def make_date_after(self, more, name, row, *_):
        return min(row.get("*day", LAST_DAY) + datetime.timedelta(days=self.random.randrange(5, 26 if self.entry["topic"] == "ocean" else 120)), LAST_DAY + datetime.timedelta(days=90)).isoformat()

    def make_date_future(self, *_):
        return (LAST_DAY + datetime.timedelta(days=self.random.randrange(30, 1500))).isoformat()

    def make_time(self, more, name, row, moment, *_):
        if not isinstance(moment, datetime.datetime):
            day = moment or LAST_DAY - datetime.timedelta(days=self.random.randrange(700))
            moment = datetime.datetime.combine(day, datetime.time(self.random.randrange(*((9, 20) if name == "start_time" else (0, 24))), self.random.randrange(0, 60, 30 if name == "start_time" else 5)))
        row["*time"] = moment
        return moment.isoformat(timespec="minutes") + ":00+08:00"

    def make_time_after(self, more, name, row, *_):
        end = row.get("*time", datetime.datetime.combine(LAST_DAY, datetime.time(12))) + datetime.timedelta(minutes=self.random.randrange(45, 900, 15))
        return end.isoformat(timespec="minutes") + ":00+08:00"

    def make_month(self, more, name, row, moment, *_):
        return f"{moment or LAST_DAY:%Y-%m}"

    def make_year(self, more, name, row, moment, thing, serial, kind):
        return str(moment.year if moment else 2019 + serial % 7)

    def make_school_year(self, more, name, row, moment, thing, serial, kind):
        year = moment.year if moment else 2023 + serial % 3
        return f"{year}–{year + 1}"

    def make_air_class(self, more, name, row, *_):
        return ("优", "良", "轻度污染", "中度污染")[min(int(row["aqi"]) // 51, 3)]

    def make_main_pollutant(self, more, name, row, moment, *_):
        if int(row.get("aqi", 100)) <= 50:
            return "无"
        return self.random.choice(["臭氧", "臭氧", "细颗粒物"] if self.summer(moment) > 0 else ["细颗粒物", "可吸入颗粒物", "二氧化氮"])

    def high_water(self, moment, thing):
        """Minutes after midnight of the first high water: 48 later each day."""
        return (moment.toordinal() * 48 + hash_of(thing) * 37) % 745

    def make_high_tide(self, more, name, row, moment, thing, *_):
        at = self.high_water(moment, thing)
        return f"{at // 60:02d}:{at % 60:02d}"

    def make_low_tide(self, more, name, row, moment, thing, *_):
        at = self.high_water(moment, thing) + 373
        return f"{at // 60:02d}:{at % 60:02d}"

    def spring(self, moment):
        return math.cos(moment.toordinal() / 14.765 * 2 * math.pi)

    def make_tide_cm(self, more, name, row, moment, thing, *_):
        mean, swing = (float(part) for part in more.split(","))
        return str(round(mean + swing * self.spring(moment) + hash_of(thing) * 3 + self.random.gauss(0, 4)))

    def make_spring(self, more, name, row, moment, *_):
        return "true" if self.spring(moment) > 0.85 else "false"

    def make_quarter(self, more, name, row, moment, thing, serial, kind):
        return f"Q{serial % 4 + 1}"

    def make_week(self, more, name, row, moment, *_):
        year, week, _ = (moment or LAST_DAY).isocalendar()
        return f"{year}-W{week:02d}"

    def make_clock(self, *_):
        return f"{self.random.randrange(6, 22):02d}:{self.random.randrange(0, 60, 5):02d}"

    def make_day_type(self, more, name, row, moment, *_):
        return "休息日" if (moment or LAST_DAY).weekday() >= 5 else "工作日"

    def make_district(self, more, name, row, moment, thing, *_):
        return thing if any(thing == d[1] for d in DISTRICTS) else self.district(row)[1]

    def make_district_en(self, more, name, row, *_):
        return self.district(row)[2]

    def make_subdistrict(self, more, name, row, *_):
        district = next((d for d in DISTRICTS if self.entry["key"].startswith(d[0] + "-")), None) or self.district(row)
        row["*"] = district
        return self.random.choice(district[8])

    def make_address(self, more, name, row, *_):
        return f"{self.district(row)[1]}{self.word()[0]}路 {self.random.randrange(1, 480)} 号"

    def make_road(self, *_):
        return self.word()[0] + self.random.choice(["路", "大道", "街", "巷", "东路", "西路"])

    def make_village(self, *_):
        return self.word()[0] + "村"

    def make_place(self, more, *_):
        return self.word()[0] + self.random.choice(SIDES)[0] + more

    def make_place_en(self, *_):
        return self.word()[1] + self.random.choice(SIDES)[1]

    def make_route(self, more, name, row, moment, thing, serial, kind):
        return f"{serial}路"

    def make_zone(self, *_):
        return f"{self.word()[0]}路以东、{self.word()[0]}街以南片区"

    def make_org(self, *_):
        return self.random.choice(BODIES)

    def make_org_serial(self, more, name, row, moment, thing, serial, kind):
        return BODIES[(serial - 1) % len(BODIES)]

    def make_event_kind(self, more, name, row, *_):
        return next(kind for end, kind in EVENT_KINDS.items() if row["event_name"].endswith(end))

    def make_lon(self, more, name, row, *_):
        if name == "lon" and self.entry["key"] in ("red-tide-events", "aquaculture-permits", "typhoon-tracks"):
            return f"{CENTRE[0] + self.random.uniform(0.3, 0.9):.5f}"
        key = self.entry["key"]
        district = next((d for d in DISTRICTS if key.startswith(d[0] + "-")), None) or self.district(row)
        angle, far = self.random.uniform(0, 2 * math.pi), district[4] * math.sqrt(self.random.random())
        row["*lat"] = CENTRE[1] + district[3][1] + far * math.sin(angle) * 0.9
        return f"{CENTRE[0] + district[3][0] + far * math.cos(angle):.5f}"

    def make_lat(self, more, name, row, *_):
        return f"{row.get('*lat', CENTRE[1] + self.random.uniform(-0.5, 0.5)):.5f}"

    def make_code(self, more, name, row, moment, thing, serial, kind):
        prefix = "".join(part[0] for part in self.entry["key"].split("-")).upper()
        number = serial if self.names[0] == name else self.random.randrange(10 ** 5)
        return f"{prefix}{name[0].upper()}{number:05d}"

    def make_thing_code(self, more, name, row, moment, thing, *_):
        return f"{more}{DIMENSIONS['station_name'].index(thing) + 1:03d}"

    def make_place_warning(self, more, name, row, *_):
        ratio = float(row["supply_demand_ratio"])
        return "红色" if ratio < 0.9 else "黄色" if ratio < 1.0 else "绿色"

    def make_credit(self, more, name, row, moment, thing, serial, kind):
        return f"91990000MA{serial:05d}{self.random.choice('ABCDEFGH')}{self.random.randrange(10)}X"

    def make_dim(self, more, name, row, moment, thing, *_):
        known = DIMENSIONS[name]
        return thing if thing in known else self.random.choice(known)

    def make_rare(self, more, *_):
        return self.random.choice(more.split("/")) if self.random.random() < 0.06 else ""

    def make_tens(self, more, *_):
        low, high = (int(part) for part in more.split(","))
        return str(round(self.random.randrange(low, high), -1))

    def make_pm(self, more, name, row, moment, thing, serial, kind):
        return self.shown(self.random.uniform(-float(more), float(more)), kind, 1)

    def make_walk(self, more, name, row, moment, thing, serial, kind):
        mean = float(more) * (self.factor((name, thing)) if mean_varies(name) else 1)
        now = self.state.get((name, thing), mean) + self.random.gauss(0, mean * 0.012) + 0.02 * (mean - self.state.get((name, thing), mean))
        self.state[(name, thing)] = now
        return self.shown(now, kind, 2)

    def make_rush(self, more, name, row, moment, thing, serial, kind):
        base, peak = (float(part) for part in more.split(","))
        hour = moment.hour if isinstance(moment, datetime.datetime) else 12
        bump = math.exp(-((hour - 8) ** 2) / 3) + math.exp(-((hour - 18) ** 2) / 4) if moment.weekday() < 5 else 0.5 * math.exp(-((hour - 16) ** 2) / 18)
        return self.shown(max(0.2, base + peak * bump + self.random.gauss(0, base * 0.08)), kind, 1)

    def make_load(self, more, name, row, moment, thing, serial, kind):
        mean, swing = (float(part) for part in more.split(","))
        day = math.sin((moment.hour - 9) / 24 * 2 * math.pi)
        if name == "renewable_mw":
            day = max(0.0, math.sin((moment.hour - 6) / 12 * math.pi)) * 2 - 1 if 6 <= moment.hour <= 18 else -1
        return self.shown(max(mean * 0.2, mean + swing * (0.7 * day + 0.3 * self.summer(moment)) + self.random.gauss(0, mean * 0.02)), kind, 0)

    def make_day(self, more, name, row, moment, thing, serial, kind):
        share = max(0.0, math.sin((moment.hour - 6) / 14 * math.pi)) if 6 <= moment.hour <= 20 else 0.0
        return self.shown(float(more) * self.factor(thing) * share * (1.5 if moment.weekday() >= 5 else 0.9) * self.random.uniform(0.9, 1.1), kind, 0)

    def make_tide(self, more, name, row, moment, *_):
        hours = (moment - datetime.datetime(2025, 1, 1)).total_seconds() / 3600
        return f"{2.9 + 1.7 * math.cos(hours / 12.42 * 2 * math.pi) + self.random.gauss(0, 0.05):.2f}"

    def make_rain(self, more, name, row, moment, *_):
        wet = 0.2 + 0.14 * self.summer(moment)
        return f"{self.random.expovariate(1 / (4 if isinstance(moment, datetime.datetime) else 11)):.1f}" if self.random.random() < wet else "0.0"

    def make_summer(self, more, name, row, moment, thing, serial, kind):
        return self.shown(float(more) * max(0.02, (1 + self.summer(moment)) / 2) ** 2 * self.random.uniform(0.5, 1.5), kind, 1)

    def make_winter(self, more, name, row, moment, thing, serial, kind):
        return self.shown(float(more) * max(0.05, (1.2 - self.summer(moment)) / 2.2) * self.random.uniform(0.6, 1.4), kind, 1)

    # -- rows ---------------------------------------------------------------
    def row(self, moment, thing, serial, forced=None):
        row = dict(forced or {})
        late = [(c, m) for c, m in self.columns if m.startswith(("@near", "@quotient"))]
        for column, model in self.columns:
            if not model.startswith(("@near", "@quotient")) and column["name"] not in row:
                row[column["name"]] = self.cell(column, model, row, moment, thing, serial)
        for column, model in late:
            source, _, share = model.partition(" ")[2].partition(",")
            if model.startswith("@quotient"):
                row[column["name"]] = f"{float(row[source]) / max(float(row[share]), 1):.1f}"
                continue
            value = float(row[source]) * float(share) * (1 if column["name"] in ("price_min", "price_max") else self.random.uniform(0.98, 1.02))
            row[column["name"]] = self.shown(value, column["type"], 2 if column["type"] == "number" else 0)
        return [row[name] for name in self.names]

    def moments(self, kind, count):
        if kind == "hourly":
            first = datetime.datetime.combine(LAST_DAY, datetime.time(23)) - datetime.timedelta(hours=count - 1)
            return [first + datetime.timedelta(hours=n) for n in range(count)]
        if kind == "monthly":
            month = LAST_DAY.year * 12 + LAST_DAY.month - 1
            return [datetime.date((month - n) // 12, (month - n) % 12 + 1, 15) for n in range(count - 1, -1, -1)]
        if kind == "yearly":
            return [datetime.date(LAST_DAY.year - n, 7, 1) for n in range(count - 1, -1, -1)]
        step = 7 if kind == "weekly" else 1
        return [LAST_DAY - datetime.timedelta(days=step * n) for n in range(count - 1, -1, -1)]

    def things(self, by):
        """(what is measured, cells that are given) for every row of a moment. "district*home_layout": every pair."""
        first, *others = by.split("*")
        models = {column["name"]: model for column, model in self.columns}
        name = next((name for name in self.names if name in DIMENSIONS), None)
        own = next((d for d in DISTRICTS if self.entry["key"].startswith(d[0] + "-")), None)
        if first == "district":
            out = [(d[1], {}) for d in DISTRICTS]
        elif first == "subdistrict":
            out = [(s, {"subdistrict": s}) for s in own[8]]
        elif first == "subdistricts":
            out = [(s, {"district": d[1], "subdistrict": s}) for d in DISTRICTS for s in d[8]]
        else:
            out = [(thing, {}) for thing in DIMENSIONS[name][:int(first)]] if first else [(None, {})]
        for column in others:
            values = DIMENSIONS.get(column) or (["Q1", "Q2", "Q3", "Q4"] if column == "quarter" else list(dict.fromkeys(models[column].split("/"))))
            out = [((thing, value), {**given, column: value}) if thing is None else (thing, {**given, column: value}) for thing, given in out for value in values]
        return out

    def typhoons(self, count):
        """Tracks that come from the south-east, pass the city and turn north."""
        rows, names = [], ["海鸥（示例）", "鹭影（示例）", "潮音（示例）", "云帆（示例）", "听涛（示例）", "双螺（示例）"]
        for at in range(count):
            start = datetime.datetime(2020 + at // 5, 7 + at % 4, 1 + at * 7 % 27, 2)
            bend, depth = self.random.uniform(-0.8, 0.8), self.random.uniform(25, 70)
            for step in range(30):
                share = step / 29
                lon, lat = 131.5 - 13 * share + 6 * share ** 3 + bend, 17.5 + 15.5 * share + self.random.gauss(0, 0.05)
                strength = math.sin(math.pi * min(1, share * 1.15)) if share * 1.15 < 1 else 0.05
                wind = 16 + depth * 0.5 * strength
                force = next((f for f, limit in enumerate((17.1, 20.7, 24.4, 28.4, 32.6, 36.9, 41.4, 46.1, 50.9), 7) if wind <= limit), 16)
                time = (start + datetime.timedelta(hours=6 * step)).isoformat(timespec="minutes") + ":00+08:00"
                rows.append([f"{2020 + at // 5}{at % 5 + 1:02d}", names[at % 6], time, f"{lon:.2f}", f"{lat:.2f}", f"{1002 - depth * strength:.0f}", f"{wind:.1f}", str(force)])
        return rows

    @staticmethod
    def parameters():
        """Each parameter's values, one a year up to the newest."""
        return [[name, value, unit, f"{2026 - len(values) + at}-07-01", f"澄公积金〔{2026 - len(values) + at}〕{3 + number} 号"]
                for number, (name, unit, values) in enumerate(PARAMETERS) for at, value in enumerate(values)]

    def rows(self):
        kind, *more = self.entry["file"].split()
        if kind in ("points", "list"):
            return [self.row(None, None, serial) for serial in range(1, int(more[0]) + 1)]
        if kind == "typhoons":
            return self.typhoons(int(more[0]))
        if kind == "parameters":
            return self.parameters()
        things = self.things(more[2] if len(more) == 3 else "")
        count = min(int(more[0]), ROWS_MAX // len(things))
        return [self.row(moment, thing, 1 + at, given) for at, moment in enumerate(self.moments(kind, count)) for thing, given in things]


def hash_of(text):
    """A small number that depends on the text only."""
    return hashlib.sha256(str(text).encode()).digest()[0] % 17


def mean_varies(name):
    return name == "price_mean"


def boundary_rows(seed):
    """Eight sketched polygons around the districts' centres."""
    r, rows = random.Random(f"{seed}/boundary"), []
    for _, zh, en, (dx, dy), radius, *_ in DISTRICTS:
        ring = []
        for step in range(18):
            far = radius * r.uniform(0.92, 1.12)
            ring.append([round(CENTRE[0] + dx + far * math.cos(step / 18 * 2 * math.pi), 5), round(CENTRE[1] + dy + far * 0.9 * math.sin(step / 18 * 2 * math.pi), 5)])
        ring.append(ring[0])
        area = 3.1416 * (radius * 98) * (radius * 0.9 * 111)
        rows.append((zh, en, f"{area:.1f}", {"type": "Polygon", "coordinates": [ring]}))
    return rows


def geojson(header, rows, geometry):
    features = [{"type": "Feature", "geometry": geometry(row), "properties": {n: v for n, v in zip(header, row) if n not in ("lon", "lat", "geometry")}} for row in rows]
    return (json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def as_csv(header, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def files_of(entry, seed):
    """[(name, format, media type, bytes, rows)] of one entry."""
    if not entry["file"]:
        return []
    header = [column["name"] for column, _ in entry["columns"]]
    if entry["file"] == "boundary":
        shapes = boundary_rows(seed)
        flat = [(zh, en, area, json.dumps(shape, separators=(",", ":"))) for zh, en, area, shape in shapes]
        return [(f"{entry['key']}.csv", "CSV", "text/csv", as_csv(header, flat), len(flat)),
                (f"{entry['key']}.geojson", "GeoJSON", "application/geo+json",
                 geojson(header, shapes, lambda row: row[3]), len(flat))]
    rows = Maker(entry, seed).rows()
    out = [(f"{entry['key']}.csv", "CSV", "text/csv", as_csv(header, rows), len(rows))]
    if "geojson" in entry["formats"] and "lon" in header and len(rows) <= 700:
        lon, lat = header.index("lon"), header.index("lat")
        shape = geojson(header, rows, lambda row: {"type": "Point", "coordinates": [float(row[lon]), float(row[lat])]})
        out.append((f"{entry['key']}.geojson", "GeoJSON", "application/geo+json", shape, len(rows)))
    return out


def quality_rules(entry):
    """What every reader would check first, in the form of README.md."""
    if not entry["file"]:
        return []
    names = [column["name"] for column, _ in entry["columns"]]
    models = {column["name"]: model for column, model in entry["columns"]}
    kind = entry["file"].split()[0]
    rules = [{"name": "first_column_given", "rule": "not_null", "column": names[0], "title": T("首列不为空", "The first column is never empty"), "article": "SZ 29"}]
    if models[names[0]] in ("@code", "@credit") and kind in ("points", "list"):
        rules.append({"name": "no_row_twice", "rule": "unique", "columns": [names[0]], "title": T("编号不重复", "No code appears twice"), "article": "SZ 29"})
    if kind in ("daily", "hourly", "weekly", "monthly", "yearly"):
        first, _, others = entry["file"].partition(" by ")[2].partition("*")
        thing = first.rstrip("s") if first.startswith(("district", "subdistrict")) else next((n for n in names if n in DIMENSIONS), None) if first else None
        keys = [n for n in names if n in ("date", "time", "month", "week", "year", "school_year")] + [n for n in [thing, *others.split("*")] if n]
        if " by " in entry["file"] or len(keys) == 1:
            rules.append({"name": "no_moment_twice", "rule": "unique", "columns": keys, "title": T("同一对象同一时刻只有一行", "One row for each thing and moment"), "article": "SZ 29"})
    if "lon" in names and kind == "points":
        rules += [{"name": f"{axis}_in_city", "rule": "range", "column": axis, "min": f"{CENTRE[at] - 1:.1f}", "max": f"{CENTRE[at] + 1:.1f}",
                   "title": T("坐标在本市范围内", "Coordinates lie in the city"), "article": "SZ 29"} for at, axis in enumerate(("lon", "lat"))]
    for column, model in entry["columns"]:
        if column.get("unit", {}).get("en") == "%" and ".." in model and not model.startswith("-"):
            rules.append({"name": f"{column['name']}_is_a_share", "rule": "range", "column": column["name"], "min": "0", "max": "100",
                          "title": T(f"{column['title']['zh']}在 0 至 100 之间", f"{column['title']['en']} lies between 0 and 100"), "article": "SZ 29"})
    return rules[:6]


def described(name, format_name, media_type, data, rows):
    return {"path": f"files/{name}", "format": format_name, "media_type": media_type, "rows": rows, "size": len(data),
            "digest": hashlib.sha256(data).hexdigest()}
