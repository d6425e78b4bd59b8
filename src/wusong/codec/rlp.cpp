// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/rlp.hpp"

#include "wusong/codec/errors.hpp"

namespace wusong::codec {
namespace {

constexpr std::uint8_t kString = 0x80;
constexpr std::uint8_t kList = 0xc0;
constexpr std::size_t kShortMax = 55;

std::size_t byte_count(std::size_t value) noexcept {
  std::size_t count = 0;
  for (; value != 0; value >>= 8) ++count;
  return count;
}

/// Writes a prefix to `out`, which has room, and returns its size.
std::size_t write_prefix(std::uint8_t* out, std::uint8_t base, std::size_t payload) noexcept {
  if (payload <= kShortMax) {
    out[0] = static_cast<std::uint8_t>(base + payload);
    return 1;
  }
  const std::size_t count = byte_count(payload);
  out[0] = static_cast<std::uint8_t>(base + kShortMax + count);
  for (std::size_t i = 0; i < count; ++i)
    out[1 + i] = static_cast<std::uint8_t>(payload >> (8 * (count - 1 - i)));
  return 1 + count;
}

}  // namespace

std::size_t rlp_prefix_size(std::size_t payload) noexcept {
  return payload <= kShortMax ? 1 : 1 + byte_count(payload);
}

void rlp_append_prefix(Bytes& out, std::uint8_t base, std::size_t payload) {
  std::uint8_t prefix[9];
  const std::size_t size = write_prefix(prefix, base, payload);
  append(out, {prefix, size});
}

void RlpWriter::string(BytesView bytes) {
  if (bytes.size() == 1 && bytes[0] < kString) {
    out_.push_back(bytes[0]);
    return;
  }
  rlp_append_prefix(out_, kString, bytes.size());
  append(out_, bytes);
}

void RlpWriter::number(std::uint64_t value) {
  std::uint8_t bytes[8];
  const std::size_t count = byte_count(value);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
  string({bytes, count});
}

void RlpWriter::number(const Hash& word) {
  std::size_t first = 0;
  while (first < 32 && word.bytes[first] == 0) ++first;
  string(word.view().subspan(first));
}

void RlpWriter::open_list() {
  open_.push_back(out_.size());
}

void RlpWriter::close_list() {
  WUSONG_ASSERT(!open_.empty());
  const std::size_t start = open_.back();
  open_.pop_back();
  std::uint8_t prefix[9];
  const std::size_t size = write_prefix(prefix, kList, out_.size() - start);
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), prefix, prefix + size);
}

Bytes RlpWriter::take() {
  WUSONG_ASSERT(open_.empty());
  return std::move(out_);
}

std::unexpected<Error> RlpReader::wrong_size() noexcept {
  return fail(err::rlp_wrong_size);
}

Result<RlpReader::Item> RlpReader::peek() const noexcept {
  if (rest_.empty()) return fail(err::rlp_truncated);
  const std::uint8_t first = rest_[0];
  if (first < kString) return Item{.is_list = false, .payload = rest_.first(1), .size = 1};

  const bool is_list = first >= kList;
  const std::size_t code = static_cast<std::size_t>(first) - (is_list ? kList : kString);
  std::size_t header = 1;
  std::size_t length = code;
  if (code > kShortMax) {
    const std::size_t count = code - kShortMax;
    if (rest_.size() < 1 + count) return fail(err::rlp_truncated);
    if (rest_[1] == 0) return fail(err::rlp_non_canonical);
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | rest_[1 + i];
    if (length <= kShortMax) return fail(err::rlp_non_canonical);
    header += count;
  }
  if (length > rest_.size() - header) return fail(err::rlp_truncated);
  const BytesView payload = rest_.subspan(header, length);
  if (!is_list && length == 1 && payload[0] < kString) return fail(err::rlp_non_canonical);
  return Item{.is_list = is_list, .payload = payload, .size = header + length};
}

Result<BytesView> RlpReader::string() noexcept {
  WUSONG_TRY(const Item item, peek());
  if (item.is_list) return fail(err::rlp_expected_string);
  rest_ = rest_.subspan(item.size);
  return item.payload;
}

Result<RlpReader> RlpReader::list() noexcept {
  WUSONG_TRY(const Item item, peek());
  if (!item.is_list) return fail(err::rlp_expected_list);
  rest_ = rest_.subspan(item.size);
  return RlpReader{item.payload};
}

Result<BytesView> RlpReader::raw_item() noexcept {
  WUSONG_TRY(const Item item, peek());
  const BytesView whole = rest_.first(item.size);
  rest_ = rest_.subspan(item.size);
  return whole;
}

Result<std::uint64_t> RlpReader::u64() noexcept {
  WUSONG_TRY(const BytesView bytes, string());
  if (bytes.size() > 8) return fail(err::rlp_wrong_size);
  if (!bytes.empty() && bytes[0] == 0) return fail(err::rlp_leading_zero);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Result<Hash> RlpReader::word() noexcept {
  WUSONG_TRY(const BytesView bytes, string());
  if (bytes.size() > 32) return fail(err::rlp_wrong_size);
  if (!bytes.empty() && bytes[0] == 0) return fail(err::rlp_leading_zero);
  Hash out;
  std::copy(bytes.begin(), bytes.end(),
            out.bytes.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return out;
}

Result<BytesView> RlpReader::fixed_size(std::size_t size) noexcept {
  WUSONG_TRY(const BytesView bytes, string());
  if (bytes.size() != size) return fail(err::rlp_wrong_size);
  return bytes;
}

Result<void> RlpReader::finish() const noexcept {
  if (!rest_.empty()) return fail(err::rlp_trailing_bytes);
  return {};
}

Result<void> rlp_validate(BytesView encoded) noexcept {
  // An explicit stack of ends: recursion depth would be the sender's choice.
  RlpReader top{encoded};
  WUSONG_TRY(const BytesView whole, top.raw_item());
  WUSONG_CHECK(top.finish());
  std::size_t position = 0;
  // Lists only nest: walking items from left to right and entering each list visits every prefix,
  // and an item that would cross its list's end is caught because ends are kept.
  std::vector<std::size_t> ends{whole.size()};
  while (!ends.empty()) {
    if (position == ends.back()) {
      ends.pop_back();
      continue;
    }
    RlpReader reader{whole.subspan(position, ends.back() - position)};
    WUSONG_TRY(const BytesView item, reader.raw_item());
    if (item[0] < kList) {
      position += item.size();
      continue;
    }
    ends.push_back(position + item.size());
    position += item[0] <= 0xf7 ? 1 : 1 + (item[0] - 0xf7u);
  }
  return {};
}

}  // namespace wusong::codec
