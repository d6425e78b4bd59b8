// SPDX-License-Identifier: Apache-2.0
// How fast tables are built from events, and how long a search takes among many entries.
// WUSONG_PORTAL_ENTRIES sets how many (20,000), WUSONG_PORTAL_DB where the database lies (memory).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "wusong/portal/dataset.hpp"
#include "wusong/portal/internal/test_world.hpp"
#include "wusong/testkit/sqlite_connection.hpp"

namespace wusong::portal {
namespace {

using internal::hash_of_number;
using testkit::SqliteConnection;

std::uint64_t entries() {
  const char* set = std::getenv("WUSONG_PORTAL_ENTRIES");
  return set == nullptr ? 20'000 : std::strtoull(set, nullptr, 10);
}
const char* database() {
  const char* set = std::getenv("WUSONG_PORTAL_DB");
  return set == nullptr ? ":memory:" : set;
}

/// Documents made when they are asked for: entry documents by number.
class MadeDocuments final : public DocumentSource {
 public:
  MadeDocuments() {
    for (int i = 0; i < 2000; ++i) {
      std::string word;
      append_point(word, 0x4e00 + i * 7 % 3000);
      append_point(word, 0x4e00 + i * 13 % 3000);
      chinese_.push_back(word);
      english_.push_back("word" + std::to_string(i));
    }
  }
  Result<std::optional<std::string>> document(const Hash& digest) override {
    return std::optional{text(load_be(digest.data()).low())};
  }
  std::string text(std::uint64_t number) {
    std::mt19937_64 random{number};
    const auto some = [&](const std::vector<std::string>& words, int count, const char* between) {
      std::string out;
      for (int i = 0; i < count; ++i) {
        // A few words are in many texts, most are rare.
        const double x = static_cast<double>(random() % 1'000'000 + 1) / 1'000'000.0;
        const auto at = static_cast<std::size_t>(x * x * x * 1999.0);
        out += (i == 0 ? "" : between) + words[at];
      }
      return out;
    };
    const auto pick = [&](std::initializer_list<const char*> list) {
      return std::string{list.begin()[random() % list.size()]};
    };
    return R"({"abstract":{"en":")" + some(english_, 12, " ") + R"(","zh":")" +
           some(chinese_, 20, "") + R"("},"format":[")" + pick({"csv", "json", "xlsx", "xml"}) +
           R"("],"frequency":")" + pick({"daily", "weekly", "monthly", "yearly"}) +
           R"(","items":[{"zh":")" + some(chinese_, 4, "") + R"("}],"keywords":[")" +
           chinese_[random() % 500] +
           R"("],"kind":"entry","sharing":"unconditional","title":{"en":")" +
           some(english_, 3, " ") + R"(","zh":")" + some(chinese_, 4, "") + R"("},"topics":[")" +
           pick({"transport", "health", "education", "energy", "culture", "water"}) + R"("]})";
  }
  const std::string& chinese(std::size_t i) const { return chinese_[i]; }
  const std::string& english(std::size_t i) const { return english_[i]; }

 private:
  static void append_point(std::string& out, int point) {
    out.push_back(static_cast<char>(0xe0 | point >> 12));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  }
  std::vector<std::string> chinese_;
  std::vector<std::string> english_;
};

/// The life of an entry as events, with `steps` acts before it is published.
std::vector<BlockEvents> life(const RulePack& pack, std::uint64_t number, std::uint64_t steps) {
  const Workflow* entry = pack.workflow("entry");
  const Workflow* opening = pack.workflow("opening");
  const ItemId id = hash_of_number(number);
  BlockEvents block;
  block.number = number;
  block.time = 1'700'000'000 + number;
  Acted act;
  act.pack = pack.number;
  act.actor = internal::address_of(1);
  act.organisation = static_cast<std::uint32_t>(number % 300 + 1);
  const auto add = [&] {
    block.events.push_back(
        {static_cast<std::uint32_t>(block.events.size()), hash_of_number(number), act});
  };
  act.item = single_id(id, opening->number);
  act.workflow = opening->number;
  act.action = 1;
  act.to = opening->state(number % 4 == 0 ? "conditional" : "unconditional")->number;
  act.sequence = 1;
  act.subject = id;
  add();
  act.item = id;
  act.subject = {};
  act.workflow = entry->number;
  act.content = true;
  act.document = hash_of_number(number);
  for (std::uint64_t step = 0; step < steps; ++step) {
    act.to = 1;
    act.sequence = static_cast<std::uint32_t>(step + 1);
    add();
    act.from = 1;
    act.content = false;
    act.document = {};
  }
  act.action = entry->action("publish")->number;
  act.to = entry->state("published")->number;
  act.sequence = static_cast<std::uint32_t>(steps + 1);
  if (steps == 0) act.document = hash_of_number(number);
  add();
  return {block};
}

