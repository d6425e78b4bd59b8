// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/link.hpp"

#include <algorithm>

namespace wusong::net {

Result<void> Link::begin(const Hash& binding, io::Entropy& entropy) {
  WUSONG_TRY(handshake_, LinkHandshake::start(suite_, side_, binding, entropy));
  return carrier_.write(handshake_->take_output());
}

Result<bool> Link::advance(io::Entropy& entropy) {
  while (handshake_) {
    const std::size_t wanted = handshake_->wanted();
    if (wanted == 0) {
      seals_.emplace(handshake_->take_seals());
      handshake_.reset();
      break;
    }
    WUSONG_TRY(const bool whole, fill(wanted));
    if (!whole) return false;
    WUSONG_CHECK(handshake_->receive(BytesView{record_}.first(wanted), entropy));
    record_size_ = 0;
    WUSONG_CHECK(carrier_.write(handshake_->take_output()));
  }
  return true;
}

/// Whether record_ has as many bytes. Its memory grows with what has come, not with what was
/// announced.
Result<bool> Link::fill(std::size_t wanted) {
  static constexpr std::size_t kStep = 4u << 10;
  while (record_size_ < wanted) {
    if (record_.size() == record_size_)
      record_.resize(std::min(wanted, record_size_ + std::max(record_size_, kStep)));
    const auto room = std::span{record_}.first(std::min(wanted, record_.size()));
    WUSONG_TRY(const std::size_t count, carrier_.read(room.subspan(record_size_)));
    if (count == 0) return false;
    record_size_ += count;
  }
  return true;
}

Result<bool> Link::next_record() {
  while (header_size_ < header_.size()) {
    WUSONG_TRY(const std::size_t count, carrier_.read(std::span{header_}.subspan(header_size_)));
    if (count == 0) return false;
    header_size_ += count;
  }
  WUSONG_TRY(const std::size_t size, LinkOpener::sealed_size(header_));
  WUSONG_TRY(const bool whole, fill(size));
  if (!whole) return false;
  WUSONG_TRY(plain_, seals_->opener.open(std::span{record_}.first(size)));
  header_size_ = record_size_ = 0;
  return true;
}

Result<std::size_t> Link::read(std::span<std::uint8_t> out) {
  if (!seals_) return carrier_.read(out);
  if (out.empty()) return std::size_t{0};
  if (plain_.empty()) {
    WUSONG_TRY(const bool whole, next_record());
    if (!whole) return std::size_t{0};
  }
  const std::size_t count = std::min(out.size(), plain_.size());
  std::ranges::copy(plain_.first(count), out.begin());
  plain_ = plain_.subspan(count);
  return count;
}

Result<void> Link::write(BytesView plain) {
  if (!seals_) return carrier_.write(plain);
  while (!plain.empty()) {  // a record at a time, as long as it is warm in the cache
    const BytesView part = plain.first(std::min(plain.size(), kLinkPlainMax));
    sealed_.clear();
    seals_->sealer.seal(part, sealed_);
    WUSONG_CHECK(carrier_.write(sealed_));
    plain = plain.subspan(part.size());
  }
  return {};
}

}  // namespace wusong::net
