// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/key_agreement.hpp"

#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kSecretSize = 32;

/// Of a public key of the right size.
struct Functions {
  bool (*is_secret)(BytesView secret) noexcept;
  Result<Bytes> (*public_key)(BytesView secret) noexcept;
  Result<SecretBytes> (*agree)(BytesView secret, BytesView public_key) noexcept;
};

struct X25519 {
  static bool is_secret(BytesView secret) noexcept { return secret.size() == kSecretSize; }
  static Result<Bytes> public_key(BytesView secret) noexcept {
    Bytes out(crypto_scalarmult_curve25519_BYTES);
    // It fails for no secret: the base point is not of small order.
    WUSONG_ASSERT(crypto_scalarmult_curve25519_base(out.data(), secret.data()) == 0);
    return out;
  }
  static Result<SecretBytes> agree(BytesView secret, BytesView public_key) noexcept {
    Bytes shared(crypto_scalarmult_curve25519_BYTES);
    const int failed =
        crypto_scalarmult_curve25519(shared.data(), secret.data(), public_key.data());
    SecretBytes out{std::move(shared)};
    // Not every version of the library refuses all points of small order by itself.
    if (failed != 0 || sodium_is_zero(out.view().data(), out.view().size()) == 1)
      return fail(err::no_agreement);
    return out;
  }
};

struct Secp256k1 {
  static bool is_secret(BytesView secret) noexcept {
    return internal::secp256k1_secret_key_is_valid(secret);
  }
  static Result<Bytes> public_key(BytesView secret) noexcept {
    WUSONG_TRY(const auto key, internal::secp256k1_public_key(secret));
    return to_bytes(key);
  }
  static Result<SecretBytes> agree(BytesView secret, BytesView public_key) noexcept {
    return internal::secp256k1_agree(secret, public_key);
  }
};

template <typename C, internal::CurveKernels internal::CurveProvider::* kKernels>
struct OwnCurve {
  static bool is_secret(BytesView secret) noexcept {
    if (secret.size() != kSecretSize) return false;
    internal::Number number = internal::load_number(secret);
    const bool out = internal::in_range(number, C::Order::kModulus);
    sodium_memzero(&number, sizeof(number));
    return out;
  }
  static Result<Bytes> public_key(BytesView secret) noexcept {
    internal::Number number = internal::load_number(secret);
    const auto point = internal::public_point<C>(internal::curve_provider().*kKernels, number);
    sodium_memzero(&number, sizeof(number));
    if (!point) return fail(point.error());
    return to_bytes(internal::store_point(*point));
  }
  static Result<SecretBytes> agree(BytesView secret, BytesView public_key) noexcept {
    const auto peer = internal::load_point<C>(public_key);
    if (!peer) return fail(err::bad_public_key);
    internal::Number number = internal::load_number(secret);
    const auto common =
        internal::secret_multiple(internal::curve_provider().*kKernels, number, *peer);
    sodium_memzero(&number, sizeof(number));
    if (!common) return fail(common.error());
    Bytes shared(kSecretSize);
    math::store_be_limbs(common->x, shared.data());
    return SecretBytes{std::move(shared)};
  }
};
using P256 = OwnCurve<internal::P256Curve, &internal::CurveProvider::p256>;
using Sm2 = OwnCurve<internal::Sm2Curve, &internal::CurveProvider::sm2>;

template <typename T>
constexpr Functions functions_of() noexcept {
  return {T::is_secret, T::public_key, T::agree};
}

constexpr KeyAgreementInfo kInfo[] = {
    {KeyAgreement::x25519, "x25519", 32},
    {KeyAgreement::p256, "p256", 64},
    {KeyAgreement::secp256k1, "secp256k1", 64},
    {KeyAgreement::sm2, "sm2", 64},
};
/// In the order of kInfo.
constexpr Functions kFunctions[] = {functions_of<X25519>(), functions_of<P256>(),
                                    functions_of<Secp256k1>(), functions_of<Sm2>()};
static_assert(std::size(kInfo) == std::size(kFunctions));

const Functions& functions(KeyAgreement agreement) noexcept {
  return kFunctions[std::to_underlying(agreement)];
}

}  // namespace

std::span<const KeyAgreementInfo> key_agreement_table() noexcept {
  return kInfo;
}

const KeyAgreementInfo* find_key_agreement(std::string_view name) noexcept {
  for (const auto& info : kInfo)
    if (info.name == name) return &info;
  return nullptr;
}

SecretBytes generate_agreement_key(KeyAgreement agreement, io::Entropy& entropy) noexcept {
  for (;;) {
    Bytes bytes(kSecretSize);
    entropy.fill(bytes);
    SecretBytes out{std::move(bytes)};
    if (functions(agreement).is_secret(out.view())) return out;
  }
}

Result<Bytes> agreement_public_key(KeyAgreement agreement, BytesView secret) noexcept {
  if (!functions(agreement).is_secret(secret)) return fail(err::bad_secret_key);
  return functions(agreement).public_key(secret);
}

Result<SecretBytes> agree(KeyAgreement agreement, BytesView secret, BytesView public_key) noexcept {
  if (!functions(agreement).is_secret(secret)) return fail(err::bad_secret_key);
  if (public_key.size() != kInfo[std::to_underlying(agreement)].public_key_size)
    return fail(err::bad_length);
  return functions(agreement).agree(secret, public_key);
}

}  // namespace wusong::crypto
