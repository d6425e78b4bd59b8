// SPDX-License-Identifier: Apache-2.0
// The search index: for each word the numbers of the entries that have it, in ordinary rows, so
// that both databases answer alike. Numbers are kept by chunks of 65,536, each a row: sorted
// numbers where there are few, one bit for each where there are many.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/hash_map.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/internal/bulk_insert.hpp"

namespace wusong::portal::internal {

/// Words of entries are tokens of letters and digits; these begin otherwise.
inline constexpr std::string_view kEveryEntry = "*";
std::string title_word(std::string_view token);
std::string facet_word(std::string_view facet, std::string_view value);

/// A set of entry numbers.
class NumberSet {
 public:
  /// Adds one chunk as it is stored. @errors err::projection_damaged
  [[nodiscard]] Result<void> add(std::uint64_t chunk, BytesView stored);
  void unite(const NumberSet& other);
  void intersect(const NumberSet& other);
  void subtract(const NumberSet& other);
  void erase(std::uint64_t number);
  bool contains(std::uint64_t number) const;
  std::uint64_t size() const;
  /// The highest numbers first, without the first `offset` of them.
  std::vector<std::uint64_t> newest(std::uint64_t offset, std::uint64_t limit) const;

 private:
  using Bits = std::array<std::uint64_t, 1024>;
  std::map<std::uint64_t, Bits> chunks_;
};

/// The sets of some words; those of unknown words are empty.
using Postings = std::map<std::string, NumberSet>;
[[nodiscard]] Result<Postings> read_postings(io::SqlConnection& sql,
                                             const std::vector<std::string>& words);

/// Collects changes and writes each chunk once.
class PostingsWriter {
 public:
  explicit PostingsWriter(io::SqlConnection& sql);
  void clear();
  /// @errors io's, where so much waits that it is written now
  [[nodiscard]] Result<void> change(const std::vector<std::string>& words, std::uint64_t number,
                                    bool is_there);
  [[nodiscard]] Result<void> flush();

 private:
  static constexpr std::size_t kWaitingMax = 400'000;  // changes held in memory
  struct Change {
    std::uint64_t number;
    bool is_there;  // of one number, what goes comes before what comes
    friend auto operator<=>(const Change&, const Change&) = default;
  };
  using Changes = std::vector<Change>;
  struct Place {
    std::uint64_t chunk;
    const std::string* word;
    std::size_t first;  // of its changes
    std::size_t count;
  };
  [[nodiscard]] Result<void> write(std::span<const Place> places);

  io::SqlConnection* sql_;
  BulkInsert rows_;
  HashMap<std::string, Changes, std::hash<std::string>> waiting_;
  std::size_t count_{0};
};

}  // namespace wusong::portal::internal
