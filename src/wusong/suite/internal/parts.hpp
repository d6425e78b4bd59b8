// SPDX-License-Identifier: Apache-2.0
// What a family of schemes implements; the default answers that it does not offer the call.
#pragma once

#include "wusong/crypto/signature.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/suite/key.hpp"

namespace wusong::suite::internal {

struct PublicParts {
  PublicParts(const Scheme& of, BytesView bytes) : scheme{&of}, encoded{to_bytes(bytes)} {}
  virtual ~PublicParts() = default;
  virtual Result<void> verify(BytesView, BytesView) const { return fail(err::not_offered); }
  virtual Result<pq::Encapsulated> encapsulate(io::Entropy&) const {
    return fail(err::not_offered);
  }
  virtual Result<Bytes> encrypt(BytesView, io::Entropy&) const { return fail(err::not_offered); }

  const Scheme* scheme;
  Bytes encoded;
};

struct SecretParts {
  explicit SecretParts(BytesView bytes) : secret{to_bytes(bytes)} {}
  virtual ~SecretParts() = default;
  virtual Bytes public_key() const = 0;
  virtual Result<Bytes> sign(BytesView, io::Entropy&) const { return fail(err::not_offered); }
  virtual Result<std::vector<Bytes>> sign_batch(std::span<const BytesView> messages,
                                                io::Entropy& entropy) const {
    std::vector<Bytes> out;
    for (const BytesView each : messages) {
      WUSONG_TRY(auto signature, sign(each, entropy));
      out.push_back(std::move(signature));
    }
    return out;
  }
  virtual Result<SecretBytes> decapsulate(BytesView) const { return fail(err::not_offered); }
  virtual Result<SecretBytes> decrypt(BytesView) const { return fail(err::not_offered); }

  SecretBytes secret;
};

using MadePublic = Result<std::unique_ptr<PublicParts>>;
using MadeSecret = Result<std::unique_ptr<SecretParts>>;

/// Lengths are checked where the table says one.
MadePublic make_classical_public(const Scheme& scheme, BytesView encoded);
MadeSecret make_classical_secret(const Scheme& scheme, BytesView secret);
SecretBytes generate_classical(const Scheme& scheme, io::Entropy& entropy);
MadePublic make_quantum_safe_public(const Scheme& scheme, BytesView encoded);
MadeSecret make_quantum_safe_secret(const Scheme& scheme, BytesView secret);
SecretBytes generate_quantum_safe(const Scheme& scheme, io::Entropy& entropy);
/// Whether the seed of an ML-DSA or ML-KEM key gives this expanded key.
bool expands_to(const Scheme& scheme, BytesView seed, BytesView expanded);

/// The number in crypto's table, where it has the scheme with this way of hashing.
inline crypto::Scheme chain_scheme(const Scheme& scheme) noexcept {
  return static_cast<crypto::Scheme>(scheme.set);
}

}  // namespace wusong::suite::internal
