// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/envelope.hpp"

#include "wusong/crypto/signature.hpp"
#include "wusong/pq/shake.hpp"
#include "wusong/suite/errors.hpp"

namespace wusong::suite {
namespace {

SecretBytes derived(const Scheme& cipher, BytesView shared_secret) {
  constexpr std::uint8_t kEnd[] = {0};
  pq::Shake256 sponge{as_bytes("wusong crypto encrypt 1"), kEnd, as_bytes(cipher.name), kEnd,
                      shared_secret};
  Bytes key(cipher.secret_key);
  sponge.squeeze(key);
  return SecretBytes{std::move(key)};
}

Result<void> seal_covering(const Scheme& cipher, BytesView key, BytesView associated,
                           BytesView text, std::span<std::uint8_t> out, io::Entropy& entropy) {
  if (out.size() != text.size() + envelope_size(cipher)) return fail(err::bad_length);
  WUSONG_TRY(const auto ready, SymmetricKey::create(cipher, key));
  const auto nonce = out.first(cipher.public_key);
  entropy.fill(nonce);
  return ready.encrypt({.nonce = nonce, .associated = associated}, text, out.subspan(nonce.size()));
}

Result<void> open_covered(const Scheme& cipher, BytesView key, BytesView associated,
                          BytesView sealed, std::span<std::uint8_t> out) {
  if (sealed.size() != out.size() + envelope_size(cipher)) return fail(err::bad_length);
  WUSONG_TRY(const auto ready, SymmetricKey::create(cipher, key));
  const BytesView nonce = sealed.first(cipher.public_key);
  return ready.decrypt({.nonce = nonce, .associated = associated}, sealed.subspan(nonce.size()),
                       out);
}

}  // namespace

Result<void> seal(const Scheme& cipher, BytesView key, BytesView text, std::span<std::uint8_t> out,
                  io::Entropy& entropy) {
  return seal_covering(cipher, key, {}, text, out, entropy);
}

Result<void> open(const Scheme& cipher, BytesView key, BytesView sealed,
                  std::span<std::uint8_t> out) {
  return open_covered(cipher, key, {}, sealed, out);
}

std::size_t envelope_size(const Scheme& cipher) noexcept {
  return cipher.public_key + cipher.result;
}

Result<void> seal_to(const PublicKey& to, const Scheme& cipher, BytesView text,
                     std::span<std::uint8_t> out, io::Entropy& entropy) {
  if (cipher.kind != Kind::cipher || cipher.result == 0) return fail(err::not_offered);
  WUSONG_TRY(const auto sent, to.encapsulate(entropy));
  if (out.size() != text.size() + envelope_size(to.scheme(), cipher)) return fail(err::bad_length);
  std::ranges::copy(sent.ciphertext, out.begin());
  return seal_covering(cipher, derived(cipher, sent.shared_secret.view()).view(), sent.ciphertext,
                       text, out.subspan(sent.ciphertext.size()), entropy);
}

Result<void> open_with(const SecretKey& key, const Scheme& cipher, BytesView sealed,
                       std::span<std::uint8_t> out) {
  if (cipher.kind != Kind::cipher || cipher.result == 0) return fail(err::not_offered);
  if (key.scheme().kind != Kind::encapsulation) return fail(err::not_offered);
  if (sealed.size() != out.size() + envelope_size(key.scheme(), cipher))
    return fail(err::bad_length);
  const BytesView ciphertext = sealed.first(key.scheme().result);
  WUSONG_TRY(const auto secret, key.decapsulate(ciphertext));
  return open_covered(cipher, derived(cipher, secret.view()).view(), ciphertext,
                      sealed.subspan(ciphertext.size()), out);
}

std::size_t envelope_size(const Scheme& encapsulation, const Scheme& cipher) noexcept {
  return encapsulation.result + envelope_size(cipher);
}

Result<SecretBytes> agree_on_key(const SecretKey& mine, const PublicKey& theirs, std::size_t size) {
  WUSONG_TRY(const auto secret, mine.agree(theirs));
  BytesView first = mine.public_key().encoded();
  BytesView second = theirs.encoded();
  if (std::ranges::lexicographical_compare(second, first)) std::swap(first, second);
  constexpr std::uint8_t kEnd[] = {0};
  const std::string_view name = mine.scheme().family == internal::Family::chain
                                    ? crypto::find_scheme(mine.scheme().set)->name
                                    : mine.scheme().name;
  pq::Shake256 sponge{
      as_bytes("wusong crypto agree 1"), kEnd, as_bytes(name), kEnd, first, second, secret.view()};
  Bytes key(size);
  sponge.squeeze(key);
  return SecretBytes{std::move(key)};
}

}  // namespace wusong::suite
