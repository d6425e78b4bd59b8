// SPDX-License-Identifier: Apache-2.0
// Search over the listed entries: sets of numbers, one for each word, are cut down to what matches.
// Entries are numbered so that a later change has a higher number: the newest come first without
// sorting, however many there are.
#include <algorithm>
#include <optional>

#include "wusong/base/hash_map.hpp"
#include "wusong/portal/dataset.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/dataset_rows.hpp"
#include "wusong/portal/internal/postings.hpp"
#include "wusong/portal/internal/sql_row.hpp"
#include "wusong/portal/projection.hpp"
#include "wusong/portal/tokens.hpp"

namespace wusong::portal {
namespace {

using internal::facet_word;
using internal::number;
using internal::NumberSet;
using internal::Parameters;
using internal::RowReader;

constexpr std::string_view kFacets[] = {"topic",  "organisation", "opening_type",
                                        "format", "frequency",    "tag"};
constexpr std::size_t kFiltersMax = 64;
constexpr std::uint64_t kRankedMax = 10'000;  // by downloads

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
  bool everything() const noexcept { return words.empty() && groups.empty(); }
};

Match match_of(const DatasetQuery& query) {
  Match out;
  out.words = query_tokens_of(query.text);
  const auto group = [&](std::string_view facet, const std::vector<std::string>& values) {
    std::vector<std::string> words;
    for (const std::string& value : values) words.push_back(facet_word(facet, value));
    if (!words.empty()) out.groups.push_back(std::move(words));
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
  return out;
}

/// The entries that match, and those of them with every word in the title.
struct Found {
  NumberSet all;
  NumberSet in_title;
};

Result<Found> find(io::SqlConnection& sql, const Match& match, bool with_titles) {
  std::vector<std::string> asked = match.words;
  for (const auto& group : match.groups) asked.insert(asked.end(), group.begin(), group.end());
  if (with_titles)
    for (const std::string& word : match.words) asked.push_back(internal::title_word(word));
  if (match.everything()) asked.emplace_back(internal::kEveryEntry);
  WUSONG_TRY(auto sets, internal::read_postings(sql, asked));
  Found out;
  std::optional<NumberSet> all;
  const auto narrow = [](std::optional<NumberSet>& set, const NumberSet& by) {
    if (set) {
      set->intersect(by);
    } else {
      set = by;
    }
  };
  for (const std::string& word : match.words) narrow(all, sets[word]);
  for (const auto& group : match.groups) {
    NumberSet any;
    for (const std::string& word : group) any.unite(sets[word]);
    narrow(all, any);
  }
  if (match.everything()) narrow(all, sets[std::string{internal::kEveryEntry}]);
  out.all = std::move(*all);
  if (with_titles && !match.words.empty()) {
    out.in_title = out.all;
    for (const std::string& word : match.words)
      out.in_title.intersect(sets[internal::title_word(word)]);
  }
  return out;
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
  const std::string text =
      std::string{"SELECT s.number, s.facets, s.title, "} +
      (downloads ? "coalesce(p.downloads, 0) FROM search_text s JOIN entries e ON e.number = "
                   "s.number LEFT JOIN popularity p ON p.entry = e.id "
                 : "0 FROM search_text s ") +
      "WHERE " + io::in_list(sql.dialect(), "s.number");
  WUSONG_TRY(const auto rows, sql.query(text, Parameters{io::number_list(sql.dialect(), numbers)}));
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

/// A page in the order of downloads: the kRankedMax most downloaded, then the rest from the newest
/// on.
Result<std::vector<std::uint64_t>> page_by_downloads(io::SqlConnection& sql, NumberSet among,
                                                     const DatasetQuery& query) {
  constexpr std::uint64_t kStep = 500;
  std::vector<std::uint64_t> loved;
  for (std::uint64_t at = 0; at < kRankedMax; at += kStep) {
    WUSONG_TRY(const auto rows,
               sql.query("SELECT e.number FROM popularity p CROSS JOIN entries e "
                         "WHERE e.id = p.entry AND e.listed = 1 "
                         "ORDER BY p.downloads DESC, e.number DESC LIMIT $1 OFFSET $2",
                         Parameters{number(kStep), number(at)}));
    for (const auto& row : rows.rows) {
      const std::uint64_t one = RowReader{row}.number();
      if (among.contains(one)) loved.push_back(one);
    }
    if (rows.rows.size() < kStep || loved.size() >= query.offset + query.limit) break;
  }
  const std::size_t from = std::min<std::size_t>(query.offset, loved.size());
  const std::size_t count = std::min<std::size_t>(query.limit, loved.size() - from);
  const auto begin = loved.begin() + static_cast<std::ptrdiff_t>(from);
  std::vector<std::uint64_t> out{begin, begin + static_cast<std::ptrdiff_t>(count)};
  if (out.size() == query.limit) return out;
  for (const std::uint64_t one : loved) among.erase(one);
  const auto rest = among.newest(query.offset - from, query.limit - out.size());
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

/// A page of what changed longest ago first.
std::vector<std::uint64_t> page_of_oldest(const NumberSet& among, const DatasetQuery& query) {
  const std::uint64_t total = among.size();
  const std::uint64_t from = std::min(query.offset, total);
  const std::uint64_t count = std::min<std::uint64_t>(query.limit, total - from);
  auto out = among.newest(total - from - count, static_cast<std::size_t>(count));
  std::ranges::reverse(out);
  return out;
}

/// A page in the order of ids, which changes do not disturb: walks the index over ids.
Result<std::vector<std::uint64_t>> page_by_id(io::SqlConnection& sql, const NumberSet& among,
                                              const DatasetQuery& query) {
  constexpr std::uint64_t kStep = 5'000;
  std::vector<std::uint64_t> out;
  std::string after;
  for (std::uint64_t matched = 0; out.size() < query.limit;) {
    WUSONG_TRY(const auto rows, sql.query("SELECT id, number FROM entries WHERE listed = 1 AND "
                                          "id > $1 ORDER BY id LIMIT $2",
                                          Parameters{after, number(kStep)}));
    for (const auto& row : rows.rows) {
      RowReader in{row};
      after = in.text();
      const std::uint64_t one = in.number();
      if (!in.good()) return fail(err::projection_damaged);
      if (!among.contains(one) || ++matched <= query.offset) continue;
      if (out.size() < query.limit) out.push_back(one);
    }
    if (rows.rows.size() < kStep) break;
  }
  return out;
}

/// A page in the order of relevance of more matches than are ranked one by one: those with every
/// word in the title first.
std::vector<std::uint64_t> page_in_two_parts(const Found& found, const DatasetQuery& query) {
  auto out = found.in_title.newest(query.offset, query.limit);
  if (out.size() == query.limit) return out;
  const std::uint64_t before = std::max(query.offset, found.in_title.size());
  NumberSet rest = found.all;
  rest.subtract(found.in_title);
  const auto more = rest.newest(before - found.in_title.size(), query.limit - out.size());
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// More matches than are looked at one by one.
Result<SearchResult> search_many(io::SqlConnection& sql, const Match& match,
                                 const DatasetQuery& query, const Found& found) {
  SearchResult out;
  out.total = found.all.size();
  std::vector<std::uint64_t> page;
  if (query.sort == SortBy::downloads) {
    WUSONG_TRY(page, page_by_downloads(sql, found.all, query));
  } else if (query.sort == SortBy::oldest) {
    page = page_of_oldest(found.all, query);
  } else if (query.sort == SortBy::id) {
    WUSONG_TRY(page, page_by_id(sql, found.all, query));
  } else if (query.sort == SortBy::relevance && !match.words.empty()) {
    page = page_in_two_parts(found, query);
  } else {
    page = found.all.newest(query.offset, query.limit);
  }
  WUSONG_TRY(out.items, internal::datasets_numbered(sql, page));
  if (query.facets && match.everything()) {
    WUSONG_TRY(out.facets, counted_facets(sql));
  } else if (query.facets) {
    WUSONG_TRY(const auto sample,
               candidates_of(sql, {}, found.all.newest(0, kExactMax), SortBy::updated));
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
  // Only marks were asked for: no entry has them.
  if (match.everything() && !query.text.empty()) return SearchResult{};
  WUSONG_TRY(const Found found, find(sql, match, query.sort == SortBy::relevance));
  auto numbers = found.all.newest(0, kExactMax + 1);
  if (numbers.size() > kExactMax) return search_many(sql, match, query, found);
  SearchResult out;
  out.total = numbers.size();
  const bool needs_rows = query.facets || query.sort != SortBy::updated;
  if (needs_rows) {
    WUSONG_TRY(const auto ranked, candidates_of(sql, match, numbers, query.sort));
    for (std::size_t i = 0; i < ranked.size(); ++i) numbers[i] = ranked[i].number;
    if (query.facets) out.facets = count_facets(ranked);
  }
  if (query.sort == SortBy::oldest) {
    WUSONG_TRY(out.items, internal::datasets_numbered(sql, page_of_oldest(found.all, query)));
    return out;
  }
  if (query.sort == SortBy::id) {
    WUSONG_TRY(const auto page, page_by_id(sql, found.all, query));
    WUSONG_TRY(out.items, internal::datasets_numbered(sql, page));
    return out;
  }
  const std::size_t from = std::min<std::size_t>(query.offset, numbers.size());
  const std::size_t count = std::min<std::size_t>(query.limit, numbers.size() - from);
  const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(from);
  WUSONG_TRY(out.items,
             internal::datasets_numbered(sql, {begin, begin + static_cast<std::ptrdiff_t>(count)}));
  return out;
}

}  // namespace wusong::portal
