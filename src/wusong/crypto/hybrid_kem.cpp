// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/hybrid_kem.hpp"

#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/key_agreement.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/pq/shake.hpp"

namespace wusong::crypto {
namespace {

constexpr std::size_t kSeedBytes = 32;  // and of every secret
constexpr pq::MlKem kLattice = pq::MlKem::ml_kem_768;

std::size_t lattice_key_size() noexcept {
  return pq::shape_of(kLattice).encapsulation_key;
}
std::size_t lattice_ciphertext_size() noexcept {
  return pq::shape_of(kLattice).ciphertext;
}

/// What the combiner hashes, in its order. @source draft-connolly-cfrg-xwing-kem-10, section 5.3
struct Parts {
  BytesView lattice_secret;
  BytesView curve_secret;
  BytesView curve_ciphertext;
  BytesView curve_key;
};

/// The curve's half of a hybrid: an agreement as an encapsulation, whose ciphertext is a one-time
/// public key.
struct CurveHalf {
  HybridKemShape shape;
  KeyAgreement agreement;
  /// A secret key out of 32 bytes.
  SecretBytes (*grow)(BytesView seed);
  Hash (*combine)(const Parts& parts);
};

SecretBytes x25519_grow(BytesView seed) {
  return SecretBytes{to_bytes(seed)};
}
Hash x25519_combine(const Parts& p) {
  return Hash{pq::sha3_256(
      {p.lattice_secret, p.curve_secret, p.curve_ciphertext, p.curve_key, as_bytes("\\.//^\\")})};
}

/// SHAKE256(seed || label), of which the first 32 bytes that are a secret key are taken, 32 by 32:
/// but for one seed in 2^32 the very first.
class ScalarStream final : public io::Entropy {
 public:
  explicit ScalarStream(BytesView seed) noexcept
      : stream_{seed, as_bytes("wusong sm2-ml-kem-768 scalar")} {}
  void fill(std::span<std::uint8_t> out) noexcept override { stream_.squeeze(out); }

