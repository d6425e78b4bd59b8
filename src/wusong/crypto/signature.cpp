// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/signature.hpp"

#include <sodium.h>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/scheme.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::ExpandedKeys;
using internal::Operations;

template <typename Signature>
std::vector<Bytes> all_bytes(std::span<const Signature> signatures) {
  std::vector<Bytes> out;
  out.reserve(signatures.size());
  for (const Signature& each : signatures) out.push_back(to_bytes(each));
  return out;
}

class Secp256k1Signer final : public Signer {
 public:
  Secp256k1Signer(BytesView secret_key, const std::array<std::uint8_t, 64>& public_key) noexcept
      : public_key_{public_key} {
    std::memcpy(secret_key_.data(), secret_key.data(), secret_key_.size());
  }
  ~Secp256k1Signer() override { sodium_memzero(secret_key_.data(), secret_key_.size()); }
  Scheme scheme() const noexcept override { return Scheme::secp256k1; }
  BytesView public_key() const noexcept override { return public_key_; }
  Bytes sign(BytesView message) const noexcept override {
    const auto signature = ecdsa_sign(hash::keccak256(message), secret_key_);
    WUSONG_ASSERT(signature.has_value());  // the key was checked on creation
    Bytes out(64);
    store_be(signature->r, out.data());
    store_be(signature->s, out.data() + 32);
    return out;
  }

 private:
  std::array<std::uint8_t, 32> secret_key_;
  std::array<std::uint8_t, 64> public_key_;
};

class Ed25519Signer final : public Signer {
 public:
  explicit Ed25519Signer(Ed25519Secret secret) noexcept : secret_{std::move(secret)} {}
  Scheme scheme() const noexcept override { return Scheme::ed25519; }
  BytesView public_key() const noexcept override { return secret_.public_key(); }
  Bytes sign(BytesView message) const noexcept override {
    return std::move(sign_batch({&message, 1}).front());
  }
  std::vector<Bytes> sign_batch(std::span<const BytesView> messages) const noexcept override {
    std::vector<Ed25519SignRequest> requests(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) requests[i] = {&secret_, messages[i]};
    std::vector<Ed25519Signature> signatures(messages.size());
    // A machine that miscalculates must not go on signing.
    WUSONG_ASSERT(ed25519_sign(requests, signatures).has_value());
    return all_bytes<Ed25519Signature>(signatures);
  }

 private:
  Ed25519Secret secret_;
};

class Sm2Signer final : public Signer {
 public:
  explicit Sm2Signer(Sm2Secret secret) noexcept : secret_{std::move(secret)} {}
  Scheme scheme() const noexcept override { return Scheme::sm2; }
  BytesView public_key() const noexcept override { return secret_.public_key(); }
  Bytes sign(BytesView message) const noexcept override {
    return std::move(sign_batch({&message, 1}).front());
  }
  std::vector<Bytes> sign_batch(std::span<const BytesView> messages) const noexcept override {
    std::vector<Sm2SignRequest> requests(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
      requests[i] = {&secret_, sm2_digest(secret_.public_key(), messages[i])};
    std::vector<Sm2Signature> signatures(messages.size());
    // A machine that miscalculates must not go on signing.
    WUSONG_ASSERT(sm2_sign(requests, signatures).has_value());
    return all_bytes<Sm2Signature>(signatures);
  }

 private:
  Sm2Secret secret_;
};

void verify_secp256k1(std::span<const VerifyRequest> requests, std::span<Result<void>> out,
                      const ExpandedKeys& /*known*/) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    out[i] =
        internal::secp256k1_verify(each.public_key, hash::keccak256(each.message), each.signature);
  }
}
void verify_ed25519(std::span<const VerifyRequest> requests, std::span<Result<void>> out,
                    const ExpandedKeys& known) {
  std::vector<Ed25519VerifyRequest> checks(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    checks[i] = {requests[i].public_key, requests[i].message, requests[i].signature};
  ed25519_verify(checks, out, known.ed25519);
}
void verify_sm2(std::span<const VerifyRequest> requests, std::span<Result<void>> out,
                const ExpandedKeys& /*known*/) {
  std::vector<Sm2VerifyRequest> checks(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    checks[i] = {each.public_key, sm2_digest(each.public_key, each.message), each.signature};
  }
  sm2_verify(checks, out);
}

Result<std::unique_ptr<Signer>> make_secp256k1(BytesView secret_key) noexcept {
  WUSONG_TRY(const auto public_key, internal::secp256k1_public_key(secret_key));
  return std::make_unique<Secp256k1Signer>(secret_key, public_key);
}
Result<std::unique_ptr<Signer>> make_ed25519(BytesView secret_key) noexcept {
  WUSONG_TRY(auto secret, Ed25519Secret::from(secret_key));
  return std::make_unique<Ed25519Signer>(std::move(secret));
}
Result<std::unique_ptr<Signer>> make_sm2(BytesView secret_key) noexcept {
  WUSONG_TRY(auto secret, Sm2Secret::from(secret_key));
  return std::make_unique<Sm2Signer>(std::move(secret));
}

bool any_seed(BytesView) noexcept {
  return true;
}
bool valid_sm2(BytesView secret_key) noexcept {
  return Sm2Secret::from(secret_key).has_value();
}

void expand_ed25519(std::span<const BytesView> keys, ExpandedKeys& out) {
  out.ed25519.add(keys);
}
void expand_none(std::span<const BytesView> /*keys*/, ExpandedKeys& /*out*/) {}

constexpr SchemeInfo kInfo[] = {
    {Scheme::secp256k1, "secp256k1", 32, 64, 64},
    {Scheme::ed25519, "ed25519", 32, 32, 64},
    {Scheme::sm2, "sm2", 32, 64, 64},
    {Scheme::ml_dsa_44, "ml-dsa-44", 32, 1'312, 2'420},
    {Scheme::ml_dsa_65, "ml-dsa-65", 32, 1'952, 3'309},
    {Scheme::ed25519_ml_dsa_44, "ed25519+ml-dsa-44", 64, 1'344, 2'484},
    {Scheme::sm2_ml_dsa_44, "sm2+ml-dsa-44", 64, 1'376, 2'484},
};
static_assert(std::ranges::max(kInfo, {}, &SchemeInfo::public_key_size).public_key_size ==
              kPublicKeySizeMax);
static_assert(std::ranges::max(kInfo, {}, &SchemeInfo::signature_size).signature_size ==
              kSignatureSizeMax);

constexpr Operations kSecp256k1{verify_secp256k1, make_secp256k1,
                                internal::secp256k1_secret_key_is_valid, expand_none};
constexpr Operations kEd25519{verify_ed25519, make_ed25519, any_seed, expand_ed25519};
constexpr Operations kSm2{verify_sm2, make_sm2, valid_sm2, expand_none};

/// In the order of kInfo.
constexpr const Operations* kOperations[] = {
    &kSecp256k1,           &kEd25519,           &kSm2,
    &internal::kMlDsa44,   &internal::kMlDsa65, &internal::kEd25519MlDsa44,
    &internal::kSm2MlDsa44};
static_assert(std::size(kInfo) == std::size(kOperations));

const Operations& operations_of(const SchemeInfo& info) noexcept {
  return *kOperations[&info - kInfo];
}

}  // namespace

