// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/postings.hpp"

#include <algorithm>
#include <bit>

#include "wusong/portal/errors.hpp"

namespace wusong::portal::internal {
namespace {

constexpr std::size_t kChunkBits = 16;
constexpr std::size_t kBitmapBytes = 8192;
constexpr std::size_t kListMax = kBitmapBytes / 2 - 1;  // numbers in a list
constexpr std::size_t kWordsMax = 128;                  // asked for in one statement

std::uint64_t chunk_of(std::uint64_t number) noexcept {
  return number >> kChunkBits;
}
std::uint16_t low_of(std::uint64_t number) noexcept {
  return static_cast<std::uint16_t>(number);
}

/// Sorted numbers within a chunk.
Result<std::vector<std::uint16_t>> decode(BytesView stored) {
  std::vector<std::uint16_t> out;
  if (stored.size() == kBitmapBytes) {
    for (std::size_t i = 0; i < kBitmapBytes; ++i)
      for (unsigned byte = stored[i]; byte != 0; byte &= byte - 1)
        out.push_back(
            static_cast<std::uint16_t>(i * 8 + static_cast<std::size_t>(std::countr_zero(byte))));
    return out;
  }
  if (stored.size() % 2 != 0 || stored.size() > 2 * kListMax) return fail(err::projection_damaged);
  out.reserve(stored.size() / 2);
  for (std::size_t i = 0; i < stored.size(); i += 2)
    out.push_back(static_cast<std::uint16_t>(stored[i] | stored[i + 1] << 8));
  return out;
}

Bytes encode(const std::vector<std::uint16_t>& numbers) {
  if (numbers.size() > kListMax) {
    Bytes out(kBitmapBytes);
    for (const std::uint16_t one : numbers)
      out[one / 8u] = static_cast<std::uint8_t>(out[one / 8u] | 1u << one % 8u);
    return out;
  }
  Bytes out;
  out.reserve(2 * numbers.size());
  for (const std::uint16_t one : numbers) {
    out.push_back(static_cast<std::uint8_t>(one));
    out.push_back(static_cast<std::uint8_t>(one >> 8));
  }
  return out;
}

void change_one(std::vector<std::uint16_t>& numbers, std::uint16_t one, bool is_there) {
  if (is_there && (numbers.empty() || numbers.back() < one)) return numbers.push_back(one);
  const auto at = std::ranges::lower_bound(numbers, one);
  const bool was_there = at != numbers.end() && *at == one;
  if (is_there && !was_there) numbers.insert(at, one);
  if (!is_there && was_there) numbers.erase(at);
}

/// "$2, $3, …": a few lengths of list, so that few statements are prepared.
std::string places(std::size_t count, std::size_t first) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "$" : ", $") + std::to_string(first + i);
  return out;
}

/// Words to ask for, the last one repeated up to a power of two.
void pad(Parameters& parameters, std::size_t count) {
  for (std::size_t have = count, want = std::bit_ceil(count); have < want; ++have)
    parameters.push_back(parameters.back());
}

}  // namespace

std::string title_word(std::string_view token) {
  return "^" + std::string{token};
}
std::string facet_word(std::string_view facet, std::string_view value) {
  return "=" + std::string{facet} + "=" + std::string{value};
}

Result<void> NumberSet::add(std::uint64_t chunk, BytesView stored) {
  Bits& bits = chunks_.try_emplace(chunk, Bits{}).first->second;
  if (stored.size() == kBitmapBytes) {
    for (std::size_t i = 0; i < kBitmapBytes; ++i)
      bits[i / 8] |= std::uint64_t{stored[i]} << (i % 8 * 8);
    return {};
  }
  WUSONG_TRY(const auto numbers, decode(stored));
  for (const std::uint16_t one : numbers) bits[one / 64u] |= std::uint64_t{1} << one % 64u;
  return {};
}

void NumberSet::unite(const NumberSet& other) {
  for (const auto& [chunk, theirs] : other.chunks_) {
    Bits& ours = chunks_.try_emplace(chunk, Bits{}).first->second;
    for (std::size_t i = 0; i < ours.size(); ++i) ours[i] |= theirs[i];
  }
}

void NumberSet::intersect(const NumberSet& other) {
  for (auto at = chunks_.begin(); at != chunks_.end();) {
    const auto theirs = other.chunks_.find(at->first);
    if (theirs == other.chunks_.end()) {
      at = chunks_.erase(at);
      continue;
    }
    for (std::size_t i = 0; i < at->second.size(); ++i) at->second[i] &= theirs->second[i];
    ++at;
  }
}

void NumberSet::subtract(const NumberSet& other) {
  for (auto& [chunk, ours] : chunks_) {
    const auto theirs = other.chunks_.find(chunk);
    if (theirs == other.chunks_.end()) continue;
    for (std::size_t i = 0; i < ours.size(); ++i) ours[i] &= ~theirs->second[i];
  }
}

void NumberSet::erase(std::uint64_t number) {
  const auto at = chunks_.find(chunk_of(number));
  if (at != chunks_.end())
    at->second[low_of(number) / 64u] &= ~(std::uint64_t{1} << low_of(number) % 64u);
}

bool NumberSet::contains(std::uint64_t number) const {
  const auto at = chunks_.find(chunk_of(number));
  return at != chunks_.end() && (at->second[low_of(number) / 64u] >> low_of(number) % 64u & 1) != 0;
}