void build_from_events(benchmark::State& state) {
  const auto pack = internal::published_pack();
  if (!pack) return state.SkipWithError("no rule pack");
  RuleBook book;
  book.add(*pack);
  MadeDocuments documents;
  std::uint64_t events = 0;
  for (auto _ : state) {
    SqliteConnection sql;
    Projection projection{sql, book, documents};
    if (!projection.open()) return state.SkipWithError("open");
    std::vector<BlockEvents> batch;
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
      for (BlockEvents& block : life(*pack, i, 4)) {
        events += block.events.size();
        batch.push_back(std::move(block));
      }
      if (batch.size() < 500) continue;
      if (!projection.apply(batch)) return state.SkipWithError("apply");
      batch.clear();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK(build_from_events)
    ->Name("portal/rebuild/entries:10000")
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

/// One database for all searches.
struct Filled {
  Filled() : sql{database()} {
    pack = internal::published_pack();
    if (!pack) return;
    book.add(*pack);
    Projection projection{sql, book, documents};
    if (!projection.open()) return;
    std::vector<BlockEvents> batch;
    const std::uint64_t from = projection.cursor().value_or(Cursor{}).next_block;
    for (std::uint64_t i = std::max<std::uint64_t>(1, from); i <= entries(); ++i) {
      for (BlockEvents& block : life(*pack, i, 0)) batch.push_back(std::move(block));
      if (batch.size() < 5000 && i != entries()) continue;
      if (!projection.apply(batch)) return;
      batch.clear();
    }
    for (std::uint64_t i = 1; i <= entries(); i += 50)
      if (from < entries()) (void)count_download(sql, hash_of_number(i), i % 1000);
    ready = true;
  }
  std::optional<RulePack> pack;
  RuleBook book;
  MadeDocuments documents;
  SqliteConnection sql;
  bool ready{false};
};
Filled& filled() {
  static Filled kFilled;
  return kFilled;
}

void report(benchmark::State& state, const std::function<DatasetQuery(std::uint64_t)>& make) {
  if (!filled().ready) return state.SkipWithError("no database");
  std::vector<double> times;
  std::uint64_t i = 0;
  std::uint64_t found = 0;
  for (auto _ : state) {
    const DatasetQuery query = make(i++);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = search(filled().sql, query);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
    if (!result) return state.SkipWithError("search");
    found += result->total;
  }
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  state.counters["p50_ms"] = at(0.5);
  state.counters["p95_ms"] = at(0.95);
  state.counters["max_ms"] = times.back();
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(i);
}

void search_by(benchmark::State& state, const std::string& kind) {
  report(state, [&](std::uint64_t i) {
    MadeDocuments& words = filled().documents;
    DatasetQuery query;
    if (kind == "browse") query.offset = i * 977 % std::max<std::uint64_t>(1, entries());
    if (kind == "rare") query.text = words.chinese(1000 + i * 31 % 999);
    if (kind == "common") query.text = words.english(i % 5);
    if (kind == "two_words") query.text = words.english(i % 40) + " " + words.english(i * 7 % 300);
    if (kind == "mixed") query.text = words.chinese(i * 17 % 2000);
    if (kind == "filtered") {
      query.text = words.chinese(i * 17 % 1000);
      query.topics = {"health"};
      query.openings = {OpeningType::unconditional};
      query.sort = SortBy::updated;
    }
    if (kind == "facets_only") {
      query.topics = {"transport"};
      query.formats = {"CSV"};
      query.frequencies = {"daily", "weekly"};
    }
    if (kind == "by_downloads") {
      query.text = words.chinese(i * 17 % 2000);
      query.sort = SortBy::downloads;
    }
    return query;
  });
}

void add_searches() {
  for (const char* kind : {"browse", "rare", "common", "two_words", "mixed", "filtered",
                           "facets_only", "by_downloads"})
    benchmark::RegisterBenchmark((std::string{"portal/search/query:"} + kind).c_str(),
                                 [kind](benchmark::State& state) { search_by(state, kind); })
        ->Unit(benchmark::kMillisecond)
        ->Iterations(100);
}
[[maybe_unused]] const bool kAdded = (add_searches(), true);

}  // namespace
}  // namespace wusong::portal
