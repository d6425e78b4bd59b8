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

using internal::ExpandedKey;
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

void verify_secp256k1(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    out[i] =
        internal::secp256k1_verify(each.public_key, hash::keccak256(each.message), each.signature);
  }
}
void verify_ed25519(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
  std::vector<Ed25519VerifyRequest> checks(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    const auto* const table = each.expanded != nullptr ? each.expanded->ed25519.get() : nullptr;
    checks[i] = {each.public_key, each.message, each.signature, table};
  }
  ed25519_verify(checks, out);
}
void verify_sm2(std::span<const VerifyRequest> requests, std::span<Result<void>> out) {
  std::vector<Sm2Message> messages(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    messages[i] = {requests[i].public_key, requests[i].message};
  const std::vector<Hash> digests = sm2_digests(messages);
  std::vector<Sm2VerifyRequest> checks(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    const auto* const table = each.expanded != nullptr ? each.expanded->sm2.get() : nullptr;
    checks[i] = {each.public_key, digests[i], each.signature, table};
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

void expand_none(std::span<const BytesView> /*keys*/, std::span<ExpandedKey> /*out*/) {}
void expand_ed25519(std::span<const BytesView> keys, std::span<ExpandedKey> out) {
  auto tables = ed25519_tables(keys);
  for (std::size_t i = 0; i < keys.size(); ++i) out[i].ed25519 = std::move(tables[i]);
}
void expand_sm2(std::span<const BytesView> keys, std::span<ExpandedKey> out) {
  auto tables = sm2_tables(keys);
  for (std::size_t i = 0; i < keys.size(); ++i) out[i].sm2 = std::move(tables[i]);
}

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
                                internal::secp256k1_secret_key_is_valid, expand_none, 0};
constexpr Operations kEd25519{verify_ed25519, make_ed25519, any_seed, expand_ed25519,
                              kEd25519TableBytes};
constexpr Operations kSm2{verify_sm2, make_sm2, valid_sm2, expand_sm2, kSm2TableBytes};

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

KnownKeys::KnownKeys(std::span<const Key> keys) {
  for (const SchemeInfo& info : kInfo) {
    std::vector<BytesView> of_scheme;
    for (const Key& key : keys)
      if (key.scheme == info.scheme && key.public_key.size() == info.public_key_size)
        of_scheme.push_back(key.public_key);
    std::vector<ExpandedKey> expanded(of_scheme.size());
    operations_of(info).expand(of_scheme, expanded);
    for (std::size_t i = 0; i < of_scheme.size(); ++i)
      keys_.emplace(std::pair{info.scheme, to_bytes(of_scheme[i])}, std::move(expanded[i]));
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

std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests,
                                       const KnownKeys& known) {
  std::vector<VerifyRequest> expanded{requests.begin(), requests.end()};
  for (VerifyRequest& each : expanded) {
    const auto found = known.keys_.find({each.scheme, to_bytes(each.public_key)});
    if (found != known.keys_.end()) each.expanded = &found->second;
  }
  return verify_batch(expanded);
}

std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests) {
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
    operations_of(info).verify(of_scheme, verdicts);
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

namespace {

/// SM3 for what an SM2 key signs, else Keccak-256.
bool has_sm3_address(Scheme scheme) noexcept {
  return scheme == Scheme::sm2 || scheme == Scheme::sm2_ml_dsa_44;
}

}  // namespace

Address address_of(Scheme scheme, BytesView public_key) noexcept {
  const SchemeKey key{scheme, public_key};
  return addresses_of({&key, 1}).front();
}

std::vector<Address> addresses_of(std::span<const SchemeKey> keys) {
  std::vector<Address> out(keys.size());
  for (const bool sm3 : {false, true}) {
    std::vector<Bytes> messages;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (has_sm3_address(keys[i].scheme) != sm3) continue;
      Bytes& message = messages.emplace_back();
      if (keys[i].scheme != Scheme::secp256k1)
        message.push_back(std::to_underlying(keys[i].scheme));
      append(message, keys[i].public_key);
      places.push_back(i);
    }
    std::vector<Hash> digests(messages.size());
    const std::vector<BytesView> views{messages.begin(), messages.end()};
    sm3 ? hash::sm3_batch(views, digests) : hash::keccak256_batch(views, digests);
    for (std::size_t i = 0; i < places.size(); ++i)
      out[places[i]] = Address::from(digests[i].view().last(Address::kSize));
  }
  return out;
}

}  // namespace wusong::crypto
