// SPDX-License-Identifier: Apache-2.0
// Two scans of the file: what every column holds, then how its values are spread.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "wusong/tables/operations.hpp"

namespace wusong::tables {
namespace {

constexpr std::size_t kColumnsAtOnce = 48;  // of one statement
constexpr std::int64_t kTopDistinctMax = 10'000;
constexpr int kTop = 10;
constexpr int kBins = 20;
/// An undecided type is tried, then the next wider one, then text.
constexpr int kRoundsMax = 3;

enum class Kind { text, number, time, other };

Kind kind_of(const std::string& type) {
  if (type == "VARCHAR") return Kind::text;
  if (type == "DOUBLE" || type == "FLOAT" || type.starts_with("DECIMAL") ||
      type.find("INT") != std::string::npos)
    return Kind::number;
  if (type == "DATE" || type.starts_with("TIMESTAMP")) return Kind::time;
  return Kind::other;
}

struct Facts {
  std::int64_t values{0};
  std::int64_t misfits{0};
  std::int64_t exceptions{0};  // of the type the beginning suggested
  std::int64_t distinct{0};
  std::string suggested;
  std::string least;
  std::string most;
  Cell low;  // as a double, for the histogram
  Cell high;
  Cell mean;
  Cell deviation;
  std::int64_t length_min{0};
  std::int64_t length_max{0};
  std::int64_t formulas{0};
  std::vector<std::pair<std::string, std::int64_t>> top;
  std::vector<std::int64_t> bins;
};

/// A finite number, or seconds since 1970.
std::string as_number(const Column& column) {
  if (kind_of(column.type) == Kind::time) return fmt::format("epoch({})", column.typed());
  const std::string value = fmt::format("CAST({} AS DOUBLE)", column.typed());
  return column.type == "DOUBLE" || column.type == "FLOAT"
             ? fmt::format("(CASE WHEN isfinite({0}) THEN {0} END)", value)
             : value;
}

std::string next_type(const Column& column, bool leading_zeros) {
  if (leading_zeros) return "VARCHAR";
  if (column.type == "BIGINT") return "DOUBLE";
  if (column.type == "DATE") return "TIMESTAMP";
  return "VARCHAR";
}

class Profile {
 public:
  Profile(Engine& engine, Source& source)
      : engine_{engine}, source_{source}, facts_(source.columns.size()) {
    for (std::size_t i = 0; i < facts_.size(); ++i) facts_[i].suggested = source_.columns[i].type;
  }

  void run() {
    std::vector<std::size_t> open(facts_.size());
    for (std::size_t i = 0; i < open.size(); ++i) open[i] = i;
    for (int round = 0; round < kRoundsMax && !open.empty(); ++round) {
      std::vector<std::size_t> again;
      for_batches(open, kColumnsAtOnce,
                  [&](std::span<const std::size_t> batch) { describe(batch, round, again); });
      open = std::move(again);
    }
    spread();
  }

  void write(codec::JsonWriter& out) {
    out.key("rows").number(rows_);
    out.key("columns").open_array();
    for (std::size_t i = 0; i < facts_.size(); ++i) write_column(i, out);
    out.close_array();
  }

  std::int64_t rows() const noexcept { return rows_; }

 private:
  template <typename Work>
  static void for_batches(const std::vector<std::size_t>& all, std::size_t size, Work&& work) {
    for (std::size_t from = 0; from < all.size(); from += size)
      work(std::span{all}.subspan(from, std::min(size, all.size() - from)));
  }

  static constexpr std::size_t kFactColumns = 12;

