// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/ml_dsa.hpp"

#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/ml_dsa_parts.hpp"

namespace wusong::pq {
namespace {

using namespace internal;

constexpr std::size_t kRhoSize = 32;

/// out[i] = inverse NTT of row i of the matrix times v, in [0, q).
void multiply_matrix(Poly32* out, const MlDsaPublicParts& parts, const Poly32* v) noexcept {
  const auto& p = *parts.parameters;
  const auto& ring = parts.provider->ml_dsa;
  for (std::size_t i = 0; i < p.k; ++i) {
    ring.dot(out[i], parts.matrix.data() + i * p.l, v, p.l);
    ring.inverse_ntt(out[i]);
    make_canonical(out[i]);
  }
}

/// Digest and encoded t1 from a complete encoding: what every public key has.
std::unique_ptr<MlDsaPublicParts> expand_public(const MlDsaParameters& p, Bytes encoded,
                                                std::vector<Poly32> matrix,
                                                const Provider& provider) {
  auto parts = std::make_unique<MlDsaPublicParts>();
  parts->parameters = &p;
  parts->provider = &provider;
  parts->matrix = std::move(matrix);
  parts->digest = Shake256{encoded}.squeeze<kMuSize>();
  parts->t1.resize(p.k);
  for (std::size_t i = 0; i < p.k; ++i) {
    unpack_plain(parts->t1[i], encoded.data() + kRhoSize + i * packed_size(kT1Bits), kT1Bits);
    for (std::int32_t& word : parts->t1[i].at) word <<= kDroppedBits;
    provider.ml_dsa.ntt(parts->t1[i]);
  }
  parts->encoded = std::move(encoded);
  return parts;
}

void transform(WipedVector<Poly32>& out, const WipedVector<Poly32>& from, std::size_t count,
               const Provider& provider) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = from[i];
    provider.ml_dsa.ntt(out[i]);
  }
}

/// The public key of s1 and s2, which are in both domains already; t0 goes to `t0`.
std::unique_ptr<MlDsaPublicParts> public_of(const MlDsaSecretParts& secret,
                                            const MlDsaParameters& p, BytesView rho, Poly32* t0,
                                            const Provider& provider) {
  Bytes encoded(p.shape.public_key);
  std::memcpy(encoded.data(), rho.data(), kRhoSize);
  MlDsaPublicParts only_matrix{&p, &provider, {}, {}, {}, {}};
  expand_matrix(only_matrix.matrix, p, rho, provider);
  WipedVector<Poly32> t{p.k};
  multiply_matrix(t.data(), only_matrix, secret.s_ntt.data());
  for (std::size_t i = 0; i < p.k; ++i) {
    for (std::size_t j = 0; j < kDegree; ++j) {
      std::int32_t sum = canonical(t[i].at[j] + secret.s[p.l + i].at[j]);
      sum = canonical(sum - kQ);
      const auto [high, low] = power2_round(sum);
      t[i].at[j] = high;
      t0[i].at[j] = low;
    }
    pack_plain(encoded.data() + kRhoSize + i * packed_size(kT1Bits), t[i], kT1Bits);
  }
  return expand_public(p, std::move(encoded), std::move(only_matrix.matrix), provider);
}

/// One signature in the making.
struct Attempt {
  explicit Attempt(const MlDsaParameters& p) : y{p.l}, z{p.l}, w{p.k}, low{p.k}, hints(p.k) {}
  WipedVector<Poly32> y;
  WipedVector<Poly32> z;    // y in the NTT's domain until the challenge is known
  WipedVector<Poly32> w;    // then its high part
  WipedVector<Poly32> low;  // of w, then of w - c s2
  std::vector<Poly32> hints;
  Poly32 challenge;
  std::array<std::uint8_t, 64> challenge_seed;
};

