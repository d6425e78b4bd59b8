// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/link_seal.hpp"

#include <algorithm>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

using Header = std::array<std::uint8_t, kLinkHeaderSize>;

Header header_of(std::size_t sealed_size) noexcept {
  const auto size = static_cast<std::uint32_t>(sealed_size);
  return {static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
          static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
}

}  // namespace

const LinkSuiteTraits& traits_of(LinkSuite suite) noexcept {
  static constexpr LinkSuiteTraits kStandard{
      "x25519-ml-kem-768/aes-256-gcm", "wusong-link/1/x25519-ml-kem-768",
      crypto::HybridKem::x25519_ml_kem_768, cipher::Cipher::aes256, hash::sha256};
  static constexpr LinkSuiteTraits kGuomi{"sm2-ml-kem-768/sm4-gcm", "wusong-link/1/sm2-ml-kem-768",
                                          crypto::HybridKem::sm2_ml_kem_768, cipher::Cipher::sm4,
                                          hash::sm3};
  return suite == LinkSuite::standard ? kStandard : kGuomi;
}

LinkKey::LinkKey(LinkSuite suite, SecretBytes secret)
    : suite_{suite}, secret_{std::move(secret)}, gcm_{cipher_of(suite, secret_)} {
  derive();
}

cipher::Gcm LinkKey::cipher_of(LinkSuite suite, const SecretBytes& secret) {
  const LinkSuiteTraits& traits = traits_of(suite);
  const SecretBytes key = hash::hkdf_expand(traits.digest, secret.view(), as_bytes("key"),
                                            cipher::key_bytes(traits.cipher));
  const auto gcm = cipher::Gcm::create(traits.cipher, key.view());
  WUSONG_ASSERT(gcm.has_value());  // the key has the cipher's length
  return *gcm;
}

void LinkKey::derive() {
  const SecretBytes mask =
      hash::hkdf_expand(traits_of(suite_).digest, secret_.view(), as_bytes("nonce"), mask_.size());
  std::ranges::copy(mask.view(), mask_.begin());
  count_ = 0;
}

LinkKey::Nonce LinkKey::nonce() const noexcept {
  Nonce out = mask_;
  for (std::size_t i = 0; i < 4; ++i)
    out[out.size() - 1 - i] ^= static_cast<std::uint8_t>(count_ >> (8 * i));
  return out;
}

void LinkKey::count() {
  if (++count_ < kLinkRecordsPerKey) return;
  secret_ =
      hash::hkdf_expand(traits_of(suite_).digest, secret_.view(), as_bytes("next"), Hash::kSize);
  gcm_ = cipher_of(suite_, secret_);
  derive();
}

void LinkSealer::seal(BytesView plain, Bytes& out) {
  while (!plain.empty()) {
    const BytesView part = plain.first(std::min(plain.size(), kLinkPlainMax));
    plain = plain.subspan(part.size());
    const std::size_t sealed_size = part.size() + cipher::kGcmTagBytes;
    const Header header = header_of(sealed_size);
    append(out, header);
    const std::size_t at = out.size();
    out.resize(at + sealed_size);
    const auto sealed =
        gcm().seal({.nonce = nonce(), .associated = header}, part, std::span{out}.subspan(at));
    WUSONG_ASSERT(sealed.has_value());  // lengths are ours, and the buffers lie apart
    count();
  }
}

Result<std::size_t> LinkOpener::sealed_size(
    std::span<const std::uint8_t, kLinkHeaderSize> header) noexcept {
  std::size_t size = 0;
  for (const std::uint8_t byte : header) size = size << 8 | byte;
  if (size <= cipher::kGcmTagBytes || size > kLinkPlainMax + cipher::kGcmTagBytes)
    return fail(err::bad_link_record);
  return size;
}

Result<BytesView> LinkOpener::open(std::span<std::uint8_t> sealed) {
  const Header header = header_of(sealed.size());
  if (!sealed_size(header)) return fail(err::bad_link_record);
  const auto plain = sealed.first(sealed.size() - cipher::kGcmTagBytes);
  if (!gcm().open({.nonce = nonce(), .associated = header}, sealed, plain))
    return fail(err::bad_link_record);
  count();
  return plain;
}

}  // namespace wusong::net
