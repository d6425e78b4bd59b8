// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/key.hpp"

#include "wusong/crypto/key_agreement.hpp"
#include "wusong/suite/internal/parts.hpp"

namespace wusong::suite {
namespace {

using internal::Family;

bool is_quantum_safe(const Scheme& scheme) noexcept {
  return scheme.family == Family::ml_dsa || scheme.family == Family::slh_dsa ||
         scheme.family == Family::ml_kem;
}
bool has_keys(const Scheme& scheme) noexcept {
  return scheme.kind == Kind::signature || scheme.kind == Kind::encapsulation ||
         scheme.kind == Kind::agreement;
}

const crypto::KeyAgreementInfo* agreement_of(const Scheme& scheme) noexcept {
  if (scheme.name == "secp256k1-keccak256") return crypto::find_key_agreement("secp256k1");
  return crypto::find_key_agreement(scheme.name);
}

}  // namespace

PublicKey::PublicKey(std::unique_ptr<internal::PublicParts> parts) noexcept
    : parts_{std::move(parts)} {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::decode(const Scheme& scheme, BytesView encoded) {
  if (!has_keys(scheme)) return fail(err::unknown_scheme);
  if (scheme.public_key != 0 && encoded.size() != scheme.public_key) return fail(err::bad_length);
  auto parts = is_quantum_safe(scheme) ? internal::make_quantum_safe_public(scheme, encoded)
                                       : internal::make_classical_public(scheme, encoded);
  if (!parts) return fail(parts.error());
  return PublicKey{*std::move(parts)};
}

const Scheme& PublicKey::scheme() const noexcept {
  return *parts_->scheme;
}
BytesView PublicKey::encoded() const noexcept {
  return parts_->encoded;
}

std::optional<Address> PublicKey::address() const noexcept {
  const Scheme& of = scheme();
  const auto* const info = crypto::find_scheme(
      of.name == "secp256k1-keccak256" ? std::string_view{"secp256k1"} : of.name);
  if (info == nullptr) return std::nullopt;
  return crypto::address_of(info->scheme, encoded());
}

Result<void> PublicKey::verify(BytesView message, BytesView signature) const {
  return parts_->verify(message, signature);
}
Result<pq::Encapsulated> PublicKey::encapsulate(io::Entropy& entropy) const {
  return parts_->encapsulate(entropy);
}
Result<Bytes> PublicKey::encrypt(BytesView text, io::Entropy& entropy) const {
  return parts_->encrypt(text, entropy);
}

std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests) {
  std::vector<Result<void>> out(requests.size());
  std::vector<crypto::VerifyRequest> together;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const VerifyRequest& each = requests[i];
    const Scheme& scheme = each.key->scheme();
    if (scheme.family != Family::chain) {
      out[i] = each.key->verify(each.message, each.signature);
      continue;
    }
    together.push_back(
        {internal::chain_scheme(scheme), each.key->encoded(), each.message, each.signature});
    places.push_back(i);
  }
  const auto verdicts = crypto::verify_batch(together);
  for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = verdicts[i];
  return out;
}

SecretKey::SecretKey(std::unique_ptr<internal::SecretParts> parts, PublicKey public_key) noexcept
    : parts_{std::move(parts)}, public_{std::move(public_key)} {}
SecretKey::SecretKey(SecretKey&&) noexcept = default;
SecretKey& SecretKey::operator=(SecretKey&&) noexcept = default;
SecretKey::~SecretKey() = default;

Result<SecretKey> SecretKey::generate(const Scheme& scheme, io::Entropy& entropy) {
  if (!has_keys(scheme)) return fail(err::unknown_scheme);
  if (scheme.family == Family::rsa) return fail(err::not_offered);
  const SecretBytes secret = is_quantum_safe(scheme)
                                 ? internal::generate_quantum_safe(scheme, entropy)
                                 : internal::generate_classical(scheme, entropy);
  return decode(scheme, secret.view());
}

Result<SecretKey> SecretKey::decode(const Scheme& scheme, BytesView secret) {
  if (!has_keys(scheme)) return fail(err::unknown_scheme);
  if (scheme.family == Family::rsa) return fail(err::not_offered);
  auto parts = is_quantum_safe(scheme) ? internal::make_quantum_safe_secret(scheme, secret)
                                       : internal::make_classical_secret(scheme, secret);
  if (!parts) return fail(parts.error());
  WUSONG_TRY(auto public_key, PublicKey::decode(scheme, (*parts)->public_key()));
  return SecretKey{*std::move(parts), std::move(public_key)};
}

BytesView SecretKey::secret() const noexcept {
  return parts_->secret.view();
}
Result<Bytes> SecretKey::sign(BytesView message, io::Entropy& entropy) const {
  return parts_->sign(message, entropy);
}
Result<std::vector<Bytes>> SecretKey::sign_batch(std::span<const BytesView> messages,
                                                 io::Entropy& entropy) const {
  return parts_->sign_batch(messages, entropy);
}
Result<SecretBytes> SecretKey::decapsulate(BytesView ciphertext) const {
  return parts_->decapsulate(ciphertext);
}
Result<SecretBytes> SecretKey::decrypt(BytesView ciphertext) const {
  return parts_->decrypt(ciphertext);
}

Result<SecretBytes> SecretKey::agree(const PublicKey& peer) const {
  const auto* const way = agreement_of(scheme());
  if (way == nullptr || agreement_of(peer.scheme()) != way) return fail(err::not_offered);
  return crypto::agree(way->agreement, secret(), peer.encoded());
}

}  // namespace wusong::suite
