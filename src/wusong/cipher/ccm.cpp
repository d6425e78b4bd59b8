// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "wusong/cipher/internal/mode.hpp"

namespace wusong::cipher {

using internal::kBlock;

namespace {

/// CBC-MAC over pieces that are not whole blocks.
class Mac {
 public:
  explicit Mac(const ExpandedKey& key) noexcept : key_{key} {}
  ~Mac() {
    internal::wipe(sum_, kBlock);
    internal::wipe(rest_, kBlock);
  }
  Mac(const Mac&) = delete;
  Mac& operator=(const Mac&) = delete;

  void add(BytesView bytes) noexcept {
    if (rest_bytes_ != 0) {
      const std::size_t now = std::min(bytes.size(), kBlock - rest_bytes_);
      if (now != 0) std::memcpy(rest_ + rest_bytes_, bytes.data(), now);
      rest_bytes_ += now;
      bytes = bytes.subspan(now);
      if (rest_bytes_ == kBlock) fill();
    }
    const std::size_t whole = bytes.size() / kBlock;
    key_.kernels().chain(key_.schedule(), sum_, bytes.data(), whole);
    bytes = bytes.subspan(whole * kBlock);
    if (bytes.empty()) return;
    std::memcpy(rest_, bytes.data(), bytes.size());
    rest_bytes_ = bytes.size();
  }
  /// Zeros up to the end of a block.
  void fill() noexcept {
    if (rest_bytes_ == 0) return;
    std::memset(rest_ + rest_bytes_, 0, kBlock - rest_bytes_);
    key_.kernels().chain(key_.schedule(), sum_, rest_, 1);
    rest_bytes_ = 0;
  }
  const std::uint8_t* sum() const noexcept { return sum_; }

 private:
  const ExpandedKey& key_;
  std::uint8_t sum_[kBlock] = {};
  std::uint8_t rest_[kBlock] = {};
  std::size_t rest_bytes_ = 0;
};

/// flags || nonce || number in the bytes that remain
void make_block(std::uint8_t flags, BytesView nonce, std::uint64_t number,
                std::uint8_t* out) noexcept {
  internal::store_number(out, number);  // zeros where flags and nonce go: the number fits behind
  out[0] = flags;
  std::memcpy(out + 1, nonce.data(), nonce.size());
}

std::uint8_t length_bytes(const Header& header) noexcept {
  return static_cast<std::uint8_t>(kBlock - 1 - header.nonce.size());
}

}  // namespace

Result<Ccm> Ccm::create(Cipher cipher, BytesView key, std::size_t tag_bytes) noexcept {
  if (key.size() != key_bytes(cipher)) return fail(err::bad_key_length);
  if (tag_bytes < 4 || tag_bytes > kBlock || tag_bytes % 2 != 0) return fail(err::bad_tag_length);
  return Ccm{cipher, key, tag_bytes};
}

Result<void> Ccm::check(const Header& header, std::size_t message_bytes) const noexcept {
  if (header.nonce.size() < 7 || header.nonce.size() > 13) return fail(err::bad_nonce_length);
  const unsigned bits = 8u * length_bytes(header);
  if (bits < 64 && (std::uint64_t{message_bytes} >> bits) != 0) return fail(err::message_too_long);
  return {};
}

void Ccm::authenticate(const Header& header, BytesView plaintext,
                       std::uint8_t* tag) const noexcept {
  const std::uint64_t associated = header.associated.size();
  std::uint8_t block[kBlock];
  const auto flags = static_cast<std::uint8_t>(
      (associated != 0 ? 64 : 0) + 8 * ((tag_bytes_ - 2) / 2) + (length_bytes(header) - 1u));
  make_block(flags, header.nonce, plaintext.size(), block);
  Mac mac{key_};
  mac.add(block);
  if (associated != 0) {
    internal::store_number(block, associated);  // big-endian: its last bytes are what is encoded
    std::size_t at = 14;
    if (associated >= 0xff00) {
      at = associated >> 32 == 0 ? 10 : 6;
      block[at] = 0xff;
      block[at + 1] = at == 10 ? 0xfe : 0xff;
    }
    mac.add(BytesView{block}.subspan(at));
    mac.add(header.associated);
    mac.fill();
  }
  mac.add(plaintext);
  mac.fill();
  std::memcpy(tag, mac.sum(), kBlock);
}

/// The message from block 1 on, the tag by block 0.
void Ccm::count(const Header& header, BytesView in, std::uint8_t* out,
                std::uint8_t* tag) const noexcept {
  std::uint8_t block[kBlock];
  make_block(static_cast<std::uint8_t>(length_bytes(header) - 1), header.nonce, 0, block);
  const internal::Number first = internal::load_number(block);
  internal::count_from(key_, first, tag, tag, kBlock);
  internal::count_from(key_, first + 1, in.data(), out, in.size());
}

Result<void> Ccm::seal(const Header& header, BytesView plaintext,
                       std::span<std::uint8_t> out) const noexcept {
  WUSONG_CHECK(check(header, plaintext.size()));
  WUSONG_CHECK(internal::check_output(plaintext, out, plaintext.size() + tag_bytes_));
  std::uint8_t tag[kBlock];
  authenticate(header, plaintext, tag);
  count(header, plaintext, out.data(), tag);
  std::memcpy(out.data() + plaintext.size(), tag, tag_bytes_);
  internal::wipe(tag, kBlock);
  return {};
}

Result<void> Ccm::open(const Header& header, BytesView sealed,
                       std::span<std::uint8_t> out) const noexcept {
  if (sealed.size() < tag_bytes_) return fail(err::message_too_short);
  const BytesView ciphertext = sealed.first(sealed.size() - tag_bytes_);
  WUSONG_CHECK(check(header, ciphertext.size()));
  WUSONG_CHECK(internal::check_output(sealed, out, ciphertext.size()));
  std::uint8_t given[kBlock] = {};
  std::memcpy(given, sealed.data() + ciphertext.size(), tag_bytes_);
  count(header, ciphertext, out.data(), given);
  std::uint8_t tag[kBlock];
  authenticate(header, out, tag);
  const bool is_right = internal::is_equal(tag, given, tag_bytes_);
  internal::wipe(tag, kBlock);
  internal::wipe(given, kBlock);
  if (is_right) return {};
  internal::wipe(out.data(), out.size());
  return fail(err::wrong_tag);
}

}  // namespace wusong::cipher
