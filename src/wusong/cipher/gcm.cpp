// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>

#include "wusong/cipher/internal/mode.hpp"

namespace wusong::cipher {

using internal::kBlock;

Result<Gcm> Gcm::create(Cipher cipher, BytesView key) noexcept {
  if (key.size() != key_bytes(cipher)) return fail(err::bad_key_length);
  return Gcm{cipher, key};
}

Gcm::Gcm(Cipher cipher, BytesView key) noexcept : key_{cipher, key} {
  std::uint8_t h[kBlock] = {};
  key_.kernels().encrypt(key_.schedule(), h, h, 1);
  key_.provider().expand_hash_key(h, hash_key_);
  internal::wipe(h, kBlock);
}

/// One message under way.
struct Gcm::Run {
  const Gcm& gcm;
  internal::Counter first;    // encrypts the tag
  internal::Counter counter;  // of the next block
  std::uint8_t sum[kBlock];   // GHASH so far

  Run(const Gcm& owner, const Header& header) noexcept : gcm{owner}, sum{} {
    std::uint8_t block[kBlock] = {};
    if (header.nonce.size() == kGcmNonceBytes) {
      std::memcpy(block, header.nonce.data(), kGcmNonceBytes);
      block[kBlock - 1] = 1;
    } else {
      hash(header.nonce);
      hash_lengths(0, header.nonce.size());
      std::memcpy(block, sum, kBlock);
      std::memset(sum, 0, kBlock);
    }
    first = internal::to_counter(internal::load_number(block));
    counter = first;
    ++counter.next;
    hash(header.associated);
  }

  void hash(BytesView bytes) noexcept {
    gcm.key_.provider().hash(gcm.hash_key_, sum, bytes.data(), bytes.size());
  }
  void hash_lengths(std::uint64_t associated, std::uint64_t message) noexcept {
    std::uint8_t lengths[kBlock];
    internal::store_number(lengths,
                           static_cast<internal::Number>(associated * 8) << 64 | message * 8);
    hash(lengths);
  }
  /// After the message: turns `sum` into the tag.
  void finish(const Header& header, std::size_t message_bytes) noexcept {
    hash_lengths(header.associated.size(), message_bytes);
    gcm.key_.kernels().count(gcm.key_.schedule(), first, sum, sum, kBlock);
  }

  bool has_tag(const std::uint8_t* tag) noexcept {
    const bool is_right = internal::is_equal(sum, tag, kGcmTagBytes);
    internal::wipe(sum, kBlock);  // the right tag is nobody's before it is shown
    return is_right;
  }
};

/// A message so short that the widest provider encrypts it and the tag in one go.
struct Gcm::Short {
  static constexpr std::size_t kMax = 15 * kBlock;
  std::uint8_t bytes[kBlock + kMax];  // what is added to the tag, then the message

  Short(const Run& run, BytesView in) noexcept {
    std::memset(bytes, 0, kBlock);
    if (!in.empty()) std::memcpy(bytes + kBlock, in.data(), in.size());
    internal::Counter counter = run.first;
    const auto& key = run.gcm.key_;
    key.kernels().count(key.schedule(), counter, bytes, bytes, kBlock + in.size());
  }
  ~Short() { internal::wipe(bytes, sizeof(bytes)); }
  Short(const Short&) = delete;
  Short& operator=(const Short&) = delete;

  /// As Run::finish.
  void finish(Run& run, const Header& header, BytesView ciphertext) const noexcept {
    run.hash(ciphertext);
    run.hash_lengths(header.associated.size(), ciphertext.size());
    for (std::size_t i = 0; i < kBlock; ++i) run.sum[i] ^= bytes[i];
  }
  void copy_to(std::span<std::uint8_t> out) const noexcept {
    if (!out.empty()) std::memcpy(out.data(), bytes + kBlock, out.size());
  }
};

namespace {

Result<void> check_lengths(const Header& header, std::uint64_t message_bytes) noexcept {
  if (header.nonce.empty() || header.nonce.size() > kGcmAssociatedMax)
    return fail(err::bad_nonce_length);
  if (message_bytes > kGcmMessageMax || header.associated.size() > kGcmAssociatedMax)
    return fail(err::message_too_long);
  return {};
}

}  // namespace

Result<void> Gcm::seal(const Header& header, BytesView plaintext,
                       std::span<std::uint8_t> out) const noexcept {
  WUSONG_CHECK(check_lengths(header, plaintext.size()));
  WUSONG_CHECK(internal::check_output(plaintext, out, plaintext.size() + kGcmTagBytes));
  Run run{*this, header};
  if (plaintext.size() <= Short::kMax) {
    const Short message{run, plaintext};
    message.copy_to(out.first(plaintext.size()));
    message.finish(run, header, out.first(plaintext.size()));
  } else {
    key_.kernels().seal(key_.schedule(), hash_key_, run.counter, run.sum, plaintext.data(),
                        out.data(), plaintext.size());
    run.finish(header, plaintext.size());
  }
  std::memcpy(out.data() + plaintext.size(), run.sum, kGcmTagBytes);
  return {};
}

Result<void> Gcm::open(const Header& header, BytesView sealed,
                       std::span<std::uint8_t> out) const noexcept {
  if (sealed.size() < kGcmTagBytes) return fail(err::message_too_short);
  const BytesView ciphertext = sealed.first(sealed.size() - kGcmTagBytes);
  WUSONG_CHECK(check_lengths(header, ciphertext.size()));
  WUSONG_CHECK(internal::check_output(sealed, out, ciphertext.size()));
  const std::uint8_t* const tag = sealed.data() + ciphertext.size();
  Run run{*this, header};
  if (ciphertext.size() <= Short::kMax) {
    const Short message{run, ciphertext};
    message.finish(run, header, ciphertext);
    if (run.has_tag(tag)) {
      message.copy_to(out);
      return {};
    }
  } else {
    key_.kernels().open(key_.schedule(), hash_key_, run.counter, run.sum, ciphertext.data(),
                        out.data(), ciphertext.size());
    run.finish(header, ciphertext.size());
    if (run.has_tag(tag)) return {};
  }
  internal::wipe(out.data(), out.size());
  return fail(err::wrong_tag);
}

}  // namespace wusong::cipher
