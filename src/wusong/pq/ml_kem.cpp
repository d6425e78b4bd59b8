// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/ml_kem.hpp"

#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/ml_kem_parts.hpp"
#include "wusong/pq/shake.hpp"

namespace wusong::pq {
namespace {

using namespace internal;

/// f + g (+ h) into [0, q).
void add(Poly16& f, const Poly16& g) noexcept {
  for (std::size_t i = 0; i < kDegree; ++i)
    f.at[i] = canonical(static_cast<std::int16_t>(f.at[i] + g.at[i]));
}

/// @shape a set's noise: y and e1, k polynomials each, then e2
/// @source FIPS 203, algorithm 14
void encrypt(std::uint8_t* out, const MlKemPublicParts& key, MlKemMessage message,
             BytesView randomness) noexcept {
  const auto& p = *key.parameters;
  const auto& ring = key.provider->ml_kem;
  Wiped<std::array<Poly16, 2 * kKSizeMax + 1>> noise;
  Poly16* const y = noise->data();
  const Poly16* const e1 = y + p.k;
  const Poly16& e2 = y[2 * p.k];
  sample_noise(y, 2 * p.k + 1, p.k, p.eta1, randomness, *key.provider);
  for (std::size_t i = 0; i < p.k; ++i) ring.ntt(y[i]);
  Wiped<std::array<Poly16, 2>> work;
  auto& [f, mu] = *work;
  for (std::size_t i = 0; i < p.k; ++i, out += 32 * p.du) {
    ring.dot(f, key.transposed.data() + i * p.k, y, p.k);
    ring.inverse_ntt(f);
    add(f, e1[i]);
    pack_compressed(out, f, p.du);
  }
  unpack_compressed(mu, message.data(), 1);
  ring.dot(f, key.t.data(), y, p.k);
  ring.inverse_ntt(f);
  add(f, e2);
  add(f, mu);
  pack_compressed(out, f, p.dv);
}

/// @source FIPS 203, algorithm 15
void decrypt(std::span<std::uint8_t, 32> out, const MlKemPublicParts& key,
             const MlKemSecretParts& secret, BytesView ciphertext) noexcept {
  const auto& p = *key.parameters;
  const auto& ring = key.provider->ml_kem;
  Wiped<std::array<Poly16, kKSizeMax + 2>> work;
  Poly16* const u = work->data();
  Poly16& v = (*work)[kKSizeMax];
  Poly16& product = (*work)[kKSizeMax + 1];
  const std::uint8_t* from = ciphertext.data();
  for (std::size_t i = 0; i < p.k; ++i, from += 32 * p.du) {
    unpack_compressed(u[i], from, p.du);
    ring.ntt(u[i]);
  }
  unpack_compressed(v, from, p.dv);
  ring.dot(product, secret.s.data(), u, p.k);
  ring.inverse_ntt(product);
  for (std::size_t i = 0; i < kDegree; ++i)
    v.at[i] = canonical(static_cast<std::int16_t>(v.at[i] - product.at[i]));
  pack_compressed(out.data(), v, 1);
}

/// What every public half has, from its encoding; t is filled in by the caller.
std::unique_ptr<MlKemPublicParts> expand_public(const MlKemParameters& p, Bytes encoded,
                                                const std::vector<Poly16>& matrix,
                                                const Provider& provider) {
  auto parts = std::make_unique<MlKemPublicParts>();
  parts->parameters = &p;
  parts->provider = &provider;
  parts->digest = sha3_256({encoded});
  parts->transposed.resize(p.k * p.k);
  for (std::size_t i = 0; i < p.k; ++i)
    for (std::size_t j = 0; j < p.k; ++j) parts->transposed[j * p.k + i] = matrix[i * p.k + j];
  parts->encoded = std::move(encoded);
  parts->t.resize(p.k);
  return parts;
}

}  // namespace

MlKemEncapsulationKey::MlKemEncapsulationKey(
    std::unique_ptr<internal::MlKemPublicParts> parts) noexcept
    : parts_{std::move(parts)} {}
MlKemEncapsulationKey::MlKemEncapsulationKey(MlKemEncapsulationKey&&) noexcept = default;
MlKemEncapsulationKey& MlKemEncapsulationKey::operator=(MlKemEncapsulationKey&&) noexcept = default;
MlKemEncapsulationKey::~MlKemEncapsulationKey() = default;

Result<MlKemEncapsulationKey> MlKemEncapsulationKey::decode(MlKem set, BytesView encoded,
                                                            const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (encoded.size() != p.shape.encapsulation_key) return fail(err::public_key_length);
  std::vector<Poly16> t(p.k);
  for (std::size_t i = 0; i < p.k; ++i)
    if (!unpack_12(t[i], encoded.data() + i * kPolynomialSize)) return fail(err::key_not_reduced);
  std::vector<Poly16> matrix;
  expand_matrix(matrix, p.k, encoded.last(32), provider);
  auto parts = expand_public(p, to_bytes(encoded), matrix, provider);
  parts->t = std::move(t);
  return MlKemEncapsulationKey{std::move(parts)};
}

MlKem MlKemEncapsulationKey::set() const noexcept {
  return parts_->parameters->set;
}
BytesView MlKemEncapsulationKey::encoded() const noexcept {
  return parts_->encoded;
}

Encapsulated MlKemEncapsulationKey::encapsulate(io::Entropy& entropy) const {
  Wiped<std::array<std::uint8_t, 32>> message;
  entropy.fill(*message);
  return encapsulate_internal(*message);
}

Encapsulated MlKemEncapsulationKey::encapsulate_internal(MlKemMessage message) const {
  const Wiped derived{sha3_512({message, parts_->digest})};
  const BytesView both{*derived};
  Bytes ciphertext(parts_->parameters->shape.ciphertext);
  encrypt(ciphertext.data(), *parts_, message, both.last(32));
  return {std::move(ciphertext), SecretBytes{to_bytes(both.first(kSharedSecretSize))}};
}

MlKemDecapsulationKey::MlKemDecapsulationKey(std::unique_ptr<internal::MlKemSecretParts> parts,
                                             MlKemEncapsulationKey public_key) noexcept
    : parts_{std::move(parts)}, public_{std::move(public_key)} {}
MlKemDecapsulationKey::MlKemDecapsulationKey(MlKemDecapsulationKey&&) noexcept = default;
MlKemDecapsulationKey& MlKemDecapsulationKey::operator=(MlKemDecapsulationKey&&) noexcept = default;
MlKemDecapsulationKey::~MlKemDecapsulationKey() = default;

MlKemDecapsulationKey MlKemDecapsulationKey::from_seed(MlKem set, MlKemSeed seed,
                                                       const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  const auto& ring = provider.ml_kem;
  const std::uint8_t k[] = {static_cast<std::uint8_t>(p.k)};
  const Wiped derived{sha3_512({seed.first<32>(), k})};
  const BytesView both{*derived};
  auto secret = std::make_unique<MlKemSecretParts>(p.k);
  std::memcpy(secret->z->data(), seed.data() + 32, 32);
  std::vector<Poly16> matrix;
  expand_matrix(matrix, p.k, both.first(32), provider);
  Wiped<std::array<Poly16, 2 * kKSizeMax>> noise;  // s, then e
  sample_noise(noise->data(), 2 * p.k, 2 * p.k, p.eta1, both.last(32), provider);
  for (std::size_t i = 0; i < 2 * p.k; ++i) ring.ntt((*noise)[i]);
  for (std::size_t i = 0; i < p.k; ++i)
    for (std::size_t j = 0; j < kDegree; ++j) secret->s[i].at[j] = canonical((*noise)[i].at[j]);
  std::vector<Poly16> t(p.k);
  Bytes encoded(p.shape.encapsulation_key);
  constexpr std::int32_t kRadixFactor = factor_of<MlKemRing>(kRadix<MlKemRing>).value;
  for (std::size_t i = 0; i < p.k; ++i) {
    ring.dot(t[i], matrix.data() + i * p.k, secret->s.data(), p.k);
    for (std::int16_t& word : t[i].at) word = montgomery<MlKemRing>(word * kRadixFactor);
    add(t[i], (*noise)[p.k + i]);
    pack_12(encoded.data() + i * kPolynomialSize, t[i]);
  }
  std::memcpy(encoded.data() + p.k * kPolynomialSize, both.data(), 32);
  auto parts = expand_public(p, std::move(encoded), matrix, provider);
  parts->t = std::move(t);
  return {std::move(secret), MlKemEncapsulationKey{std::move(parts)}};
}

Result<MlKemDecapsulationKey> MlKemDecapsulationKey::decode(MlKem set, BytesView encoded,
                                                            const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (encoded.size() != p.shape.decapsulation_key) return fail(err::secret_key_length);
  auto secret = std::make_unique<MlKemSecretParts>(p.k);
  bool is_in_range = true;
  for (std::size_t i = 0; i < p.k; ++i)
    is_in_range = unpack_12(secret->s[i], encoded.data() + i * kPolynomialSize) && is_in_range;
  if (!is_in_range) return fail(err::secret_out_of_range);
  std::memcpy(secret->z->data(), encoded.data() + encoded.size() - 32, 32);
  WUSONG_TRY(auto public_key,
             MlKemEncapsulationKey::decode(
                 set, encoded.subspan(p.k * kPolynomialSize, p.shape.encapsulation_key), provider));
  if (std::memcmp(public_key.parts_->digest.data(), encoded.data() + encoded.size() - 64, 32) != 0)
    return fail(err::key_inconsistent);
  return MlKemDecapsulationKey{std::move(secret), std::move(public_key)};
}

SecretBytes MlKemDecapsulationKey::encode() const {
  const auto& key = *public_.parts_;
  const auto& p = *key.parameters;
  Bytes out(p.shape.decapsulation_key);
  for (std::size_t i = 0; i < p.k; ++i) pack_12(out.data() + i * kPolynomialSize, parts_->s[i]);
  std::uint8_t* at = out.data() + p.k * kPolynomialSize;
  std::memcpy(at, key.encoded.data(), key.encoded.size());
  std::memcpy(at + key.encoded.size(), key.digest.data(), 32);
  std::memcpy(at + key.encoded.size() + 32, parts_->z->data(), 32);
  return SecretBytes{std::move(out)};
}

const MlKemEncapsulationKey& MlKemDecapsulationKey::encapsulation_key() const noexcept {
  return public_;
}

Result<SecretBytes> MlKemDecapsulationKey::decapsulate(BytesView ciphertext) const {
  const auto& key = *public_.parts_;
  if (ciphertext.size() != key.parameters->shape.ciphertext) return fail(err::ciphertext_length);
  Wiped<std::array<std::uint8_t, 32>> message;
  decrypt(*message, key, *parts_, ciphertext);
  const Wiped derived{sha3_512({*message, key.digest})};
  const BytesView both{*derived};
  const Wiped rejected{Shake256{*parts_->z, ciphertext}.squeeze<kSharedSecretSize>()};
  WipedVector<std::uint8_t> again{ciphertext.size()};
  encrypt(again.data(), key, *message, both.last(32));
  const int difference = sodium_memcmp(again.data(), ciphertext.data(), ciphertext.size());
  // All ones where they differ; the barrier keeps a compiler from making it a branch.
  auto mask = static_cast<std::uint8_t>(difference);
  asm volatile("" : "+r"(mask));
  Bytes secret(kSharedSecretSize);
  for (std::size_t i = 0; i < kSharedSecretSize; ++i)
    secret[i] = static_cast<std::uint8_t>((both[i] & ~mask) | ((*rejected)[i] & mask));
  return SecretBytes{std::move(secret)};
}

}  // namespace wusong::pq
