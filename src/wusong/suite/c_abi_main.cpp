// SPDX-License-Identifier: Apache-2.0
// libwusong_crypto.so: the suite behind include/wusong_crypto.h.
#include <sodium.h>
#include <wusong_crypto.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/digest.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/suite/key_file.hpp"
#include "wusong/suite/symmetric.hpp"

using namespace wusong;
using suite::Scheme;

struct wusong_secret_key {
  suite::SecretKey key;
};
struct wusong_public_key {
  suite::PublicKey key;
};

namespace {

class SystemEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    randombytes_buf(out.data(), out.size());  // getrandom(2)
  }
};

/// Of a name or another literal, which ends with a zero.
const char* text_of(std::string_view literal) noexcept {
  return literal.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
}
wusong_error name_of(Error error) noexcept {
  return text_of(error.name());
}
constexpr wusong_error kDone = nullptr;

BytesView view(wusong_bytes bytes) noexcept {
  return {bytes.data, bytes.size};
}
bool is_null(wusong_bytes bytes) noexcept {
  return bytes.data == nullptr && bytes.size != 0;
}
bool is_null(const wusong_buffer* out) noexcept {
  return out == nullptr || (out->data == nullptr && out->size != 0);
}
wusong_error null_argument() noexcept {
  return name_of(suite::err::null_argument);
}

/// Says how much it takes; an error where that is more than there is.
wusong_error make_room(wusong_buffer* out, std::size_t size) noexcept {
  const std::size_t capacity = std::exchange(out->size, size);
  return capacity < size ? name_of(suite::err::buffer_too_small) : kDone;
}
wusong_error give(wusong_buffer* out, BytesView bytes) noexcept {
  if (const wusong_error error = make_room(out, bytes.size())) return error;
  std::ranges::copy(bytes, out->data);
  return kDone;
}

template <typename Handle, typename Key>
wusong_error hand_over(Result<Key> made, Handle** out) noexcept {
  if (!made) return name_of(made.error());
  *out = new Handle{*std::move(made)};
  return kDone;
}

Result<const Scheme*> scheme_of(const char* name) noexcept {
  const Scheme* const found = name == nullptr ? nullptr : suite::find_scheme(name);
  if (found == nullptr) return fail(suite::err::unknown_scheme);
  return found;
}

void describe(const Scheme& scheme, wusong_scheme* out) noexcept {
  *out = {.name = text_of(scheme.name),
          .kind = text_of(suite::name_of(scheme.kind)),
          .standard = text_of(scheme.standard),
          .security = text_of(scheme.security),
          .secret_key = scheme.secret_key,
          .public_key = scheme.public_key,
          .result = scheme.result};
}

std::optional<std::string_view> passphrase_of(const char* text) noexcept {
  return text == nullptr ? std::nullopt : std::optional<std::string_view>{text};
}

/// A cipher with a tag, ready to work.
Result<suite::SymmetricKey> key_of(const wusong_sealing& with, std::size_t& tag) noexcept {
  WUSONG_TRY(const Scheme* const scheme, scheme_of(with.cipher));
  if (scheme->kind != suite::Kind::cipher) return fail(suite::err::unknown_scheme);
  if (scheme->result == 0) return fail(suite::err::not_offered);
  tag = scheme->result;
  return suite::SymmetricKey::create(*scheme, view(with.key));
}
bool is_null(const wusong_sealing* with) noexcept {
  return with == nullptr || is_null(with->key) || is_null(with->nonce) || is_null(with->associated);
}

}  // namespace

