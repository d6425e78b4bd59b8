// SPDX-License-Identifier: Apache-2.0
// ML-DSA, and composites of ML-DSA-44 with a classical scheme, as rows of the scheme table.
#include <map>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/scheme.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto::internal {
namespace {

/// With the encoding beside the matrix.
constexpr std::size_t kMlDsa44Bytes = 22 << 10;
constexpr std::size_t kMlDsa65Bytes = 39 << 10;

pq::MlDsaPublicKey decoded(pq::MlDsa set, BytesView encoded) {
  auto key = pq::MlDsaPublicKey::decode(set, encoded);
  WUSONG_ASSERT(key.has_value());  // any bytes of the length are a key
  return *std::move(key);
}

/// Each key expanded once: it is known, or expanded for this call.
class MlDsaKeys {
 public:
  explicit MlDsaKeys(pq::MlDsa set) : set_{set} {}
  const pq::MlDsaPublicKey& of(BytesView encoded, const ExpandedKey* known) {
    if (known != nullptr && known->ml_dsa != nullptr) return *known->ml_dsa;
    const Bytes name = to_bytes(encoded);
    const auto here = fresh_.find(name);
    if (here != fresh_.end()) return here->second;
    return fresh_.emplace(name, decoded(set_, encoded)).first->second;
  }

 private:
  pq::MlDsa set_;
  std::map<Bytes, pq::MlDsaPublicKey> fresh_;
};

void expand_ml_dsa(pq::MlDsa set, std::span<const BytesView> keys, std::span<ExpandedKey> out) {
  for (std::size_t i = 0; i < keys.size(); ++i)
    out[i].ml_dsa = std::make_shared<const pq::MlDsaPublicKey>(decoded(set, keys[i]));
}

// ---- ML-DSA alone, with an empty context

template <pq::MlDsa kSet>
void verify_ml_dsa(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
  MlDsaKeys keys{kSet};
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    const bool valid = keys.of(each.public_key, each.expanded)
                           .verify(each.message, {}, each.signature)
                           .has_value();
    out[i] = valid ? Result<void>{} : fail(err::bad_signature);
  }
}

pq::MlDsaSeed seed_of(BytesView secret_key) noexcept {
  return secret_key.first<pq::kMlDsaSeedSize>();
}

template <pq::MlDsa kSet, Scheme kScheme>
class MlDsaSigner final : public Signer {
 public:
  explicit MlDsaSigner(BytesView seed)
      : secret_{pq::MlDsaSecretKey::from_seed(kSet, seed_of(seed))} {}
  Scheme scheme() const noexcept override { return kScheme; }
  BytesView public_key() const noexcept override { return secret_.public_key().encoded(); }
  Bytes sign(BytesView message) const noexcept override {
    auto signature = secret_.sign_deterministic(message, {});
    WUSONG_ASSERT(signature.has_value());  // a machine that miscalculates must not go on signing
    return *std::move(signature);
  }

 private:
  pq::MlDsaSecretKey secret_;
};

template <pq::MlDsa kSet, Scheme kScheme>
Result<std::unique_ptr<Signer>> make_ml_dsa(BytesView secret_key) noexcept {
  return std::make_unique<MlDsaSigner<kSet, kScheme>>(secret_key);
}
bool any_seed(BytesView /*secret_key*/) noexcept {
  return true;
}
template <pq::MlDsa kSet>
void expand_of_set(std::span<const BytesView> keys, std::span<ExpandedKey> out) {
  expand_ml_dsa(kSet, keys, out);
}

// ---- composites

/// ML-DSA-44 and a classical scheme, of which both must verify.
///
/// Both halves sign M' = prefix || label || 0 || digest of the message, and the lattice half has
/// the label as its context: neither is a signature that its own scheme would accept for the
/// message, nor one of another composite.
/// @shape  public key: ML-DSA's, then the classical one; so signatures; secret key: seed, then
///         classical
/// @source draft-ietf-lamps-pq-composite-sigs-19, sections 3 and 4, without a context; SM2's is
/// ours
struct Composite {
  Scheme scheme;
  Scheme classical;
  std::string_view label;
  Bytes (*digest)(BytesView message);
};
constexpr std::string_view kPrefix = "CompositeAlgorithmSignatures2025";
constexpr std::size_t kLatticeKey = 1'312;
constexpr std::size_t kLatticeSignature = 2'420;

constexpr Composite kWithEd25519{Scheme::ed25519_ml_dsa_44, Scheme::ed25519,
                                 "COMPSIG-MLDSA44-Ed25519-SHA512",
                                 [](BytesView message) { return to_bytes(hash::sha512(message)); }};