std::uint64_t NumberSet::size() const {
  std::uint64_t out = 0;
  for (const auto& [chunk, bits] : chunks_)
    for (const std::uint64_t word : bits) out += static_cast<std::uint64_t>(std::popcount(word));
  return out;
}

std::vector<std::uint64_t> NumberSet::newest(std::uint64_t offset, std::uint64_t limit) const {
  std::vector<std::uint64_t> out;
  for (auto at = chunks_.rbegin(); at != chunks_.rend(); ++at) {
    for (std::size_t i = at->second.size(); i-- > 0;) {
      std::uint64_t word = at->second[i];
      const auto count = static_cast<std::uint64_t>(std::popcount(word));
      if (offset >= count) {
        offset -= count;
        continue;
      }
      for (; word != 0; word &= ~std::bit_floor(word)) {
        if (offset != 0) {
          --offset;
          continue;
        }
        if (out.size() == limit) return out;
        out.push_back((at->first << kChunkBits) + i * 64 +
                      static_cast<std::uint64_t>(std::bit_width(word)) - 1);
      }
    }
  }
  return out;
}

Result<Postings> read_postings(io::SqlConnection& sql, const std::vector<std::string>& words) {
  Postings out;
  for (std::size_t first = 0; first < words.size(); first += kWordsMax) {
    const std::size_t count = std::min(kWordsMax, words.size() - first);
    Parameters parameters;
    for (std::size_t i = 0; i < count; ++i) parameters.emplace_back(words[first + i]);
    pad(parameters, count);
    WUSONG_TRY(const auto rows, sql.query("SELECT word, chunk, bits FROM postings WHERE word IN (" +
                                              places(parameters.size(), 1) + ")",
                                          parameters));
    for (const auto& row : rows.rows) {
      RowReader in{row};
      NumberSet& set = out[in.text()];
      const std::uint64_t chunk = in.number();
      const Bytes bits = in.bytes();
      if (!in.good()) return fail(err::projection_damaged);
      WUSONG_CHECK(set.add(chunk, bits));
    }
  }
  return out;
}

PostingsWriter::PostingsWriter(io::SqlConnection& sql)
    : sql_{&sql},
      rows_{sql, "postings (word, chunk, bits)", 3,
            "ON CONFLICT (word, chunk) DO UPDATE SET bits = excluded.bits"} {}

void PostingsWriter::clear() {
  rows_.clear();
  waiting_.clear();
  count_ = 0;
}

Result<void> PostingsWriter::change(const std::vector<std::string>& words, std::uint64_t number,
                                    bool is_there) {
  for (const std::string& word : words) waiting_[word].push_back({number, is_there});
  count_ += words.size();
  return count_ < kWaitingMax ? Result<void>{} : flush();
}

Result<void> PostingsWriter::flush() {
  std::vector<Place> all;
  for (auto& [word, changes] : waiting_) {
    std::ranges::sort(changes);
    for (std::size_t i = 0; i < changes.size();) {
      const std::uint64_t chunk = chunk_of(changes[i].number);
      const std::size_t first = i;
      while (i < changes.size() && chunk_of(changes[i].number) == chunk) ++i;
      all.push_back({chunk, &word, first, i - first});
    }
  }
  std::ranges::sort(all, [](const Place& a, const Place& b) {
    return a.chunk != b.chunk ? a.chunk < b.chunk : *a.word < *b.word;
  });
  for (std::span<const Place> left{all}; !left.empty();) {
    std::size_t count = 0;
    while (count < std::min(kWordsMax, left.size()) && left[count].chunk == left[0].chunk) ++count;
    WUSONG_CHECK(write(left.first(count)));
    left = left.subspan(count);
  }
  WUSONG_CHECK(rows_.flush());
  clear();
  return {};
}

/// Reads, changes and writes some words' rows of one chunk.
Result<void> PostingsWriter::write(std::span<const Place> some) {
  Parameters parameters{number(some.front().chunk)};
  for (const Place& place : some) parameters.emplace_back(*place.word);
  pad(parameters, some.size());
  WUSONG_TRY(const auto rows,
             sql_->query("SELECT word, bits FROM postings WHERE chunk = $1 AND word IN (" +
                             places(parameters.size() - 1, 2) + ")",
                         parameters));
  std::map<std::string, Bytes> stored;
  for (const auto& row : rows.rows) {
    RowReader in{row};
    std::string word = in.text();
    stored.emplace(std::move(word), in.bytes());
    if (!in.good()) return fail(err::projection_damaged);
  }
  for (const Place& place : some) {
    const auto before = stored.find(*place.word);
    WUSONG_TRY(auto numbers, decode(before == stored.end() ? BytesView{} : before->second));
    const Changes& changes = waiting_.find(*place.word)->second;
    for (std::size_t i = 0; i < place.count; ++i) {
      const Change& one = changes[place.first + i];
      change_one(numbers, low_of(one.number), one.is_there);
    }
    if (!numbers.empty()) {
      WUSONG_CHECK(rows_.add({*place.word, number(place.chunk), encode(numbers)}));
    } else if (before != stored.end()) {
      const auto gone = sql_->run("DELETE FROM postings WHERE word = $1 AND chunk = $2",
                                  Parameters{*place.word, number(place.chunk)});
      if (!gone) return fail(gone.error());
    }
  }
  return {};
}

}  // namespace wusong::portal::internal
