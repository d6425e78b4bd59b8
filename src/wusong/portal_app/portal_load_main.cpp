// SPDX-License-Identifier: Apache-2.0
// `wusong_portal_load`: fills a portal's databases for measuring. A catalogue of a made-up province
// goes through the projection as the contracts' events would, reads go into the audit. Run again,
// it goes on where it was ended. Prints one JSON object with what it did.
#include <fmt/format.h>

#include <sys/stat.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/portal/dataset.hpp"
#include "wusong/portal/documents.hpp"
#include "wusong/portal_app/config.hpp"
#include "wusong/portal_app/init.hpp"
#include "wusong/portal_app/world.hpp"

namespace {

using namespace wusong;
using namespace wusong::portal_app;

struct Options {
  std::filesystem::path config{"portal.toml"};
  std::uint64_t entries{1'000'000};
  std::uint64_t reads{10'000'000};
  std::uint64_t files_every{101};  // every so many entries' documents stand in the blob store too
  std::string auditor{"bench-auditor"};
  std::string password{"measured-not-secret"};
};

[[noreturn]] void give_up(std::string_view what, Error error, std::string_view detail = {}) {
  fmt::print(stderr, "wusong_portal_load: {}: {} {}\n", what, error.name(), detail);
  std::exit(1);
}
template <typename T>
T need(Outcome<T> outcome) {
  if (!outcome) give_up(outcome.error().detail, outcome.error().error);
  return *std::move(outcome);
}

struct Words {
  std::string_view zh;
  std::string_view en;
};
constexpr Words kThings[] = {{"停车场泊位", "car park space"},
                             {"公交线路站点", "bus route and stop"},
                             {"地铁客流", "metro passenger flow"},
                             {"空气质量监测", "air quality monitoring"},
                             {"水质检测", "water quality test"},
                             {"医疗机构", "medical institution"},
                             {"学校招生", "school enrolment"},
                             {"企业登记", "company registration"},
                             {"行政许可", "administrative licence"},
                             {"行政处罚", "administrative penalty"},
                             {"食品抽检", "food inspection"},
                             {"药店", "pharmacy"},
                             {"养老机构", "care home"},
                             {"图书馆藏书", "library holdings"},
                             {"博物馆展览", "museum exhibition"},
                             {"体育场馆", "sports venue"},
                             {"公园绿地", "park and green space"},
                             {"旅游景区", "tourist attraction"},
                             {"酒店民宿", "hotel and guesthouse"},
                             {"不动产交易", "property transaction"},
                             {"建设工程", "construction project"},
                             {"道路施工", "road works"},
                             {"交通事故", "traffic accident"},
                             {"充电桩", "charging point"},
                             {"用电量", "electricity use"},
                             {"用水量", "water use"},
                             {"燃气供应", "gas supply"},
                             {"垃圾分类", "waste sorting"},
                             {"降雨量", "rainfall"},
                             {"台风预警", "typhoon warning"},
                             {"地质灾害点", "geological hazard"},
                             {"消防站点", "fire station"},
                             {"社保参保", "social insurance"},
                             {"就业岗位", "vacancy"},
                             {"职业培训", "vocational training"},
                             {"人口统计", "population statistics"},
                             {"婚姻登记", "marriage registration"},
                             {"公证机构", "notary office"},
                             {"律师事务所", "law firm"},
                             {"法律援助", "legal aid"},
                             {"财政预算", "budget"},
                             {"政府采购", "public procurement"},
                             {"税收收入", "tax revenue"},
                             {"外贸进出口", "foreign trade"},
                             {"专利授权", "granted patent"},
                             {"科研项目", "research project"},
                             {"农产品价格", "farm produce price"},
                             {"耕地面积", "arable land"},
                             {"渔业产量", "fishery output"},
                             {"林业资源", "forest resource"},
                             {"宗教场所", "place of worship"},
                             {"社会组织", "civil society organisation"},
                             {"疫苗接种", "vaccination"},
                             {"传染病报告", "infectious disease report"},
                             {"港口吞吐", "port throughput"},
                             {"航班起降", "flight movement"},
                             {"快递网点", "parcel station"},
                             {"通信基站", "radio base station"},
                             {"知识产权", "intellectual property"},
                             {"碳排放", "carbon emission"}};
constexpr Words kKinds[] = {{"信息", "records"},     {"统计", "statistics"},
                            {"名录", "directory"},   {"明细", "details"},
                            {"年报", "yearbook"},    {"实时数据", "live data"},
                            {"历史数据", "history"}, {"地理位置", "locations"}};
constexpr Words kOwners[] = {{"交通运输局", "transport bureau"},
                             {"生态环境局", "environment bureau"},
                             {"卫生健康委员会", "health commission"},
                             {"教育局", "education bureau"},
                             {"市场监督管理局", "market regulation administration"},
                             {"文化广电旅游体育局", "culture and tourism bureau"},
                             {"规划和自然资源局", "planning and natural resources bureau"},
                             {"水务局", "water authority"},
                             {"民政局", "civil affairs bureau"},
                             {"应急管理局", "emergency management bureau"}};
constexpr std::string_view kTopics[] = {"transport", "health",     "education", "ecology",
                                        "economy",   "culture",    "housing",   "agriculture",
                                        "safety",    "employment", "finance",   "science"};
constexpr std::string_view kFormats[] = {"csv", "json", "xlsx", "xml", "geojson", "parquet"};
constexpr std::string_view kOften[] = {"realtime", "daily",     "weekly",
                                       "monthly",  "quarterly", "yearly"};
constexpr std::string_view kSyllables[] = {"an",  "bei",  "chang", "dong", "fu",  "gang", "hai",
                                           "jin", "kai",  "long",  "ming", "nan", "ping", "qing",
                                           "ren", "shan", "tai",   "wan",  "xin", "yong"};
constexpr std::string_view kCharacters[] = {"安", "北", "昌", "东", "福", "港", "海",
                                            "锦", "凯", "龙", "明", "南", "平", "青",
                                            "仁", "山", "泰", "湾", "新", "永"};
constexpr std::uint32_t kOrganisations = 500;
constexpr std::uint64_t kFirstBlock = 1'000'000'000;  // far above what a small chain has

/// A made-up place: 8,000 of three characters, few of them in many texts and most in few.
struct Place {
  std::string zh;
  std::string en;
};
Place place_of(std::uint64_t number) {
  Place out;
  for (int i = 0; i < 3; ++i, number /= 20) {
    out.zh += kCharacters[number % 20];
    out.en += kSyllables[number % 20];
  }
  return out;
}

template <typename List>
const auto& pick(std::mt19937_64& random, const List& list) {
  // Squared: the first are frequent, the last are not.
  const double x = static_cast<double>(random() % 1'000'000) / 1'000'000.0;
  return list[static_cast<std::size_t>(x * x * static_cast<double>(std::size(list)))];
}

std::string entry_text(std::uint64_t number, bool conditional) {
  std::mt19937_64 random{number};
  const Words& thing = pick(random, kThings);
  const Words& other = pick(random, kThings);
  const Words& kind = pick(random, kKinds);
  const Words& owner = kOwners[number % std::size(kOwners)];
  const double x = static_cast<double>(random() % 1'000'000) / 1'000'000.0;
  const Place where = place_of(static_cast<std::uint64_t>(x * x * x * 8'000));
  const Place beside = place_of(random() % 8'000);
  const std::uint64_t year = 2010 + random() % 15;
  const std::string batch = codec::to_hex(hash::sha256(as_bytes(std::to_string(number))));
  return fmt::format(
      R"({{"title":{{"zh":"{wz}{tz}{kz}","en":"{te} {ke} of {we}"}},)"
      R"("abstract":{{"zh":"本数据集由{oz}提供，记录{wz}自{y}年以来的{tz}{kz}，并与{pz}的{xz}相互对照，编号{b}。)"
      R"(内容经过脱敏处理，字段含义见数据字典，供公众查询和开发利用。",)"
      R"("en":"Published by the {oe}. {te} {ke} of {we} since {y}, set beside {xe} of {pe}; batch {b}. )"
      R"(Personal details are masked; the data dictionary explains every column."}},)"
      R"("items":[{{"zh":"编号"}},{{"zh":"日期"}},{{"zh":"{tz}名称"}},{{"zh":"数量"}}],)"
      R"("format":["{f}"],"sharing":"unconditional","opening_type":"{o}",)"
      R"("system":{{"zh":"{oz}业务系统"}},"frequency":"{q}","organisation":{org},)"
      R"("topics":["{t}"],"keywords":["{tz}","{wz}"],"licence":"CC-BY-4.0",)"
      R"("contact":"data@example.cn"}})",
      fmt::arg("wz", where.zh), fmt::arg("we", where.en), fmt::arg("tz", thing.zh),
      fmt::arg("te", thing.en), fmt::arg("kz", kind.zh), fmt::arg("ke", kind.en),
      fmt::arg("oz", owner.zh), fmt::arg("oe", owner.en), fmt::arg("pz", beside.zh),
      fmt::arg("pe", beside.en), fmt::arg("xz", other.zh), fmt::arg("xe", other.en),
      fmt::arg("y", year), fmt::arg("b", batch.substr(0, 8)), fmt::arg("f", pick(random, kFormats)),
      fmt::arg("o", conditional ? "conditional" : "unconditional"),
      fmt::arg("q", pick(random, kOften)), fmt::arg("org", number % kOrganisations + 1),
      fmt::arg("t", pick(random, kTopics)));
}