constexpr Composite kWithSm2{Scheme::sm2_ml_dsa_44, Scheme::sm2, "COMPSIG-MLDSA44-SM2-SM3",
                             [](BytesView message) { return to_bytes(hash::sm3(message)); }};

Bytes representative(const Composite& composite, BytesView message) {
  Bytes out = to_bytes(as_bytes(kPrefix));
  append(out, as_bytes(composite.label));
  out.push_back(0);
  append(out, composite.digest(message));
  return out;
}

template <const Composite& kComposite>
void verify_composite(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
  MlDsaKeys keys{pq::MlDsa::ml_dsa_44};
  std::vector<Bytes> messages;
  std::vector<VerifyRequest> halves;
  messages.reserve(requests.size());
  halves.reserve(requests.size());
  for (const VerifyRequest& each : requests) {
    messages.push_back(representative(kComposite, each.message));
    halves.push_back({kComposite.classical, each.public_key.subspan(kLatticeKey), messages.back(),
                      each.signature.subspan(kLatticeSignature), each.expanded});
  }
  operations_of(kComposite.classical).verify(halves, out);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!out[i]) continue;
    const auto& key = keys.of(requests[i].public_key.first(kLatticeKey), requests[i].expanded);
    if (!key.verify(messages[i], as_bytes(kComposite.label),
                    requests[i].signature.first(kLatticeSignature)))
      out[i] = fail(err::bad_signature);
  }
}

template <const Composite& kComposite>
class CompositeSigner final : public Signer {
 public:
  CompositeSigner(BytesView seed, std::unique_ptr<Signer> classical)
      : lattice_{pq::MlDsaSecretKey::from_seed(pq::MlDsa::ml_dsa_44, seed_of(seed))},
        classical_{std::move(classical)},
        public_key_{to_bytes(lattice_.public_key().encoded())} {
    append(public_key_, classical_->public_key());
  }
  Scheme scheme() const noexcept override { return kComposite.scheme; }
  BytesView public_key() const noexcept override { return public_key_; }
  Bytes sign(BytesView message) const noexcept override {
    const Bytes both = representative(kComposite, message);
    auto signature = lattice_.sign_deterministic(both, as_bytes(kComposite.label));
    WUSONG_ASSERT(signature.has_value());  // a machine that miscalculates must not go on signing
    append(*signature, classical_->sign(both));
    return *std::move(signature);
  }

 private:
  pq::MlDsaSecretKey lattice_;
  std::unique_ptr<Signer> classical_;
  Bytes public_key_;
};

template <const Composite& kComposite>
Result<std::unique_ptr<Signer>> make_composite(BytesView secret_key) noexcept {
  WUSONG_TRY(auto classical,
             make_signer(kComposite.classical, secret_key.subspan(pq::kMlDsaSeedSize)));
  return std::make_unique<CompositeSigner<kComposite>>(secret_key, std::move(classical));
}
template <const Composite& kComposite>
bool valid_composite(BytesView secret_key) noexcept {
  return operations_of(kComposite.classical).valid_secret(secret_key.subspan(pq::kMlDsaSeedSize));
}
template <const Composite& kComposite>
void expand_composite(std::span<const BytesView> keys, std::span<ExpandedKey> out) {
  std::vector<BytesView> lattice;
  std::vector<BytesView> classical;
  for (const BytesView key : keys) {
    lattice.push_back(key.first(kLatticeKey));
    classical.push_back(key.subspan(kLatticeKey));
  }
  expand_ml_dsa(pq::MlDsa::ml_dsa_44, lattice, out);
  operations_of(kComposite.classical).expand(classical, out);
}

}  // namespace

const Operations kMlDsa44{verify_ml_dsa<pq::MlDsa::ml_dsa_44>,
                          make_ml_dsa<pq::MlDsa::ml_dsa_44, Scheme::ml_dsa_44>, any_seed,
                          expand_of_set<pq::MlDsa::ml_dsa_44>, kMlDsa44Bytes};
const Operations kMlDsa65{verify_ml_dsa<pq::MlDsa::ml_dsa_65>,
                          make_ml_dsa<pq::MlDsa::ml_dsa_65, Scheme::ml_dsa_65>, any_seed,
                          expand_of_set<pq::MlDsa::ml_dsa_65>, kMlDsa65Bytes};
const Operations kEd25519MlDsa44{verify_composite<kWithEd25519>, make_composite<kWithEd25519>,
                                 valid_composite<kWithEd25519>, expand_composite<kWithEd25519>,
                                 kMlDsa44Bytes + kEd25519TableBytes};
const Operations kSm2MlDsa44{verify_composite<kWithSm2>, make_composite<kWithSm2>,
                             valid_composite<kWithSm2>, expand_composite<kWithSm2>,
                             kMlDsa44Bytes + kSm2TableBytes};

}  // namespace wusong::crypto::internal