/// @source FIPS 204, algorithm 7, lines 11 to 17
void commit(Attempt& a, const MlDsaPublicParts& key, const MlDsaMu& mu,
            MaskStream& masks) noexcept {
  const auto& p = *key.parameters;
  const auto& ring = key.provider->ml_dsa;
  for (std::size_t i = 0; i < p.l; ++i) {
    masks.next(a.y[i]);
    a.z[i] = a.y[i];
    ring.ntt(a.z[i]);
  }
  multiply_matrix(a.w.data(), key, a.z.data());
  Shake256 hash{mu};
  std::uint8_t packed[packed_size(6)];
  for (std::size_t i = 0; i < p.k; ++i) {
    decompose(a.w[i], a.low[i], p.gamma2);
    pack_plain(packed, a.w[i], p.w1_bits());
    hash.absorb({packed, packed_size(p.w1_bits())});
  }
  const std::span seed{a.challenge_seed.data(), p.challenge_size};
  hash.squeeze(seed);
  sample_in_ball(a.challenge, p, seed);
  ring.ntt(a.challenge);
}

/// Whether the attempt may be shown; if so z and the hints are ready. Which polynomial is the first
/// beyond its bound shows, and depends on no secret; which of its coefficients does not show.
/// @source FIPS 204, algorithm 7, lines 18 to 29
bool respond(Attempt& a, const MlDsaSecretParts& secret, const MlDsaParameters& p,
             const Provider& provider) noexcept {
  const auto& ring = provider.ml_dsa;
  Wiped<std::array<Poly32, 1>> product;
  Poly32& f = (*product)[0];
  const auto multiply = [&](const Poly32& by) {
    ring.dot(f, &by, &a.challenge, 1);
    ring.inverse_ntt(f);
  };
  // Where |low(w) - c s2| stays below gamma2 - beta, the high part is that of w - c s2 too. This
  // fails more often than the response, so it comes first.
  for (std::size_t i = 0; i < p.k; ++i) {
    multiply(secret.s_ntt[p.l + i]);
    subtract_from(a.low[i], f);
    if (!is_within(a.low[i], p.gamma2 - p.beta())) return false;
  }
  for (std::size_t i = 0; i < p.l; ++i) {
    multiply(secret.s_ntt[i]);
    add(a.z[i], a.y[i], f);
    if (!is_within(a.z[i], p.gamma1() - p.beta())) return false;
  }
  std::int32_t count = 0;
  for (std::size_t i = 0; i < p.k; ++i) {
    multiply(secret.t0_ntt[i]);
    if (!is_within(f, p.gamma2)) return false;
    count += make_hints(a.hints[i], a.low[i], f, a.w[i], p.gamma2);
  }
  return count <= static_cast<std::int32_t>(p.omega);
}

Bytes encode_signature(const Attempt& a, const MlDsaParameters& p) {
  Bytes out(p.shape.signature);
  std::uint8_t* at = out.data();
  std::memcpy(at, a.challenge_seed.data(), p.challenge_size);
  at += p.challenge_size;
  for (std::size_t i = 0; i < p.l; ++i, at += packed_size(p.z_bits()))
    pack_below(at, a.z[i], p.gamma1(), p.z_bits());
  pack_hints(at, p, a.hints);
  return out;
}

}  // namespace

MlDsaPublicKey::MlDsaPublicKey(std::unique_ptr<internal::MlDsaPublicParts> parts) noexcept
    : parts_{std::move(parts)} {}
MlDsaPublicKey::MlDsaPublicKey(MlDsaPublicKey&&) noexcept = default;
MlDsaPublicKey& MlDsaPublicKey::operator=(MlDsaPublicKey&&) noexcept = default;
MlDsaPublicKey::~MlDsaPublicKey() = default;

Result<MlDsaPublicKey> MlDsaPublicKey::decode(MlDsa set, BytesView encoded,
                                              const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (encoded.size() != p.shape.public_key) return fail(err::public_key_length);
  std::vector<Poly32> matrix;
  expand_matrix(matrix, p, encoded.first(kRhoSize), provider);
  return MlDsaPublicKey{expand_public(p, to_bytes(encoded), std::move(matrix), provider)};
}

MlDsa MlDsaPublicKey::set() const noexcept {
  return parts_->parameters->set;
}
BytesView MlDsaPublicKey::encoded() const noexcept {
  return parts_->encoded;
}