std::string resource_text(std::uint64_t number, const Hash& entry) {
  std::string columns;
  for (int i = 0; i < 11; ++i)
    columns += fmt::format(
        R"({}{{"name":"column_{}","type":"{}","title":{{"zh":"第{}列","en":"Column {}"}}}})",
        i == 0 ? "" : ",", i,
        i % 3 == 0   ? "string"
        : i % 3 == 1 ? "integer"
                     : "date",
        i, i);
  return fmt::format(
      R"({{"name":{{"zh":"数据表","en":"Table"}},"format":"csv","media_type":"text/csv","size":{},)"
      R"("rows":{},"digest":"{}","entry":"{}","columns":[{}]}})",
      1000 + number, number % 100'000,
      codec::to_hex(hash::sha256(as_bytes(fmt::format("bytes {}", number)))), codec::to_hex(entry),
      columns);
}

/// Documents of the batch at hand; the projection asks for no others.
class Made final : public portal::DocumentSource {
 public:
  explicit Made(io::BlobStore& blobs) : blobs_{&blobs} {}
  Result<std::optional<std::string>> document(const Hash& digest) override {
    const auto found = texts_.find(digest);
    return found == texts_.end() ? std::optional<std::string>{} : std::optional{found->second};
  }
  Hash add(std::string_view kind, const std::string& json, bool keep) {
    const auto made = portal::make_document(kind, json, {});
    if (!made) give_up(made.error().place, made.error().error, made.error().mend.en);
    if (keep)
      if (const auto kept = blobs_->put(as_bytes(made->text)); !kept)
        give_up("a document cannot be kept", kept.error());
    texts_.emplace(made->digest, made->text);
    return made->digest;
  }
  void forget() { texts_.clear(); }