  static std::string facts_of(const Column& column) {
    const std::string text = column.text();
    const std::string typed = column.typed();
    const Kind kind = kind_of(column.type);
    const bool plain = kind == Kind::text;
    const bool spread = kind == Kind::number || kind == Kind::time;
    const std::string number = spread ? as_number(column) : "CAST(NULL AS DOUBLE)";
    const std::string name = quoted_name(column.name);
    std::string out = fmt::format("count({}), count({}), ", name, typed);
    out += fmt::format("CAST(approx_count_distinct({}) AS BIGINT), ", column.raw ? name : typed);
    // The order of structures and lists is nobody's question.
    out += kind == Kind::other && column.type != "BOOLEAN" && column.type != "TIME"
               ? "CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), "
               : fmt::format(
                     "left(CAST(min({0}) AS VARCHAR), 256), "
                     "left(CAST(max({0}) AS VARCHAR), 256), ",
                     typed);
    out += fmt::format("min({0}), max({0}), ", number);
    out += kind == Kind::number ? fmt::format("avg({0}), stddev_pop({0}), ", number)
                                : "CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), ";
    out += plain ? fmt::format("min(length({0})), max(length({0})), ", text)
                 : "CAST(0 AS BIGINT), CAST(0 AS BIGINT), ";
    if (plain) {
      out += fmt::format("CAST(count_if(ascii({}) IN (61, 43, 64)) AS BIGINT)", text);
    } else if (column.raw && column.type == "BIGINT") {
      out += fmt::format("CAST(count_if({0} >= '00' AND {0} < '0:') AS BIGINT)", name);
    } else {
      out += "CAST(0 AS BIGINT)";
    }
    return out;
  }

  void describe(std::span<const std::size_t> batch, int round, std::vector<std::size_t>& again) {
    std::string list = "count(*)";
    for (const std::size_t i : batch) list += ", " + facts_of(source_.columns[i]);
    const auto table = engine_.query("SELECT " + list + " FROM " + source_.relation);
    const auto& row = table.rows.at(0);
    rows_ = number_of(row[0]);
    for (std::size_t k = 0; k < batch.size(); ++k) {
      const std::span<const Cell> cells{row.data() + 1 + k * kFactColumns, kFactColumns};
      Column& column = source_.columns[batch[k]];
      Facts& facts = facts_[batch[k]];
      facts.values = number_of(cells[0]);
      facts.misfits = facts.values - number_of(cells[1]);
      const bool plain = column.type == "VARCHAR";
      const bool leading_zeros = !plain && number_of(cells[11]) > 0;
      if (round == 0) facts.exceptions = facts.misfits;
      if (column.raw && !plain && (facts.misfits > 0 || leading_zeros)) {
        column.type = next_type(column, leading_zeros);
        again.push_back(batch[k]);
        continue;
      }
      facts.distinct = std::min(number_of(cells[2]), facts.values);
      facts.least = text_of(cells[3]);
      facts.most = text_of(cells[4]);
      facts.low = cells[5];
      facts.high = cells[6];
      facts.mean = cells[7];
      facts.deviation = cells[8];
      facts.length_min = number_of(cells[9]);
      facts.length_max = number_of(cells[10]);
      if (plain) facts.formulas = number_of(cells[11]);
    }
  }

  bool has_bins(std::size_t i) const {
    const auto* low = std::get_if<double>(&facts_[i].low);
    const auto* high = std::get_if<double>(&facts_[i].high);
    return low != nullptr && high != nullptr && *low < *high && std::isfinite(*high - *low);
  }
  bool has_top(std::size_t i) const {
    return facts_[i].values > 0 && facts_[i].distinct <= kTopDistinctMax;
  }

  void spread() {
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < facts_.size(); ++i)
      if (has_bins(i) || has_top(i)) wanted.push_back(i);
    // GROUPING takes at most 63 keys, and a column has up to two.
    for_batches(wanted, 30, [&](std::span<const std::size_t> batch) { spread(batch); });
  }

  struct Key {
    std::size_t column;
    bool bins;
  };

