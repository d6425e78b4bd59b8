// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sm2_encryption.hpp"

#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/crypto/sm2_exchange.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::Ephemeral;
using internal::Number;
using internal::SecretPoint;

constexpr std::uint8_t kUncompressed = 4;

/// x2 || y2.
struct Shared {
  std::array<std::uint8_t, 64> bytes;
  explicit Shared(const SecretPoint& point) noexcept : bytes{internal::store_point(point)} {}
  ~Shared() { sodium_memzero(bytes.data(), bytes.size()); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
};

/// Adds the mask to a text, or takes it away. False: the mask is all zeros.
bool mask(BytesView shared, BytesView in, std::span<std::uint8_t> out) noexcept {
  const SecretBytes mask = sm2_derive(shared, in.size());
  unsigned any = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    any |= mask.view()[i];
    out[i] = in[i] ^ mask.view()[i];
  }
  return any != 0;
}

/// C3. @source GB/T 32918.4-2016, section 6.1, A7
Hash digest_of(BytesView shared, BytesView text) noexcept {
  Bytes named;
  named.reserve(shared.size() + text.size());  // never reallocated, so that no copy stays behind
  append(named, shared.first(32));
  append(named, text);
  append(named, shared.last(32));
  const SecretBytes secret{std::move(named)};
  return hash::sm3(secret.view());
}

}  // namespace

bool internal::sm2_unmask(BytesView shared, BytesView digest, BytesView masked,
                          std::span<std::uint8_t> text) noexcept {
  const bool is_masked = mask(shared, masked, text);
  const Hash expected = digest_of(shared, text);
  return is_masked & (sodium_memcmp(expected.data(), digest.data(), Hash::kSize) == 0);
}

Result<Bytes> sm2_encrypt(BytesView public_key, BytesView text, io::Entropy& entropy) noexcept {
  if (public_key.size() != 64 || text.empty() || text.size() > kSm2TextMost)
    return fail(err::bad_length);
  const auto key = internal::load_point<internal::Sm2Curve>(public_key);
  if (!key) return fail(err::bad_public_key);
  Bytes out(kSm2CiphertextAdds + text.size());
  const auto masked = std::span{out}.subspan(kSm2CiphertextAdds);
  for (;;) {
    const auto& kernels = internal::curve_provider().sm2;
    WUSONG_TRY(const Ephemeral ephemeral,
               internal::draw_ephemeral<internal::Sm2Curve>(kernels, entropy));
    WUSONG_TRY(const SecretPoint point, internal::secret_multiple(kernels, ephemeral.secret, *key));
    const Shared shared{point};
    if (!mask(shared.bytes, text, masked)) continue;  // A5: another scalar
    out[0] = kUncompressed;
    std::ranges::copy(ephemeral.point, out.begin() + 1);
    std::ranges::copy(digest_of(shared.bytes, text).view(), out.begin() + 1 + 64);
    return out;
  }
}

/// What knows a secret's numbers.
struct Sm2Decryption {
  static Result<SecretPoint> shared(const Sm2Secret& secret,
                                    const internal::PlainPoint& point) noexcept {
    Number scalar = secret.one_plus_secret_;
    math::subtract_in_place(scalar, Number{1});
    auto out = internal::secret_multiple(internal::curve_provider().sm2, scalar, point);
    sodium_memzero(&scalar, sizeof(scalar));
    return out;
  }
};

Result<SecretBytes> sm2_decrypt(const Sm2Secret& secret, BytesView ciphertext) noexcept {
  if (ciphertext.size() <= kSm2CiphertextAdds ||
      ciphertext.size() > kSm2CiphertextAdds + kSm2TextMost)
    return fail(err::bad_length);
  const auto point = internal::load_point<internal::Sm2Curve>(ciphertext.subspan(1, 64));
  if (ciphertext[0] != kUncompressed || !point) return fail(err::bad_point);
  const auto found = Sm2Decryption::shared(secret, *point);
  if (!found)
    return fail(found.error() == err::bad_public_key ? Error{err::bad_point} : found.error());
  const Shared shared{*found};
  Bytes text(ciphertext.size() - kSm2CiphertextAdds);
  const bool is_right = internal::sm2_unmask(shared.bytes, ciphertext.subspan(1 + 64, Hash::kSize),
                                             ciphertext.subspan(kSm2CiphertextAdds), text);
  SecretBytes out{std::move(text)};
  if (!is_right) return fail(err::bad_ciphertext);
  return out;
}

}  // namespace wusong::crypto