Result<MlDsaMu> MlDsaPublicKey::mu_of(BytesView message, BytesView context) const {
  if (context.size() > kContextSizeMax) return fail(err::context_too_long);
  const std::uint8_t prefix[] = {0, static_cast<std::uint8_t>(context.size())};
  return Shake256{parts_->digest, prefix, context, message}.squeeze<kMuSize>();
}

Result<void> MlDsaPublicKey::verify(BytesView message, BytesView context,
                                    BytesView signature) const {
  if (signature.size() != parts_->parameters->shape.signature) return fail(err::signature_length);
  WUSONG_TRY(const MlDsaMu mu, mu_of(message, context));
  return verify_mu(mu, signature);
}

Result<void> MlDsaPublicKey::verify_mu(const MlDsaMu& mu, BytesView signature) const {
  const auto& p = *parts_->parameters;
  const auto& ring = parts_->provider->ml_dsa;
  if (signature.size() != p.shape.signature) return fail(err::signature_length);
  const BytesView seed = signature.first(p.challenge_size);
  const std::uint8_t* at = signature.data() + p.challenge_size;
  std::vector<Poly32> z(p.l + 1);  // the challenge last
  for (std::size_t i = 0; i < p.l; ++i, at += packed_size(p.z_bits())) {
    unpack_below(z[i], at, p.gamma1(), p.z_bits());
    if (!is_within(z[i], p.gamma1() - p.beta())) return fail(err::response_too_large);
    ring.ntt(z[i]);
  }
  std::vector<Poly32> hints(p.k);
  WUSONG_CHECK(unpack_hints(hints, p, at));
  Poly32& challenge = z[p.l];
  sample_in_ball(challenge, p, seed);
  ring.ntt(challenge);
  Shake256 hash{mu};
  Poly32 w;
  Poly32 product;
  std::uint8_t packed[packed_size(6)];
  for (std::size_t i = 0; i < p.k; ++i) {
    ring.dot(w, parts_->matrix.data() + i * p.l, z.data(), p.l);
    ring.dot(product, &parts_->t1[i], &challenge, 1);
    subtract_from(w, product);
    make_canonical(w);
    for (std::int32_t& word : w.at) word = canonical(word - kQ);
    ring.inverse_ntt(w);
    use_hints(w, hints[i], p.gamma2);
    pack_plain(packed, w, p.w1_bits());
    hash.absorb({packed, packed_size(p.w1_bits())});
  }
  std::uint8_t expected[64];
  hash.squeeze({expected, p.challenge_size});
  if (std::memcmp(expected, seed.data(), p.challenge_size) != 0) return fail(err::bad_signature);
  return {};
}

MlDsaSecretKey::MlDsaSecretKey(std::unique_ptr<internal::MlDsaSecretParts> parts,
                               MlDsaPublicKey public_key) noexcept
    : parts_{std::move(parts)}, public_{std::move(public_key)} {}
MlDsaSecretKey::MlDsaSecretKey(MlDsaSecretKey&&) noexcept = default;
MlDsaSecretKey& MlDsaSecretKey::operator=(MlDsaSecretKey&&) noexcept = default;
MlDsaSecretKey::~MlDsaSecretKey() = default;

MlDsaSecretKey MlDsaSecretKey::from_seed(MlDsa set, MlDsaSeed seed,
                                         const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  const std::uint8_t shape[] = {static_cast<std::uint8_t>(p.k), static_cast<std::uint8_t>(p.l)};
  const Wiped expanded{Shake256{seed, shape}.squeeze<128>()};
  const BytesView bytes{*expanded};
  auto secret = std::make_unique<MlDsaSecretParts>(p);
  expand_secret(secret->s, p, bytes.subspan(kRhoSize, 64), provider);
  std::memcpy(secret->key->data(), bytes.data() + 96, 32);
  transform(secret->s_ntt, secret->s, p.l + p.k, provider);
  auto parts = public_of(*secret, p, bytes.first(kRhoSize), secret->t0.data(), provider);
  transform(secret->t0_ntt, secret->t0, p.k, provider);
  return {std::move(secret), MlDsaPublicKey{std::move(parts)}};
}