  void spread(std::span<const std::size_t> batch) {
    std::vector<Key> keys;
    std::string inner;
    std::string names;
    std::string sets;
    std::string values;
    const auto add = [&](std::size_t column, bool bins, const std::string& expression) {
      const std::string name = fmt::format("k{}", keys.size());
      const char* comma = keys.empty() ? "" : ", ";
      inner += fmt::format("{}{} AS {}", comma, expression, name);
      names += comma + name;
      sets += fmt::format("{}({})", comma, name);
      values += fmt::format("{}CAST({} AS VARCHAR)", comma, name);
      keys.push_back({column, bins});
    };
    for (const std::size_t i : batch) {
      const Column& column = source_.columns[i];
      if (has_top(i)) add(i, false, fmt::format("left({}, 256)", column.text()));
      if (!has_bins(i)) continue;
      const double low = std::get<double>(facts_[i].low);
      const double high = std::get<double>(facts_[i].high);
      add(i, true,
          fmt::format("CAST(least(floor(({} - {}) / {} * {}), {}) AS TINYINT)", as_number(column),
                      low, high - low, kBins, kBins - 1));
    }
    const auto table = engine_.query(
        fmt::format("SELECT g, coalesce({4}), n FROM (SELECT CAST(grouping({0}) AS BIGINT) AS g, "
                    "{0}, count(*) AS n "
                    "FROM (SELECT {1} FROM {2}) GROUP BY GROUPING SETS ({3}) "
                    "QUALIFY row_number() OVER (PARTITION BY g ORDER BY n DESC) <= {5})",
                    names, inner, source_.relation, sets, values, kBins + kTop));
    const auto all = (std::int64_t{1} << keys.size()) - 1;
    for (const auto& row : table.rows) {
      if (std::holds_alternative<std::monostate>(row[1])) continue;
      // A bit is clear for the key that this row is about; the first key has the highest bit.
      const auto bit = static_cast<std::uint64_t>(all & ~number_of(row[0]));
      const std::size_t place = keys.size() - 1 - static_cast<std::size_t>(std::countr_zero(bit));
      Facts& facts = facts_[keys.at(place).column];
      if (!keys[place].bins) {
        facts.top.emplace_back(text_of(row[1]), number_of(row[2]));
        continue;
      }
      facts.bins.resize(kBins);
      const auto bin = static_cast<std::size_t>(std::stoi(text_of(row[1])));
      facts.bins.at(bin) = number_of(row[2]);
    }
  }

  void write_column(std::size_t i, codec::JsonWriter& out) {
    const Column& column = source_.columns[i];
    Facts& facts = facts_[i];
    // Where all groups came back (one may be that of NULL) they are the exact number.
    if (has_top(i) && facts.top.size() + 1 < kBins + kTop)
      facts.distinct = static_cast<std::int64_t>(facts.top.size());
    out.open_object();
    out.key("name").string(column.name);
    out.key("type").string(column.type);
    out.key("nulls").number(rows_ - facts.values);
    out.key("distinct").number(facts.distinct);
    if (facts.suggested != column.type) {
      // What nearly all of a column is may matter more than what all of it is.
      out.key("nearly").open_object();
      out.key("type").string(facts.suggested);
      out.key("exceptions").number(facts.exceptions);
      out.close_object();
    }
    if (!facts.least.empty()) out.key("min").string(facts.least);
    if (!facts.most.empty()) out.key("max").string(facts.most);
    if (const auto* mean = std::get_if<double>(&facts.mean)) out.key("mean").number(*mean);
    if (const auto* deviation = std::get_if<double>(&facts.deviation))
      out.key("deviation").number(*deviation);
    if (column.type == "VARCHAR") {
      out.key("length_min").number(facts.length_min);
      out.key("length_max").number(facts.length_max);
      out.key("formulas").number(facts.formulas);
    }
    std::ranges::sort(facts.top, [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    out.key("top").open_array();
    for (std::size_t k = 0; k < std::min<std::size_t>(kTop, facts.top.size()); ++k) {
      out.open_object().key("value").string(facts.top[k].first);
      out.key("count").number(facts.top[k].second).close_object();
    }
    out.close_array();
    if (!facts.bins.empty()) {
      out.key("histogram").open_object();
      out.key("from").number(std::get<double>(facts.low));
      out.key("to").number(std::get<double>(facts.high));
      out.key("counts").open_array();
      for (const std::int64_t count : facts.bins) out.number(count);
      out.close_array().close_object();
    }
    out.close_object();
  }

  Engine& engine_;
  Source& source_;
  std::vector<Facts> facts_;
  std::int64_t rows_{0};
};

}  // namespace

void profile(Engine& engine, Source& source, codec::JsonWriter& out) {
  Profile profile{engine, source};
  profile.run();
  const std::int64_t rejected = rejected_lines(engine, source);
  if (rejected > profile.rows())
    throw Failed{"unreadable",
                 fmt::format("{} lines do not fit the table, {} do", rejected, profile.rows())};
  out.key("rejected").number(rejected);
  profile.write(out);
}

}  // namespace wusong::tables