const Operations& internal::operations_of(Scheme scheme) noexcept {
  const SchemeInfo* const info = find_scheme(std::to_underlying(scheme));
  WUSONG_ASSERT(info != nullptr);
  return crypto::operations_of(*info);
}

KnownKeys::KnownKeys(std::span<const Key> keys) : expanded_{std::make_unique<ExpandedKeys>()} {
  for (const SchemeInfo& info : kInfo) {
    std::vector<BytesView> of_scheme;
    for (const Key& key : keys)
      if (key.scheme == info.scheme && key.public_key.size() == info.public_key_size)
        of_scheme.push_back(key.public_key);
    operations_of(info).expand(of_scheme, *expanded_);
  }
}
KnownKeys::~KnownKeys() = default;
KnownKeys::KnownKeys(KnownKeys&&) noexcept = default;
KnownKeys& KnownKeys::operator=(KnownKeys&&) noexcept = default;

std::span<const SchemeInfo> scheme_table() noexcept {
  return kInfo;
}

const SchemeInfo* find_scheme(std::uint8_t number) noexcept {
  for (const auto& info : kInfo)
    if (std::to_underlying(info.scheme) == number) return &info;
  return nullptr;
}

const SchemeInfo* find_scheme(std::string_view name) noexcept {
  for (const auto& info : kInfo)
    if (info.name == name) return &info;
  return nullptr;
}

Result<void> verify(Scheme scheme, BytesView public_key, BytesView message,
                    BytesView signature) noexcept {
  const VerifyRequest request{scheme, public_key, message, signature};
  return verify_batch({&request, 1}).front();
}

std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests) {
  static const KnownKeys kNone{{}};
  return verify_batch(requests, kNone);
}

std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests,
                                       const KnownKeys& known) {
  std::vector<Result<void>> out(requests.size(), fail(err::unknown_scheme));
  for (const SchemeInfo& info : kInfo) {
    std::vector<VerifyRequest> of_scheme;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const VerifyRequest& each = requests[i];
      if (each.scheme != info.scheme) continue;
      if (each.public_key.size() != info.public_key_size ||
          each.signature.size() != info.signature_size) {
        out[i] = fail(err::bad_length);
        continue;
      }
      of_scheme.push_back(each);
      places.push_back(i);
    }
    if (of_scheme.empty()) continue;
    std::vector<Result<void>> verdicts(of_scheme.size());
    operations_of(info).verify(of_scheme, verdicts, *known.expanded_);
    for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = verdicts[i];
  }
  return out;
}

std::vector<Bytes> Signer::sign_batch(std::span<const BytesView> messages) const {
  std::vector<Bytes> out;
  out.reserve(messages.size());
  for (const BytesView message : messages) out.push_back(sign(message));
  return out;
}

Result<std::unique_ptr<Signer>> make_signer(Scheme scheme, BytesView secret_key) noexcept {
  const SchemeInfo* const info = find_scheme(std::to_underlying(scheme));
  if (info == nullptr) return fail(err::unknown_scheme);
  if (secret_key.size() != info->secret_key_size) return fail(err::bad_secret_key);
  return operations_of(*info).make(secret_key);
}

Bytes generate_secret_key(Scheme scheme, io::Entropy& entropy) noexcept {
  const SchemeInfo* const info = find_scheme(std::to_underlying(scheme));
  WUSONG_ASSERT(info != nullptr);
  Bytes out(info->secret_key_size);
  do {
    entropy.fill(out);
  } while (!operations_of(*info).valid_secret(out));
  return out;
}

Address address_of(Scheme scheme, BytesView public_key) noexcept {
  const std::uint8_t number = std::to_underlying(scheme);
  const auto digest = [&] {
    if (scheme == Scheme::secp256k1) return hash::keccak256(public_key);
    if (scheme == Scheme::sm2 || scheme == Scheme::sm2_ml_dsa_44)
      return hash::sm3(BytesView{&number, 1}, public_key);
    return hash::keccak256(BytesView{&number, 1}, public_key);
  };
  return Address::from(digest().view().last(Address::kSize));
}

}  // namespace wusong::crypto