Result<MlDsaSecretKey> MlDsaSecretKey::decode(MlDsa set, BytesView encoded,
                                              const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (encoded.size() != p.shape.secret_key) return fail(err::secret_key_length);
  auto secret = std::make_unique<MlDsaSecretParts>(p);
  std::memcpy(secret->key->data(), encoded.data() + kRhoSize, 32);
  const std::uint8_t* at = encoded.data() + 128;
  bool is_in_range = true;
  for (std::size_t i = 0; i < p.l + p.k; ++i, at += packed_size(p.eta_bits())) {
    unpack_below(secret->s[i], at, p.eta, p.eta_bits());
    is_in_range = is_within(secret->s[i], p.eta + 1) && is_in_range;
  }
  if (!is_in_range) return fail(err::secret_out_of_range);
  for (std::size_t i = 0; i < p.k; ++i, at += packed_size(kDroppedBits))
    unpack_below(secret->t0[i], at, 1 << (kDroppedBits - 1), kDroppedBits);
  transform(secret->s_ntt, secret->s, p.l + p.k, provider);
  transform(secret->t0_ntt, secret->t0, p.k, provider);
  WipedVector<Poly32> t0{p.k};
  auto parts = public_of(*secret, p, encoded.first(kRhoSize), t0.data(), provider);
  const bool is_consistent =
      sodium_memcmp(t0.data(), secret->t0.data(), p.k * sizeof(Poly32)) == 0 &&
      sodium_memcmp(parts->digest.data(), encoded.data() + 64, kMuSize) == 0;
  if (!is_consistent) return fail(err::key_inconsistent);
  return MlDsaSecretKey{std::move(secret), MlDsaPublicKey{std::move(parts)}};
}

SecretBytes MlDsaSecretKey::encode() const {
  const auto& p = *public_.parts_->parameters;
  Bytes out(p.shape.secret_key);
  std::memcpy(out.data(), public_.parts_->encoded.data(), kRhoSize);
  std::memcpy(out.data() + 32, parts_->key->data(), 32);
  std::memcpy(out.data() + 64, public_.parts_->digest.data(), kMuSize);
  std::uint8_t* at = out.data() + 128;
  for (std::size_t i = 0; i < p.l + p.k; ++i, at += packed_size(p.eta_bits()))
    pack_below(at, parts_->s[i], p.eta, p.eta_bits());
  for (std::size_t i = 0; i < p.k; ++i, at += packed_size(kDroppedBits))
    pack_below(at, parts_->t0[i], 1 << (kDroppedBits - 1), kDroppedBits);
  return SecretBytes{std::move(out)};
}

const MlDsaPublicKey& MlDsaSecretKey::public_key() const noexcept {
  return public_;
}

Result<Bytes> MlDsaSecretKey::sign(BytesView message, BytesView context,
                                   io::Entropy& entropy) const {
  WUSONG_TRY(const MlDsaMu mu, public_.mu_of(message, context));
  Wiped<std::array<std::uint8_t, kMlDsaSeedSize>> randomness;
  entropy.fill(*randomness);
  return sign_mu(mu, *randomness);
}

Result<Bytes> MlDsaSecretKey::sign_deterministic(BytesView message, BytesView context) const {
  WUSONG_TRY(const MlDsaMu mu, public_.mu_of(message, context));
  return sign_mu(mu, std::array<std::uint8_t, kMlDsaSeedSize>{});
}

Result<Bytes> MlDsaSecretKey::sign_mu(const MlDsaMu& mu, MlDsaSeed randomness) const {
  const auto& key = *public_.parts_;
  const auto& p = *key.parameters;
  const Wiped seed{Shake256{*parts_->key, randomness, mu}.squeeze<kMuSize>()};
  MaskStream masks{p, *seed, *key.provider};
  Attempt attempt{p};
  do {
    commit(attempt, key, mu, masks);
  } while (!respond(attempt, *parts_, p, *key.provider));
  Bytes signature = encode_signature(attempt, p);
  if (!public_.verify_mu(mu, signature)) return fail(err::signing_fault);
  return signature;
}

}  // namespace wusong::pq