 private:
  io::BlobStore* blobs_;
  std::map<Hash, std::string> texts_;
};

class Filler {
 public:
  Filler(PortalWorld& world, const Options& options)
      : world_{&world},
        options_{&options},
        pack_{&world.rules.book.packs().rbegin()->second},
        documents_{*world.blobs} {}

  /// Events applied a second; goes on where an earlier run was ended.
  double catalogue(const Address& auditor) {
    auto connection = world_->databases.projection->connect();
    if (!connection) give_up("the projection cannot be opened", connection.error());
    portal::Projection projection{**connection, world_->rules.book, documents_};
    const auto checked = [&](Result<void> done) {
      if (!done) give_up("the projection", done.error(), (*connection)->last_message());
    };
    checked(projection.open());
    const auto cursor = projection.cursor();
    if (!cursor) give_up("the projection", cursor.error());
    const auto begin = platform::monotonic_now();
    double made_s = 0;
    std::vector<portal::BlockEvents> batch;
    if (cursor->next_block <= kFirstBlock) batch.push_back(directory(auditor));
    const std::uint64_t first = std::max(cursor->next_block, kFirstBlock + 1) - kFirstBlock;
    std::uint64_t counted = first;
    for (std::uint64_t number = first; number <= options_->entries; ++number) {
      const auto before = platform::monotonic_now();
      batch.push_back(life(number));
      made_s += std::chrono::duration<double>(platform::monotonic_now() - before).count();
      if (batch.size() < 2'000 && number != options_->entries) continue;
      checked(projection.apply(batch));
      batch.clear();
      documents_.forget();
      for (; counted <= number; ++counted)
        if (counted % 50 == 0)
          checked(portal::count_download(**connection, id_of("entry", counted), counted % 1'000));
    }
    const std::chrono::duration<double> took = platform::monotonic_now() - begin;
    return static_cast<double>(events_) / std::max(took.count() - made_s, 1e-9);
  }

  /// Lines of the audit, as many in one statement as the server's patience allows.
  void reads() {
    auto connection = world_->databases.own->connect();
    if (!connection) give_up("the private database cannot be opened", connection.error());
    const bool lite = (*connection)->dialect() == io::SqlDialect::sqlite;
    const auto hex = [&](std::string_view number, int digits) {
      return lite ? fmt::format("printf('%0{}x', {})", digits, number)
                  : fmt::format("lpad(to_hex({}), {}, '0')", number, digits);
    };
    const std::string text = fmt::format(
        "INSERT INTO reads(time, account, address, action, object, digest, permit, remote, bytes) "
        "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) "
        "SELECT 1700000000000 + i * 1000, {}, {}, 'file', {}, {}, '', '10.0.0.1', i % 100000 "
        "FROM n",
        hex("i * 7919 % 50000", 32), hex("i * 7919 % 50000", 40), hex("i * 104729 % 1000000", 64),
        hex("i * 15485863 % 1000000", 64));
    constexpr std::uint64_t kAtOnce = 200'000;
    const auto there = (*connection)->query("SELECT coalesce(max(number), 0) FROM reads");
    if (!there) give_up("the audit", there.error(), (*connection)->last_message());
    const auto before = std::get<std::int64_t>(there->rows.at(0).at(0));
    for (auto first = static_cast<std::uint64_t>(before) + 1; first <= options_->reads;
         first += kAtOnce) {
      const std::uint64_t last = std::min(first + kAtOnce - 1, options_->reads);
      const std::array<io::SqlValue, 2> range{static_cast<std::int64_t>(first),
                                              static_cast<std::int64_t>(last)};
      if (const auto done = (*connection)->run(text, range); !done)
        give_up("the audit", done.error(), (*connection)->last_message());
    }
  }

  std::uint64_t events() const noexcept { return events_; }

 private:
  static Hash id_of(std::string_view what, std::uint64_t number) {
    return hash::sha256(as_bytes(fmt::format("{} {}", what, number)));
  }

  void add(portal::BlockEvents& block, portal::Event event) {
    ++events_;
    block.events.push_back({static_cast<std::uint32_t>(block.events.size()),
                            id_of("transaction", events_), std::move(event)});
  }

  portal::BlockEvents directory(const Address& auditor) {
    portal::BlockEvents block;
    block.number = kFirstBlock;
    block.time = 1'600'000'000;
    for (std::uint32_t id = 1; id <= kOrganisations; ++id) {
      const Words& owner = kOwners[id % std::size(kOwners)];
      const Place place = place_of(id);
      const Hash title = documents_.add("organisation",
                                        fmt::format(R"({{"title":{{"zh":"{}市{}","en":"{} {}"}}}})",
                                                    place.zh, owner.zh, place.en, owner.en),
                                        false);
      add(block, portal::OrganisationSet{id, {0, 2, true, title}, {}});
    }
    const auto* role = pack_->role("city_authority");
    if (role == nullptr) give_up("the rule pack", Error{err::not_found}, "no city_authority");
    add(block, portal::ActorSet{auditor, {1, 1u << role->number, true}, {}});
    return block;
  }

  /// One entry from its first act to its publication, every other one with a resource.
  portal::BlockEvents life(std::uint64_t number) {
    portal::BlockEvents block;
    block.number = kFirstBlock + number;
    block.time = 1'600'000'000 + number * 60;
    const bool conditional = number % 4 == 0;
    const bool keep = number % options_->files_every == 0;
    const Hash entry = id_of("entry", number);
    portal::Acted fresh;
    fresh.pack = pack_->number;
    fresh.actor.bytes[19] = static_cast<std::uint8_t>(1 + number % 200);
    fresh.organisation = static_cast<std::uint32_t>(number % kOrganisations + 1);
    fresh.actor_organisation = fresh.organisation;
    portal::Acted act = fresh;
    fresh.subject = entry;
    portal::Acted opening = fresh;
    portal::Acted resource = fresh;
    step(block, act, "entry", entry, "compile", "draft",
         documents_.add("entry", entry_text(number, conditional), keep));
    step(block, opening, "opening", portal::single_id(entry, pack_->workflow("opening")->number),
         conditional ? "classify_conditional" : "classify_unconditional",
         conditional ? "conditional" : "unconditional",
         documents_.add("opening", R"({"reasons":{"zh":"风险低","en":"low risk"}})", keep));
    step(block, act, "entry", entry, "publish", "published", {});
    if (number % 2 == 0) return block;
    const Hash id = id_of("resource", number);
    step(block, resource, "resource", id, "gather", "gathered",
         documents_.add("resource", resource_text(number, entry), keep));
    step(block, resource, "resource", id, "publish", "published", {});
    return block;
  }

  void step(portal::BlockEvents& block, portal::Acted& act, std::string_view workflow,
            const Hash& item, std::string_view action, std::string_view to, const Hash& document) {
    const auto* flow = pack_->workflow(workflow);
    const auto* what = flow == nullptr ? nullptr : flow->action(action);
    const auto* state = flow == nullptr ? nullptr : flow->state(to);
    if (what == nullptr || state == nullptr)
      give_up("the rule pack", Error{err::not_found},
              fmt::format("{} {} {}", workflow, action, to));
    act.item = item;
    act.workflow = flow->number;
    act.action = what->number;
    act.from = act.to;
    act.to = state->number;
    ++act.sequence;
    act.content = !document.is_zero();
    act.document = document;
    add(block, act);
  }

  PortalWorld* world_;
  const Options* options_;
  const portal::RulePack* pack_;
  Made documents_;
  std::uint64_t events_{0};
};

int fill(const Options& options) {
  const auto world = need(PortalWorld::open(need(load_portal_config(options.config)), true));
  std::string ignored;
  const auto auditor = need(
      service_account(*world, {options.auditor, {"审计员", "Auditor"}, options.password}, ignored));
  Filler filler{*world, options};
  const double rate = filler.catalogue(auditor.address);
  const auto begin = platform::monotonic_now();
  filler.reads();
  const std::chrono::duration<double> took = platform::monotonic_now() - begin;
  fmt::print("{{\"events\":{},\"events_s\":{:.0f},\"reads_s\":{:.1f}}}\n", filler.events(), rate,
             took.count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  umask(077);
  Options options;
  CLI::App app{"Fills a portal's databases for measuring", "wusong_portal_load"};
  app.add_option("--config", options.config, "The portal's settings")->capture_default_str();
  app.add_option("--entries", options.entries, "Catalogue entries")->capture_default_str();
  app.add_option("--reads", options.reads, "Lines of the audit")->capture_default_str();
  app.add_option("--files-every", options.files_every,
                 "Documents of every so many entries stand in the blob store too")
      ->capture_default_str();
  app.add_option("--auditor", options.auditor, "An account that may read the audit")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return fill(options);
}
