// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/signature.hpp"

#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/hash.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/crypto/sm2.hpp"

namespace wusong::crypto {
namespace {

using VerifyFunction = Result<void> (*)(BytesView key, BytesView message,
                                        BytesView signature) noexcept;
using MakeFunction = Result<std::unique_ptr<Signer>> (*)(BytesView secret_key) noexcept;
using ValidFunction = bool (*)(BytesView secret_key) noexcept;

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
    const auto signature = ecdsa_sign(keccak256(message), secret_key_);
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
  explicit Ed25519Signer(BytesView seed) noexcept {
    crypto_sign_seed_keypair(public_key_.data(), secret_key_.data(), seed.data());
  }
  ~Ed25519Signer() override { sodium_memzero(secret_key_.data(), secret_key_.size()); }
  Scheme scheme() const noexcept override { return Scheme::ed25519; }
  BytesView public_key() const noexcept override { return public_key_; }
  Bytes sign(BytesView message) const noexcept override {
    Bytes out(crypto_sign_BYTES);
    crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), secret_key_.data());
    return out;
  }

 private:
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_key_;  // seed || public key
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key_;
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
    std::vector<Bytes> out;
    out.reserve(messages.size());
    for (const Sm2Signature& each : signatures) out.push_back(to_bytes(each));
    return out;
  }

 private:
  Sm2Secret secret_;
};

Result<void> verify_secp256k1(BytesView key, BytesView message, BytesView signature) noexcept {
  return internal::secp256k1_verify(key, keccak256(message), signature);
}
/// libsodium's rules: s < order, canonical points, no key or R of small order.
Result<void> verify_ed25519(BytesView key, BytesView message, BytesView signature) noexcept {
  if (crypto_core_ed25519_is_valid_point(key.data()) != 1) return fail(err::bad_public_key);
  if (crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) !=
      0)
    return fail(err::bad_signature);
  return {};
}
Result<void> verify_sm2(BytesView key, BytesView message, BytesView signature) noexcept {
  return sm2_verify({key, sm2_digest(key, message), signature});
}

Result<std::unique_ptr<Signer>> make_secp256k1(BytesView secret_key) noexcept {
  WUSONG_TRY(const auto public_key, internal::secp256k1_public_key(secret_key));
  return std::make_unique<Secp256k1Signer>(secret_key, public_key);
}
Result<std::unique_ptr<Signer>> make_ed25519(BytesView secret_key) noexcept {
  return std::make_unique<Ed25519Signer>(secret_key);
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

/// What a scheme does, in the order of kInfo.
struct Operations {
  VerifyFunction verify;
  MakeFunction make;
  ValidFunction valid_secret;
};

constexpr SchemeInfo kInfo[] = {
    {Scheme::secp256k1, "secp256k1", 32, 64, 64},
    {Scheme::ed25519, "ed25519", 32, 32, 64},
    {Scheme::sm2, "sm2", 32, 64, 64},
};
constexpr Operations kOperations[] = {
    {verify_secp256k1, make_secp256k1, internal::secp256k1_secret_key_is_valid},
    {verify_ed25519, make_ed25519, any_seed},
    {verify_sm2, make_sm2, valid_sm2},
};
static_assert(std::size(kInfo) == std::size(kOperations));

const Operations& operations_of(const SchemeInfo& info) noexcept {
  return kOperations[&info - kInfo];
}

}  // namespace

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
  const SchemeInfo* const info = find_scheme(std::to_underlying(scheme));
  if (info == nullptr) return fail(err::unknown_scheme);
  if (public_key.size() != info->public_key_size || signature.size() != info->signature_size)
    return fail(err::bad_length);
  return operations_of(*info).verify(public_key, message, signature);
}

std::vector<Result<void>> verify_batch(Scheme scheme, std::span<const VerifyRequest> requests) {
  std::vector<Result<void>> out(requests.size());
  if (scheme != Scheme::sm2) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const VerifyRequest& each = requests[i];
      out[i] = verify(scheme, each.public_key, each.message, each.signature);
    }
    return out;
  }
  std::vector<Sm2VerifyRequest> digested(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    digested[i] = {each.public_key, {}, each.signature};
    if (each.public_key.size() == 64)
      digested[i].digest = sm2_digest(each.public_key, each.message);
  }
  sm2_verify(digested, out);
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
  const Hash digest = scheme == Scheme::secp256k1 ? keccak256(public_key)
                                                  : keccak256(BytesView{&number, 1}, public_key);
  return Address::from(digest.view().last(Address::kSize));
}

}  // namespace wusong::crypto
