// SPDX-License-Identifier: Apache-2.0
// Search over the listed entries. Rows are numbered so that a later change has a higher number: the
// newest matches come first without sorting, however many there are.
#include <algorithm>
#include <map>

#include "wusong/base/hash_map.hpp"
#include "wusong/portal/dataset.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/dataset_rows.hpp"
#include "wusong/portal/internal/projection_schema.hpp"
#include "wusong/portal/internal/sql_row.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/portal/tokens.hpp"

namespace wusong::portal {
namespace {

using internal::facet_word;
using internal::number;
using internal::Parameters;
using internal::RowReader;

constexpr std::string_view kFacets[] = {"topic",  "organisation", "opening_type",
                                        "format", "frequency",    "tag"};
constexpr std::size_t kFiltersMax = 64;

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

/// What must match: every word, and one word of every group.
struct Match {
  std::vector<std::string> words;
  std::vector<std::vector<std::string>> groups;
  std::string single_facet;  // facet and value where one filter is all there is
  std::string single_value;
  bool everything() const noexcept { return words.empty() && groups.empty(); }
};

Match match_of(const DatasetQuery& query) {
  Match out;
  out.words = query_tokens_of(query.text);
  std::size_t filters = 0;
  const auto group = [&](std::string_view facet, const std::vector<std::string>& values) {
    std::vector<std::string> words;
    for (const std::string& value : values) words.push_back(facet_word(facet, value));
    if (words.empty()) return;
    filters += words.size();
    out.single_facet = facet;
    out.single_value = values.front();
    out.groups.push_back(std::move(words));
  };
  for (const std::string& value : query.topics) group("topic", {value});
  for (const std::string& value : query.tags) group("tag", {value});
  std::vector<std::string> values;
  for (const std::uint32_t id : query.organisations) values.push_back(std::to_string(id));
  group("organisation", values);
  values.clear();
  for (const OpeningType type : query.openings) values.emplace_back(name_of(type));
  group("opening_type", values);
  values.clear();
  for (const std::string& format : query.formats) values.push_back(upper(format));
  group("format", values);
  group("frequency", query.frequencies);
  if (filters != 1) out.single_facet.clear();
  return out;
}

/// One way to ask for matches: whole, or in two parts for relevance.
enum class Part : std::uint8_t { all, in_title, not_in_title };

std::string quoted(std::string_view word, bool lite) {
  const char quote = lite ? '"' : '\'';
  std::string out(1, quote);
  out += word;
  out.push_back(quote);
  return out;
}

/// @source SQLite FTS5, "Full-text Query Syntax"; PostgreSQL, tsquery
std::string expression(const Match& match, bool lite, std::string_view column, bool with_groups) {
  const std::string_view both = lite ? " AND " : " & ";
  const std::string_view either = lite ? " OR " : " | ";
  std::string out;
  for (const std::string& word : match.words) {
    if (!out.empty()) out += both;
    if (lite) out += std::string{column} + " : ";
    out += quoted(word, lite);
  }
  if (!with_groups) return out;
  for (const auto& group : match.groups) {
    if (!out.empty()) out += both;
    if (lite) out += "facets : ";
    out += "(";
    for (std::size_t i = 0; i < group.size(); ++i)
      out += std::string{i == 0 ? "" : either} + quoted(group[i], lite);
    out += ")";
  }
  return out;
}

struct Statement {
  std::string from;  // "FROM … WHERE …"
  std::string column;
  Parameters parameters;
};

Statement statement(const Match& match, io::SqlDialect dialect, Part part) {
  const bool lite = dialect == io::SqlDialect::sqlite;
  const std::string all = expression(match, lite, "body", true);
  const std::string title = expression(match, lite, "title", false);
  if (lite) {
    std::string text = all;
    if (part == Part::in_title) text = "(" + all + ") AND (" + title + ")";
    if (part == Part::not_in_title) text = "(" + all + ") NOT (" + title + ")";
    return {" FROM search WHERE search MATCH $1", "rowid", {text}};
  }
  if (part == Part::all)
    return {" FROM search_text WHERE words @@ CAST($1 AS tsquery)", "number", {all}};
  const std::string_view sign = part == Part::in_title ? "" : "NOT ";
  return {" FROM search_text WHERE words @@ CAST($1 AS tsquery) AND " + std::string{sign} +
              "title_words @@ CAST($2 AS tsquery)",
          "number",
          {all, title}};
}

/// Numbers of matches from the newest on.
Result<std::vector<std::uint64_t>> numbers_of(io::SqlConnection& sql, const Statement& what,
                                              std::uint64_t offset, std::uint64_t limit) {
  std::vector<std::uint64_t> out;
  if (limit == 0) return out;
  Parameters parameters = what.parameters;
  const std::size_t at = parameters.size();
  parameters.push_back(number(limit));
  parameters.push_back(number(offset));
  WUSONG_TRY(const auto rows, sql.query("SELECT " + what.column + what.from + " ORDER BY " +
                                            what.column + " DESC LIMIT $" + std::to_string(at + 1) +
                                            " OFFSET $" + std::to_string(at + 2),
                                        parameters));
  for (const auto& row : rows.rows) out.push_back(RowReader{row}.number());
  return out;
}

Result<std::uint64_t> count_of(io::SqlConnection& sql, const Statement& what) {
  Parameters parameters = what.parameters;
  parameters.push_back(number(kTotalMax + 1));
  WUSONG_TRY(const auto rows,
             sql.query("SELECT count(*) FROM (SELECT " + what.column + what.from + " LIMIT $" +
                           std::to_string(parameters.size()) + ") AS matches",
                       parameters));
  if (rows.rows.size() != 1) return fail(err::projection_damaged);
  return RowReader{rows.rows[0]}.number();
}

/// What ranking and facets need of a match.
struct Candidate {
  std::uint64_t number{0};
  std::uint64_t downloads{0};
  std::uint32_t score{0};
  std::string facets;
};

/// Words in the title count, and a title that is little else counts more.
std::uint32_t score_of(const Match& match, std::string_view title) {
  std::uint32_t found = 0;
  std::uint32_t words = 1;
  for (const char c : title) words += c == ' ' ? 1 : 0;
  const std::string padded = " " + std::string{title} + " ";
  for (const std::string& word : match.words)
    found += padded.find(" " + word + " ") != std::string::npos ? 1 : 0;
  if (found == 0) return 0;
  const bool whole = found == match.words.size();
  return (whole ? 1'000'000u : 0u) + found * 10'000u + 1'000u / words;
}

Result<std::vector<Candidate>> candidates_of(io::SqlConnection& sql, const Match& match,
                                             const std::vector<std::uint64_t>& numbers,
                                             SortBy sort) {
  std::vector<Candidate> out;
  if (numbers.empty()) return out;
  const bool titles = sort == SortBy::relevance && !match.words.empty();
  const bool downloads = sort == SortBy::downloads;
  const std::string text = std::string{"SELECT e.number, e.facets, "} +
                           (titles ? "s.title, " : "'', ") +
                           (downloads ? "coalesce(p.downloads, 0)" : "0") + " FROM entries e " +
                           (titles ? "JOIN search_text s ON s.number = e.number " : "") +
                           (downloads ? "LEFT JOIN popularity p ON p.entry = e.id " : "") +
                           "WHERE " + internal::in_list(sql.dialect(), "e.number");
  WUSONG_TRY(const auto rows,
             sql.query(text, Parameters{internal::number_list(sql.dialect(), numbers)}));
  for (const auto& row : rows.rows) {
    RowReader in{row};
    Candidate one;
    one.number = in.number();
    one.facets = in.text();
    const std::string title = in.text();
    one.downloads = in.number();
    if (titles) one.score = score_of(match, title);
    if (!in.good()) return fail(err::projection_damaged);
    out.push_back(std::move(one));
  }
  std::ranges::sort(out, [](const Candidate& a, const Candidate& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.downloads != b.downloads) return a.downloads > b.downloads;
    return a.number > b.number;
  });
  return out;
}

void sort_values(std::vector<FacetValue>& values) {
  std::ranges::sort(values, [](const FacetValue& a, const FacetValue& b) {
    return a.count != b.count ? a.count > b.count : a.value < b.value;
  });
  if (values.size() > kFacetValuesMax) values.resize(kFacetValuesMax);
}

std::vector<Facet> count_facets(const std::vector<Candidate>& candidates) {
  HashMap<std::string_view, std::uint64_t, std::hash<std::string_view>> counts;
  for (const Candidate& one : candidates) {
    std::string_view left = one.facets;
    while (!left.empty()) {
      const std::size_t end = left.find('\n');
      ++counts[left.substr(0, end)];
      left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    }
  }
  std::vector<Facet> out;
  for (const std::string_view name : kFacets) out.push_back({std::string{name}, {}});
  for (const auto& [line, count] : counts) {
    const std::size_t equals = line.find('=');
    for (Facet& facet : out)
      if (facet.name == line.substr(0, equals))
        facet.values.push_back({std::string{line.substr(equals + 1)}, count});
  }
  for (Facet& facet : out) sort_values(facet.values);
  return out;
}

Result<std::vector<Facet>> counted_facets(io::SqlConnection& sql) {
  std::vector<Facet> out;
  for (const std::string_view name : kFacets) {
    WUSONG_TRY(const auto rows, sql.query("SELECT value, count FROM facet_counts WHERE facet = $1 "
                                          "ORDER BY count DESC, value LIMIT $2",
                                          Parameters{std::string{name}, number(kFacetValuesMax)}));
    Facet facet{std::string{name}, {}};
    for (const auto& row : rows.rows) {
      RowReader in{row};
      std::string value = in.text();
      facet.values.push_back({std::move(value), in.number()});
    }
    out.push_back(std::move(facet));
  }
  return out;
}

/// A page in the order of downloads: first what was ever downloaded, driven by the index over
/// downloads, then the rest from the newest on. `among` is all listed entries where it is null.
Result<std::vector<std::uint64_t>> page_by_downloads(io::SqlConnection& sql, const Statement* among,
                                                     const DatasetQuery& query) {
  const Parameters parameters = among == nullptr ? Parameters{} : among->parameters;
  const std::string limits = " LIMIT $" + std::to_string(parameters.size() + 1) + " OFFSET $" +
                             std::to_string(parameters.size() + 2);
  const auto numbers = [&](const std::string& text, std::uint64_t limit,
                           std::uint64_t offset) -> Result<std::vector<std::uint64_t>> {
    Parameters all = parameters;
    all.push_back(number(limit));
    all.push_back(number(offset));
    WUSONG_TRY(const auto rows, sql.query(text + limits, all));
    std::vector<std::uint64_t> out;
    for (const auto& row : rows.rows) out.push_back(RowReader{row}.number());
    return out;
  };
  std::string loved =
      " FROM popularity p CROSS JOIN entries e WHERE e.id = p.entry AND e.listed = 1";
  if (among != nullptr) loved += " AND e.number IN (SELECT " + among->column + among->from + ")";
  WUSONG_TRY(auto out,
             numbers("SELECT e.number" + loved + " ORDER BY p.downloads DESC, e.number DESC",
                     query.limit, query.offset));
  if (out.size() == query.limit) return out;
  WUSONG_TRY(const auto count, sql.query("SELECT count(*)" + loved, parameters));
  if (count.rows.size() != 1) return fail(err::projection_damaged);
  const std::uint64_t before = RowReader{count.rows[0]}.number();
  const std::string column = among == nullptr ? "number" : among->column;
  const std::string rest =
      "SELECT " + column + (among == nullptr ? " FROM entries WHERE listed = 1" : among->from) +
      " AND " + column +
      " NOT IN (SELECT e.number FROM popularity p JOIN entries e ON e.id = p.entry) ORDER BY " +
      column + " DESC";
  WUSONG_TRY(const auto more, numbers(rest, query.limit - out.size(),
                                      query.offset > before ? query.offset - before : 0));
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// Every listed entry: totals and facets are counters, pages come from one index.
Result<SearchResult> browse(io::SqlConnection& sql, const DatasetQuery& query) {
  SearchResult out;
  WUSONG_TRY(out.total, dataset_count(sql));
  std::vector<std::uint64_t> numbers;
  if (query.sort == SortBy::downloads) {
    WUSONG_TRY(numbers, page_by_downloads(sql, nullptr, query));
  } else {
    WUSONG_TRY(const auto rows, sql.query("SELECT number FROM entries WHERE listed = 1 "
                                          "ORDER BY number DESC LIMIT $1 OFFSET $2",
                                          Parameters{number(query.limit), number(query.offset)}));
    for (const auto& row : rows.rows) numbers.push_back(RowReader{row}.number());
  }
  WUSONG_TRY(out.items, internal::datasets_numbered(sql, numbers));
  if (query.facets) {
    WUSONG_TRY(out.facets, counted_facets(sql));
  }
  return out;
}

/// A page in the order of relevance of more matches than are ranked one by one: those with every
/// word in the title first.
Result<std::vector<std::uint64_t>> page_in_two_parts(io::SqlConnection& sql, const Match& match,
                                                     const DatasetQuery& query) {
  const Statement first = statement(match, sql.dialect(), Part::in_title);
  WUSONG_TRY(auto out, numbers_of(sql, first, query.offset, query.limit));
  if (out.size() == query.limit) return out;
  std::uint64_t before = query.offset + out.size();
  if (out.empty()) {
    WUSONG_TRY(before, count_of(sql, first));
  }
  const std::uint64_t offset = query.offset > before ? query.offset - before : 0;
  WUSONG_TRY(const auto rest, numbers_of(sql, statement(match, sql.dialect(), Part::not_in_title),
                                         offset, query.limit - out.size()));
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

/// More matches than are looked at one by one.
Result<SearchResult> search_many(io::SqlConnection& sql, const Match& match,
                                 const DatasetQuery& query,
                                 const std::vector<std::uint64_t>& newest) {
  SearchResult out;
  const Statement all = statement(match, sql.dialect(), Part::all);
  if (match.words.empty() && !match.single_facet.empty()) {
    WUSONG_TRY(const auto rows,
               sql.query("SELECT count FROM facet_counts WHERE facet = $1 AND value = $2",
                         Parameters{match.single_facet, match.single_value}));
    out.total = rows.rows.empty() ? 0 : RowReader{rows.rows[0]}.number();
  } else {
    WUSONG_TRY(out.total, count_of(sql, all));
    out.total_is_exact = out.total <= kTotalMax;
    out.total = std::min(out.total, kTotalMax);
  }
  std::vector<std::uint64_t> page;
  if (query.sort == SortBy::downloads) {
    WUSONG_TRY(page, page_by_downloads(sql, &all, query));
  } else if (query.sort == SortBy::relevance && !match.words.empty()) {
    WUSONG_TRY(page, page_in_two_parts(sql, match, query));
  } else {
    WUSONG_TRY(page, numbers_of(sql, all, query.offset, query.limit));
  }
  WUSONG_TRY(out.items, internal::datasets_numbered(sql, page));
  if (query.facets) {
    WUSONG_TRY(const auto sample, candidates_of(sql, {}, newest, SortBy::updated));
    out.facets = count_facets(sample);
    out.facets_are_exact = false;
  }
  return out;
}

}  // namespace

Result<SearchResult> search(io::SqlConnection& sql, const DatasetQuery& query) {
  const std::size_t filters = query.topics.size() + query.tags.size() + query.organisations.size() +
                              query.openings.size() + query.formats.size() +
                              query.frequencies.size();
  if (query.limit > kPageMax || query.offset > INT64_MAX || filters > kFiltersMax)
    return fail(err::bad_query);
  const Match match = match_of(query);
  if (match.everything() && query.text.empty()) return browse(sql, query);
  if (match.everything()) return SearchResult{};  // only marks were asked for: no entry has them
  const Statement all = statement(match, sql.dialect(), Part::all);
  WUSONG_TRY(auto numbers, numbers_of(sql, all, 0, kExactMax + 1));
  if (numbers.size() > kExactMax) {
    numbers.pop_back();
    return search_many(sql, match, query, numbers);
  }
  SearchResult out;
  out.total = numbers.size();
  const bool needs_rows = query.facets || query.sort != SortBy::updated;
  if (needs_rows) {
    WUSONG_TRY(const auto ranked, candidates_of(sql, match, numbers, query.sort));
    for (std::size_t i = 0; i < ranked.size(); ++i) numbers[i] = ranked[i].number;
    if (query.facets) out.facets = count_facets(ranked);
  }
  const std::size_t from = std::min<std::size_t>(query.offset, numbers.size());
  const std::size_t count = std::min<std::size_t>(query.limit, numbers.size() - from);
  const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(from);
  WUSONG_TRY(out.items,
             internal::datasets_numbered(sql, {begin, begin + static_cast<std::ptrdiff_t>(count)}));
  return out;
}

}  // namespace wusong::portal