extern "C" {

const char* wusong_crypto_version(void) {
  return "1.1";
}

wusong_error wusong_scheme_at(size_t index, wusong_scheme* out) {
  if (out == nullptr) return null_argument();
  if (index >= suite::schemes().size()) return name_of(suite::err::unknown_scheme);
  describe(suite::schemes()[index], out);
  return kDone;
}
wusong_error wusong_scheme_find(const char* name, wusong_scheme* out) {
  if (out == nullptr) return null_argument();
  const auto found = scheme_of(name);
  if (!found) return name_of(found.error());
  describe(**found, out);
  return kDone;
}

wusong_error wusong_keygen(const char* scheme, wusong_secret_key** out) {
  if (out == nullptr) return null_argument();
  const auto found = scheme_of(scheme);
  if (!found) return name_of(found.error());
  SystemEntropy entropy;
  return hand_over(suite::SecretKey::generate(**found, entropy), out);
}
void wusong_secret_key_free(wusong_secret_key* key) {
  delete key;
}
void wusong_public_key_free(wusong_public_key* key) {
  delete key;
}
wusong_error wusong_public_key_of(const wusong_secret_key* key, wusong_public_key** out) {
  if (key == nullptr || out == nullptr) return null_argument();
  const suite::PublicKey& found = key->key.public_key();
  return hand_over(suite::PublicKey::decode(found.scheme(), found.encoded()), out);
}
const char* wusong_public_key_scheme(const wusong_public_key* key) {
  return key == nullptr ? "" : text_of(key->key.scheme().name);
}

wusong_error wusong_secret_key_decode(const char* scheme, wusong_bytes bytes,
                                      wusong_secret_key** out) {
  if (is_null(bytes) || out == nullptr) return null_argument();
  const auto found = scheme_of(scheme);
  if (!found) return name_of(found.error());
  return hand_over(suite::SecretKey::decode(**found, view(bytes)), out);
}
wusong_error wusong_secret_key_encode(const wusong_secret_key* key, wusong_buffer* out) {
  if (key == nullptr || is_null(out)) return null_argument();
  return give(out, key->key.secret());
}
wusong_error wusong_public_key_decode(const char* scheme, wusong_bytes bytes,
                                      wusong_public_key** out) {
  if (is_null(bytes) || out == nullptr) return null_argument();
  const auto found = scheme_of(scheme);
  if (!found) return name_of(found.error());
  return hand_over(suite::PublicKey::decode(**found, view(bytes)), out);
}
wusong_error wusong_public_key_encode(const wusong_public_key* key, wusong_buffer* out) {
  if (key == nullptr || is_null(out)) return null_argument();
  return give(out, key->key.encoded());
}

wusong_error wusong_secret_key_read(wusong_bytes file, const char* passphrase,
                                    wusong_secret_key** out) {
  if (is_null(file) || out == nullptr) return null_argument();
  return hand_over(suite::read_secret_key(view(file), passphrase_of(passphrase)), out);
}
wusong_error wusong_secret_key_write(const wusong_secret_key* key, const char* passphrase,
                                     wusong_buffer* out) {
  if (key == nullptr || is_null(out)) return null_argument();
  using suite::Holds;
  if (passphrase == nullptr) {
    const auto der = suite::secret_key_der(key->key);
    return give(out, suite::to_pem(Holds::secret_key, der.view()).view());
  }
  SystemEntropy entropy;
  const Bytes der = suite::encrypted_key_der(key->key, passphrase, entropy);
  return give(out, suite::to_pem(Holds::encrypted_secret_key, der).view());
}
wusong_error wusong_public_key_read(wusong_bytes file, wusong_public_key** out) {
  if (is_null(file) || out == nullptr) return null_argument();
  return hand_over(suite::read_public_key(view(file)), out);
}
wusong_error wusong_public_key_write(const wusong_public_key* key, wusong_buffer* out) {
  if (key == nullptr || is_null(out)) return null_argument();
  return give(out, suite::to_pem(suite::Holds::public_key, suite::public_key_der(key->key)).view());
}

wusong_error wusong_sign(const wusong_secret_key* key, wusong_bytes message, wusong_buffer* out) {
  if (key == nullptr || is_null(message) || is_null(out)) return null_argument();
  const Scheme& scheme = key->key.scheme();
  // Before the work, and so that asking for the size makes no signature.
  if (scheme.kind == suite::Kind::signature && out->size < scheme.result)
    return make_room(out, scheme.result);
  SystemEntropy entropy;
  const auto signature = key->key.sign(view(message), entropy);
  if (!signature) return name_of(signature.error());
  return give(out, *signature);
}
wusong_error wusong_verify(const wusong_public_key* key, wusong_bytes message,
                           wusong_bytes signature) {
  if (key == nullptr || is_null(message) || is_null(signature)) return null_argument();
  const auto verdict = key->key.verify(view(message), view(signature));
  return verdict ? kDone : name_of(verdict.error());
}
wusong_error wusong_verify_batch(const wusong_signed* all, size_t count, wusong_error* verdicts) {
  if (count == 0) return kDone;
  if (all == nullptr || verdicts == nullptr) return null_argument();
  std::vector<suite::VerifyRequest> requests;
  for (std::size_t i = 0; i < count; ++i) {
    if (all[i].key == nullptr || is_null(all[i].message) || is_null(all[i].signature))
      return null_argument();
    requests.push_back({&all[i].key->key, view(all[i].message), view(all[i].signature)});
  }
  const auto found = suite::verify_batch(requests);
  for (std::size_t i = 0; i < count; ++i)
    verdicts[i] = found[i] ? kDone : name_of(found[i].error());
  return kDone;
}
wusong_error wusong_recover(const uint8_t digest[32], const uint8_t signature[64], uint8_t parity,
                            uint8_t public_key[64]) {
  if (digest == nullptr || signature == nullptr || public_key == nullptr) return null_argument();
  const auto key = crypto::ecdsa_recover_key(
      Hash::from({digest, 32}),
      {.r = load_be(signature), .s = load_be(signature + 32), .y_parity = parity});
  if (!key) return name_of(key.error());
  std::ranges::copy(*key, public_key);
  return kDone;
}

wusong_error wusong_encapsulate(const wusong_public_key* key, wusong_buffer* ciphertext,
                                uint8_t secret[WUSONG_SHARED_SECRET_SIZE]) {
  if (key == nullptr || is_null(ciphertext) || secret == nullptr) return null_argument();
  SystemEntropy entropy;
  const auto sent = key->key.encapsulate(entropy);
  if (!sent) return name_of(sent.error());
  if (const wusong_error error = give(ciphertext, sent->ciphertext)) return error;
  std::ranges::copy(sent->shared_secret.view(), secret);
  return kDone;
}
wusong_error wusong_decapsulate(const wusong_secret_key* key, wusong_bytes ciphertext,
                                uint8_t secret[WUSONG_SHARED_SECRET_SIZE]) {
  if (key == nullptr || is_null(ciphertext) || secret == nullptr) return null_argument();
  const auto got = key->key.decapsulate(view(ciphertext));
  if (!got) return name_of(got.error());
  std::ranges::copy(got->view(), secret);
  return kDone;
}

wusong_error wusong_agree(const wusong_secret_key* key, const wusong_public_key* peer,
                          uint8_t secret[WUSONG_SHARED_SECRET_SIZE]) {
  if (key == nullptr || peer == nullptr || secret == nullptr) return null_argument();
  const auto found = key->key.agree(peer->key);
  if (!found) return name_of(found.error());
  std::ranges::copy(found->view(), secret);
  return kDone;
}

wusong_error wusong_encrypt_to(const wusong_public_key* key, wusong_bytes text, int as_der,
                               wusong_buffer* out) {
  if (key == nullptr || is_null(text) || is_null(out)) return null_argument();
  SystemEntropy entropy;
  const auto made = key->key.encrypt(view(text), entropy);
  if (!made) return name_of(made.error());
  return give(out, as_der != 0 ? suite::sm2_cipher_to_der(*made) : *made);
}
wusong_error wusong_decrypt_with(const wusong_secret_key* key, wusong_bytes ciphertext,
                                 wusong_buffer* out) {
  if (key == nullptr || is_null(ciphertext) || is_null(out)) return null_argument();
  const auto text = key->key.decrypt(view(ciphertext));
  return text ? give(out, text->view()) : name_of(text.error());
}

wusong_error wusong_encrypt(const wusong_sealing* with, wusong_bytes text, wusong_buffer* out) {
  if (is_null(with) || is_null(text) || is_null(out)) return null_argument();
  std::size_t tag = 0;
  const auto key = key_of(*with, tag);
  if (!key) return name_of(key.error());
  if (const wusong_error error = make_room(out, text.size + tag)) return error;
  const auto done = key->encrypt({.nonce = view(with->nonce), .associated = view(with->associated)},
                                 view(text), {out->data, out->size});
  return done ? kDone : name_of(done.error());
}
wusong_error wusong_decrypt(const wusong_sealing* with, wusong_bytes sealed, wusong_buffer* out) {
  if (is_null(with) || is_null(sealed) || is_null(out)) return null_argument();
  std::size_t tag = 0;
  const auto key = key_of(*with, tag);
  if (!key) return name_of(key.error());
  if (sealed.size < tag) return name_of(suite::err::bad_length);
  if (const wusong_error error = make_room(out, sealed.size - tag)) return error;
  const auto done = key->decrypt({.nonce = view(with->nonce), .associated = view(with->associated)},
                                 view(sealed), {out->data, out->size});
  return done ? kDone : name_of(done.error());
}

wusong_error wusong_digest(const char* scheme, wusong_bytes message, wusong_buffer* out) {
  if (is_null(message) || is_null(out)) return null_argument();
  const auto made = suite::digest(scheme == nullptr ? "" : scheme, view(message));
  if (!made) return name_of(made.error());
  return give(out, *made);
}

}  // extern "C"