 private:
  pq::Shake256 stream_;
};
SecretBytes sm2_grow(BytesView seed) {
  ScalarStream stream{seed};
  return generate_agreement_key(KeyAgreement::sm2, stream);
}
Hash sm2_combine(const Parts& p) {
  static constexpr std::string_view kLabel = "wusong sm2-ml-kem-768";
  Bytes whole;
  whole.reserve(2 * kSeedBytes + p.curve_ciphertext.size() + p.curve_key.size() + kLabel.size());
  for (const BytesView part :
       {p.lattice_secret, p.curve_secret, p.curve_ciphertext, p.curve_key, as_bytes(kLabel)})
    append(whole, part);
  const SecretBytes kept{std::move(whole)};
  return hash::sm3(kept.view());
}

const CurveHalf& half_of(HybridKem kem) noexcept {
  static const CurveHalf kX25519{
      {"x25519-ml-kem-768", lattice_key_size() + 32, lattice_ciphertext_size() + 32},
      KeyAgreement::x25519,
      x25519_grow,
      x25519_combine};
  static const CurveHalf kSm2{
      {"sm2-ml-kem-768", lattice_key_size() + 64, lattice_ciphertext_size() + 64},
      KeyAgreement::sm2,
      sm2_grow,
      sm2_combine};
  return kem == HybridKem::x25519_ml_kem_768 ? kX25519 : kSm2;
}

SecretBytes combine(const CurveHalf& half, const Parts& parts) {
  Hash secret = half.combine(parts);
  SecretBytes out{to_bytes(secret)};
  sodium_memzero(&secret, sizeof(secret));
  return out;
}

}  // namespace

const HybridKemShape& shape_of(HybridKem kem) noexcept {
  return half_of(kem).shape;
}

Result<HybridEncapsulated> hybrid_encapsulate_with(HybridKem kem, BytesView key,
                                                   HybridKemCoins coins) {
  const CurveHalf& half = half_of(kem);
  if (key.size() != half.shape.encapsulation_key) return fail(err::bad_length);
  const BytesView curve_key = key.subspan(lattice_key_size());
  WUSONG_TRY(const auto lattice,
             pq::MlKemEncapsulationKey::decode(kLattice, key.first(lattice_key_size())));
  const SecretBytes once = half.grow(coins.last<kSeedBytes>());
  WUSONG_TRY(const Bytes curve_ciphertext, agreement_public_key(half.agreement, once.view()));
  WUSONG_TRY(const SecretBytes agreed, agree(half.agreement, once.view(), curve_key));
  auto sent = lattice.encapsulate_internal(coins.first<kSeedBytes>());
  HybridEncapsulated out;
  out.shared_secret = combine(half, {.lattice_secret = sent.shared_secret.view(),
                                     .curve_secret = agreed.view(),
                                     .curve_ciphertext = curve_ciphertext,
                                     .curve_key = curve_key});
  out.ciphertext = std::move(sent.ciphertext);
  append(out.ciphertext, curve_ciphertext);
  return out;
}

Result<HybridEncapsulated> hybrid_encapsulate(HybridKem kem, BytesView key, io::Entropy& entropy) {
  std::array<std::uint8_t, 2 * kSeedBytes> coins;
  entropy.fill(coins);
  auto out = hybrid_encapsulate_with(kem, key, coins);
  sodium_memzero(coins.data(), coins.size());
  return out;
}

HybridDecapsulationKey::HybridDecapsulationKey(HybridKem kem, pq::MlKemDecapsulationKey lattice,
                                               SecretBytes curve_secret,
                                               BytesView curve_key) noexcept
    : kem_{kem},
      lattice_{std::move(lattice)},
      curve_secret_{std::move(curve_secret)},
      encoded_{to_bytes(lattice_.encapsulation_key().encoded())} {
  append(encoded_, curve_key);
}

Result<HybridDecapsulationKey> HybridDecapsulationKey::from_seed(HybridKem kem,
                                                                 HybridKemSeed seed) {
  std::array<std::uint8_t, 3 * kSeedBytes> expanded;
  pq::Shake256{seed}.squeeze(expanded);
  const std::span<const std::uint8_t, 3 * kSeedBytes> view{expanded};
  auto lattice = pq::MlKemDecapsulationKey::from_seed(kLattice, view.first<2 * kSeedBytes>());
  auto secret = half_of(kem).grow(view.last<kSeedBytes>());
  sodium_memzero(expanded.data(), expanded.size());
  WUSONG_TRY(const Bytes curve_key, agreement_public_key(half_of(kem).agreement, secret.view()));
  return HybridDecapsulationKey{kem, std::move(lattice), std::move(secret), curve_key};
}

Result<HybridDecapsulationKey> HybridDecapsulationKey::generate(HybridKem kem,
                                                                io::Entropy& entropy) {
  std::array<std::uint8_t, kSeedBytes> seed;
  entropy.fill(seed);
  auto out = from_seed(kem, seed);
  sodium_memzero(seed.data(), seed.size());
  return out;
}

Result<SecretBytes> HybridDecapsulationKey::decapsulate(BytesView ciphertext) const {
  const CurveHalf& half = half_of(kem_);
  if (ciphertext.size() != half.shape.ciphertext) return fail(err::bad_length);
  const BytesView curve_ciphertext = ciphertext.subspan(lattice_ciphertext_size());
  WUSONG_TRY(const SecretBytes agreed,
             agree(half.agreement, curve_secret_.view(), curve_ciphertext));
  WUSONG_TRY(const SecretBytes carried,
             lattice_.decapsulate(ciphertext.first(lattice_ciphertext_size())));
  return combine(half, {.lattice_secret = carried.view(),
                        .curve_secret = agreed.view(),
                        .curve_ciphertext = curve_ciphertext,
                        .curve_key = BytesView{encoded_}.subspan(lattice_key_size())});
}

}  // namespace wusong::crypto
