// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/crypto_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "wusong/apps/keys.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/digest.hpp"
#include "wusong/suite/envelope.hpp"
#include "wusong/suite/key_file.hpp"

namespace wusong::apps {
namespace {

using suite::Kind;
using suite::Scheme;

constexpr std::size_t kStandardInputMax = 1u << 30;
constexpr std::size_t kPiece = 16u << 20;

/// A file's bytes, or all of standard input.
class Input {
 public:
  static Outcome<Input> open(const std::string& name) {
    Input out;
    if (name == "-") {
      auto read = platform::read_file("/dev/stdin", kStandardInputMax);
      if (!read) return failure(read.error(), "standard input takes 1 GiB; name a file for more");
      out.read_ = *std::move(read);
      return out;
    }
    auto mapped = platform::MappedFile::open(name);
    if (!mapped) return failure(mapped.error(), fmt::format("{}: cannot be read", name));
    out.mapped_.emplace(*std::move(mapped));
    return out;
  }
  BytesView view() const noexcept { return mapped_ ? mapped_->view() : BytesView{read_}; }

 private:
  std::optional<platform::MappedFile> mapped_;
  Bytes read_;
};

Outcome<const Scheme*> scheme_of(Kind kind, const std::string& name) {
  const auto found = suite::scheme_named(kind, name);
  if (found) return *found;
  return failure(found.error(), fmt::format("no {0} is called \"{1}\"; see `wusong crypto schemes "
                                            "--kind {0}`",
                                            suite::name_of(kind), name));
}

Outcome<std::string> passphrase_from(const PassphraseSource& source, const std::string& prompt,
                                     bool confirm) {
  if (!source.file.empty()) return read_password(source.file);
  if (source.descriptor < 0) return ask_password(prompt, confirm);
  std::string line;
  for (char c = 0; line.size() < 4096;) {
    const auto count = ::read(source.descriptor, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return failure(err::bad_argument,
                     fmt::format("descriptor {} cannot be read", source.descriptor));
    }
    if (count == 0 || c == '\n') break;
    line.push_back(c);
  }
  return line;
}

/// What went wrong with a key file, in words.
Failure key_failure(Error error, const std::filesystem::path& file) {
  const std::string name = file.string();
  if (error.name() == "suite.no_key") {
    return {error, fmt::format("{} holds no such key in PEM or DER form", name)};
  }
  if (error.name() == "suite.wrong_passphrase") {
    return {error, fmt::format("wrong passphrase for {}", name)};
  }
  if (error.name() == "suite.unknown_algorithm") {
    return {error,
            fmt::format("{} has a key of a scheme that is not here; see `wusong crypto schemes`",
                        name)};
  }
  if (error.name() == "suite.not_offered") {
    return {error, fmt::format("{}: keys of RSA verify only", name)};
  }
  if (error.name().ends_with(".key_inconsistent")) {
    return {error, fmt::format("the parts of the key in {} do not belong together: it was changed "
                               "or damaged",
                               name)};
  }
  return {error, fmt::format("{}: the key is malformed or damaged", name)};
}

/// A key of "secp256k1" signs over Keccak-256 where that is asked for: the files say the curve
/// only.
Outcome<const Scheme*> used_scheme(const Scheme& of_key, const std::string& asked) {
  if (asked.empty() || asked == of_key.name) return &of_key;
  auto scheme = scheme_of(Kind::signature, asked);
  if (!scheme) return scheme;
  if (suite::identifier_of(**scheme) == suite::identifier_of(of_key)) return scheme;
  return failure(err::bad_argument,
                 fmt::format("the key is one of {}, not of {}", of_key.name, asked));
}

Outcome<suite::SecretKey> load_secret(const std::filesystem::path& file,
                                      const PassphraseSource& source) {
  if (auto closed = check_private(file); !closed) return std::unexpected{closed.error()};
  auto bytes = platform::read_file(file.string(), suite::kKeyFileSizeMax);
  if (!bytes) return failure(bytes.error(), fmt::format("{}: cannot be read", file.string()));
  const SecretBytes kept{*std::move(bytes)};
  auto key = suite::read_secret_key(kept.view(), std::nullopt);
  if (!key && key.error().name() == "suite.passphrase_needed") {
    const auto given =
        passphrase_from(source, fmt::format("Passphrase of {}", file.string()), false);
    if (!given) return std::unexpected{given.error()};
    key = suite::read_secret_key(kept.view(), *given);
  }
  if (!key) return std::unexpected{key_failure(key.error(), file)};
  return *std::move(key);
}

Outcome<suite::PublicKey> load_public(const std::filesystem::path& file,
                                      const PassphraseSource& source = {}) {
  const auto bytes = platform::read_file(file.string(), suite::kKeyFileSizeMax);
  if (!bytes) return failure(bytes.error(), fmt::format("{}: cannot be read", file.string()));
  auto key = suite::read_public_key(*bytes);
  if (!key && key.error().name() == "suite.passphrase_needed") {
    const auto secret = load_secret(file, source);
    if (!secret) return std::unexpected{secret.error()};
    key = suite::PublicKey::decode(secret->scheme(), secret->public_key().encoded());
  }
  if (!key) return std::unexpected{key_failure(key.error(), file)};
  return *std::move(key);
}

Outcome<void> may_write(const std::filesystem::path& file, bool force) {
  if (force || file == "-" || !platform::file_exists(file.string())) return {};
  return failure(err::already_exists, fmt::format("{} exists; --force replaces it", file.string()));
}

platform::Existing existing_by(bool force) noexcept {
  return force ? platform::Existing::replace : platform::Existing::keep;
}

Outcome<void> write_all(const std::filesystem::path& file, BytesView bytes, platform::FileMode mode,
                        platform::Existing existing) {
  if (file == "-") {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
        std::fflush(stdout) == 0) {
      return {};
    }
    return failure(err::not_written, "standard output takes no more");
  }
  const auto written = platform::write_file(file.string(), bytes, mode, existing);
  if (!written)
    return failure(written.error(), fmt::format("{}: cannot be written", file.string()));
  return {};
}

/// The secret key as its file shall be: encrypted unless that was refused.
Outcome<SecretBytes> secret_file_of(const suite::SecretKey& key,
                                    const CryptoKeygenOptions& options) {
  platform::OsEntropy entropy;
  const auto formed = [&options](suite::Holds holds, BytesView der) {
    return options.der ? SecretBytes{to_bytes(der)} : suite::to_pem(holds, der);
  };
  if (options.unencrypted) {
    return formed(suite::Holds::secret_key, suite::secret_key_der(key).view());
  }
  const auto given = passphrase_from(options.passphrase, "New passphrase of the key", true);
  if (!given) return std::unexpected{given.error()};
  if (given->empty()) return failure(err::bad_argument, "an empty passphrase protects nothing");
  return formed(suite::Holds::encrypted_secret_key, suite::encrypted_key_der(key, *given, entropy));
}

/// A secret of a cipher: its bytes, or their hexadecimal digits.
Outcome<SecretBytes> load_cipher_key(const std::filesystem::path& file, const Scheme& cipher) {
  if (auto closed = check_private(file); !closed) return std::unexpected{closed.error()};
  auto bytes = platform::read_file(file.string(), suite::kKeyFileSizeMax);
  if (!bytes) return failure(bytes.error(), fmt::format("{}: cannot be read", file.string()));
  SecretBytes kept{*std::move(bytes)};
  if (kept.view().size() == cipher.secret_key) return kept;
  std::string_view digits = as_text(kept.view());
  while (!digits.empty() && (digits.back() == '\n' || digits.back() == '\r'))
    digits.remove_suffix(1);
  auto decoded = codec::from_hex(digits);
  if (decoded && decoded->size() == cipher.secret_key) return SecretBytes{*std::move(decoded)};
  return failure(err::bad_key_file,
                 fmt::format("{}: a key of {} is {} bytes, or twice as many hexadecimal digits",
                             file.string(), cipher.name, cipher.secret_key));
}

using Fill = std::function<Result<void>(std::span<std::uint8_t> out)>;

/// Fills a new file of this size, or standard output; nothing is seen of it unless all went well.
Outcome<void> produce(const CryptoSealOptions& options, std::size_t size, platform::FileMode mode,
                      const Fill& fill) {
  if (auto may = may_write(options.out, options.force); !may) return may;
  if (options.out == "-") {
    Bytes out(size);
    const auto filled = fill(out);
    const SecretBytes held{std::move(out)};
    if (!filled) return failure(filled.error(), {});
    return write_all(options.out, held.view(), mode, existing_by(options.force));
  }
  auto fresh = platform::FreshFile::create(options.out.string(), size, mode);
  if (!fresh)
    return failure(fresh.error(), fmt::format("{}: cannot be written", options.out.string()));
  if (const auto filled = fill(fresh->bytes()); !filled) return failure(filled.error(), {});
  if (const auto named = fresh->publish(existing_by(options.force)); !named)
    return failure(named.error(), fmt::format("{}: cannot be written", options.out.string()));
  return {};
}

/// What a cipher refused, in words.
Failure seal_failure(Failure failed, const CryptoSealOptions& options) {
  if (!failed.detail.empty()) return failed;
  const std::string_view name = failed.error.name();
  if (name == "cipher.wrong_tag") {
    failed.detail = fmt::format(
        "{} was not made with this key and cipher, or was changed; nothing "
        "was written",
        options.file);
  } else if (name == "cipher.message_too_long") {
    failed.detail =
        fmt::format("{} takes no file as long as {}; use gcm", options.cipher, options.file);
  } else if (name == "cipher.message_too_short") {
    failed.detail =
        fmt::format("{} takes no file as short as {}; use gcm", options.cipher, options.file);
  } else if (name == "cipher.equal_keys") {
    failed.detail = "the two halves of a key of XTS must differ";
  } else if (name == "suite.not_offered") {
    failed.detail = fmt::format("encrypting to a key needs a cipher with a tag (gcm, ccm), not {}",
                                options.cipher);
  } else {
    failed.detail = fmt::format("{} cannot be used with {}", options.file, options.cipher);
  }
  return failed;
}

int say_made(const CryptoSealOptions& options, std::size_t size) {
  if (options.out == "-") return 0;
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("file").string(options.out.string());
    out.key("size").number(std::uint64_t{size}).key("cipher").string(options.cipher);
    say(out.close_object().text());
  } else {
    fmt::print("{}  {} bytes, {}\n", options.out.string(), size, options.cipher);
  }
  return 0;
}

Outcome<void> check_seal_options(const CryptoSealOptions& options, const char* key_option) {
  if (options.key_file.empty() == options.secret_file.empty()) {
    return failure(err::bad_argument,
                   fmt::format("give {} or --secret-file, one of them", key_option));
  }
  return {};
}

/// SM2's own encryption, which needs no cipher.
Outcome<std::size_t> encrypt_to_sm2(const CryptoSealOptions& options, const suite::PublicKey& to,
                                    BytesView text) {
  platform::OsEntropy entropy;
  auto sealed = to.encrypt(text, entropy);
  if (!sealed) {
    return failure(
        sealed.error(),
        fmt::format("SM2 encrypts 1 byte to 1 MiB, not {}: encrypt it with a cipher, and "
                    "the cipher's key to {}",
                    options.file, options.key_file.string()));
  }
  if (!options.raw) *sealed = suite::sm2_cipher_to_der(*sealed);
  const auto made = produce(options, sealed->size(), platform::FileMode::ordinary,
                            [&sealed](std::span<std::uint8_t> out) -> Result<void> {
                              std::ranges::copy(*sealed, out.begin());
                              return {};
                            });
  if (!made) return std::unexpected{made.error()};
  return sealed->size();
}
Outcome<std::size_t> decrypt_with_sm2(const CryptoSealOptions& options,
                                      const suite::SecretKey& owner, BytesView sealed) {
  const auto text = owner.decrypt(sealed);
  if (!text) {
    return failure(text.error(),
                   fmt::format("{} was not made for this key, or was changed; nothing "
                               "was written",
                               options.file));
  }
  const auto made = produce(options, text->view().size(), platform::FileMode::secret,
                            [&text](std::span<std::uint8_t> out) -> Result<void> {
                              std::ranges::copy(text->view(), out.begin());
                              return {};
                            });
  if (!made) return std::unexpected{made.error()};
  return text->view().size();
}

constexpr std::string_view kSm2 = "sm2";

/// The options' cipher becomes what was taken.
Outcome<std::size_t> encrypt_file(CryptoSealOptions& options) {
  if (auto sound = check_seal_options(options, "--to"); !sound)
    return std::unexpected{sound.error()};
  const auto cipher = scheme_of(Kind::cipher, options.cipher);
  if (!cipher) return std::unexpected{cipher.error()};
  const auto text = Input::open(options.file);
  if (!text) return std::unexpected{text.error()};
  platform::OsEntropy entropy;
  std::size_t size = text->view().size() + suite::envelope_size(**cipher);
  Fill fill;
  std::optional<suite::PublicKey> to;
  SecretBytes key;
  if (!options.key_file.empty()) {
    auto loaded = load_public(options.key_file);
    if (!loaded) return std::unexpected{loaded.error()};
    if (loaded->scheme().name == kSm2) {
      options.cipher = kSm2;
      return encrypt_to_sm2(options, *loaded, text->view());
    }
    if (loaded->scheme().kind != Kind::encapsulation) {
      return failure(
          err::bad_argument,
          fmt::format("{} is a key of {}, to which nothing can be encrypted: make one with "
                      "`wusong crypto keygen --scheme ml-kem-768`",
                      options.key_file.string(), loaded->scheme().name));
    }
    to.emplace(*std::move(loaded));
    size = text->view().size() + suite::envelope_size(to->scheme(), **cipher);
    fill = [&](auto out) { return suite::seal_to(*to, **cipher, text->view(), out, entropy); };
  } else {
    auto loaded = load_cipher_key(options.secret_file, **cipher);
    if (!loaded) return std::unexpected{loaded.error()};
    key = *std::move(loaded);
    fill = [&](auto out) { return suite::seal(**cipher, key.view(), text->view(), out, entropy); };
  }
  if (auto made = produce(options, size, platform::FileMode::ordinary, fill); !made)
    return std::unexpected{seal_failure(made.error(), options)};
  return size;
}

/// As encrypt_file.
Outcome<std::size_t> decrypt_file(CryptoSealOptions& options) {
  if (auto sound = check_seal_options(options, "--key-file"); !sound)
    return std::unexpected{sound.error()};
  const auto cipher = scheme_of(Kind::cipher, options.cipher);
  if (!cipher) return std::unexpected{cipher.error()};
  const auto sealed = Input::open(options.file);
  if (!sealed) return std::unexpected{sealed.error()};
  std::size_t added = suite::envelope_size(**cipher);
  Fill fill;
  std::optional<suite::SecretKey> owner;
  SecretBytes key;
  if (!options.key_file.empty()) {
    auto loaded = load_secret(options.key_file, options.passphrase);
    if (!loaded) return std::unexpected{loaded.error()};
    if (loaded->scheme().name == kSm2) {
      options.cipher = kSm2;
      return decrypt_with_sm2(options, *loaded, sealed->view());
    }
    owner.emplace(*std::move(loaded));
    added = suite::envelope_size(owner->scheme(), **cipher);
    fill = [&](auto out) { return suite::open_with(*owner, **cipher, sealed->view(), out); };
  } else {
    auto loaded = load_cipher_key(options.secret_file, **cipher);
    if (!loaded) return std::unexpected{loaded.error()};
    key = *std::move(loaded);
    fill = [&](auto out) { return suite::open(**cipher, key.view(), sealed->view(), out); };
  }
  if (sealed->view().size() < added) {
    return failure(err::bad_request, fmt::format("{} is too short to be encrypted with {}",
                                                 options.file, options.cipher));
  }
  const std::size_t size = sealed->view().size() - added;
  if (auto made = produce(options, size, platform::FileMode::secret, fill); !made)
    return std::unexpected{seal_failure(made.error(), options)};
  return size;
}

/// In pieces, with a word now and then; of standard input as it comes.
Outcome<Bytes> digest_of(const std::string& file, const Scheme& scheme) {
  auto state = suite::Digest::create(scheme.name);
  if (!state) return failure(state.error(), {});
  if (file == "-") {
    Bytes piece(1u << 16);
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), stdin))
      state->add(BytesView{piece}.first(count));
    if (std::ferror(stdin) != 0) return failure(err::bad_request, "standard input breaks off");
    return state->finish();
  }
  const auto input = Input::open(file);
  if (!input) return std::unexpected{input.error()};
  const BytesView all = input->view();
  Progress progress{"bytes"};
  for (std::size_t at = 0; at < all.size(); at += kPiece) {
    if (at > 0) progress.at(at, all.size());
    state->add(all.subspan(at, std::min(kPiece, all.size() - at)));
  }
  return state->finish();
}

std::string_view described(suite::Holds holds) noexcept {
  switch (holds) {
    case suite::Holds::public_key:
      return "public key";
    case suite::Holds::certificate:
      return "certificate";
    case suite::Holds::secret_key:
      return "secret key, not encrypted";
    case suite::Holds::encrypted_secret_key:
      return "secret key, encrypted";
  }
  return "";
}

}  // namespace

int crypto_keygen(const CryptoKeygenOptions& options) {
  const Scheme* const scheme = suite::find_scheme(options.scheme);
  if (scheme == nullptr || scheme->kind == Kind::cipher || scheme->kind == Kind::digest)
    return complain(
        {err::bad_argument,
         fmt::format("no keys are made for \"{}\"; see `wusong crypto schemes`", options.scheme)});
  std::filesystem::path public_out = options.public_out;
  if (public_out.empty()) public_out = options.out.string() + ".pub";
  if (public_out == options.out) {
    return complain({err::bad_argument, "--out and --public-out are two files"});
  }
  for (const auto& file : {options.out, public_out}) {
    if (platform::file_exists(file.string())) {
      return complain({err::already_exists,
                       fmt::format("{} exists; keys are never overwritten", file.string())});
    }
  }
  platform::OsEntropy entropy;
  const auto key = suite::SecretKey::generate(*scheme, entropy);
  if (!key) {
    return complain(
        {key.error(), fmt::format("{} verifies only: its keys come from elsewhere", scheme->name)});
  }
  const auto secret = secret_file_of(*key, options);
  if (!secret) return complain(secret.error());
  const Bytes named = suite::public_key_der(key->public_key());
  const SecretBytes named_file =
      options.der ? SecretBytes{named} : suite::to_pem(suite::Holds::public_key, named);
  if (auto done = write_all(public_out, named_file.view(), platform::FileMode::ordinary,
                            platform::Existing::keep);
      !done)
    return complain(done.error());
  if (auto done = write_all(options.out, secret->view(), platform::FileMode::secret,
                            platform::Existing::keep);
      !done) {
    std::error_code gone;
    std::filesystem::remove(public_out, gone);  // one without the other is of no use
    return complain(done.error());
  }
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("scheme").string(scheme->name);
    out.key("secretKey").string(options.out.string());
    out.key("publicKey").string(public_out.string());
    say(out.key("encrypted").boolean(!options.unencrypted).close_object().text());
    return 0;
  }
  Sheet sheet;
  sheet.row("scheme", std::string{scheme->name});
  sheet.row("secret key", fmt::format("{}{}", options.out.string(),
                                      options.unencrypted ? ", not encrypted" : ", encrypted"));
  sheet.row("public key", public_out.string());
  say(sheet.text());
  return 0;
}

int crypto_sign(const CryptoSignOptions& options) {
  std::filesystem::path out = options.out;
  if (out.empty()) out = options.file == "-" ? std::string{"-"} : options.file + ".sig";
  if (auto may = may_write(out, options.force); !may) return complain(may.error());
  const auto message = Input::open(options.file);
  if (!message) return complain(message.error());
  auto key = load_secret(options.key_file, options.passphrase);
  if (!key) return complain(key.error());
  const auto scheme = used_scheme(key->scheme(), options.scheme);
  if (!scheme) return complain(scheme.error());
  if (*scheme != &key->scheme()) {
    auto again = suite::SecretKey::decode(**scheme, key->secret());
    if (!again) return complain(key_failure(again.error(), options.key_file));
    *key = *std::move(again);
  }
  platform::OsEntropy entropy;
  const auto signature = key->sign(message->view(), entropy);
  if (!signature) {
    return complain(
        {signature.error(), fmt::format("a key of {} made no signature", (*scheme)->name)});
  }
  const Bytes file = suite::signature_to_file(**scheme, *signature);
  if (auto done = write_all(out, file, platform::FileMode::ordinary, existing_by(options.force));
      !done)
    return complain(done.error());
  if (out == "-") return 0;
  if (options.json) {
    codec::JsonWriter json;
    json.open_object().key("scheme").string((*scheme)->name);
    say(json.key("signature").string(out.string()).close_object().text());
  } else {
    fmt::print("{}  {} bytes, {}\n", out.string(), file.size(), (*scheme)->name);
  }
  return 0;
}

int crypto_verify(const CryptoVerifyOptions& options) {
  std::filesystem::path from = options.signature;
  if (from.empty()) from = options.file + ".sig";
  const auto message = Input::open(options.file);
  if (!message) return complain(message.error());
  const auto file = platform::read_file(from.string(), suite::kKeyFileSizeMax);
  if (!file)
    return complain({file.error(), fmt::format("{}: no signature can be read", from.string())});
  auto key = load_public(options.key_file);
  if (!key) return complain(key.error());
  const auto scheme = used_scheme(key->scheme(), options.scheme);
  if (!scheme) return complain(scheme.error());
  if (*scheme != &key->scheme()) {
    auto again = suite::PublicKey::decode(**scheme, key->encoded());
    if (!again) return complain(key_failure(again.error(), options.key_file));
    *key = *std::move(again);
  }
  const auto signature = suite::signature_from_file(**scheme, *file);
  const auto verdict =
      signature ? key->verify(message->view(), *signature) : fail(signature.error());
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("good").boolean(verdict.has_value());
    out.key("scheme").string((*scheme)->name);
    if (!verdict) out.key("error").string(verdict.error().name());
    say(out.close_object().text());
    return verdict ? 0 : kFailed;
  }
  if (!verdict) {
    return complain({verdict.error(), fmt::format("{} is no signature of this key over {}",
                                                  from.string(), options.file)});
  }
  fmt::print("good signature, {}\n", (*scheme)->name);
  return 0;
}

int crypto_encrypt(const CryptoSealOptions& options) {
  CryptoSealOptions used = options;
  const auto size = encrypt_file(used);
  return size ? say_made(used, *size) : complain(size.error());
}

int crypto_decrypt(const CryptoSealOptions& options) {
  CryptoSealOptions used = options;
  const auto size = decrypt_file(used);
  return size ? say_made(used, *size) : complain(size.error());
}

int crypto_agree(const CryptoAgreeOptions& options) {
  if (options.size < 16 || options.size > 64)
    return complain({err::bad_argument, "--size is 16 to 64 bytes"});
  if (auto may = may_write(options.out, options.force); !may) return complain(may.error());
  const auto theirs = load_public(options.with);
  if (!theirs) return complain(theirs.error());
  const auto mine = load_secret(options.key_file, options.passphrase);
  if (!mine) return complain(mine.error());
  const auto key =
      options.raw ? mine->agree(*theirs) : suite::agree_on_key(*mine, *theirs, options.size);
  if (!key) {
    return complain(
        {key.error(), key.error().name() == "suite.not_offered"
                          ? fmt::format("a key of {} and one of {} cannot agree: take two "
                                        "of x25519, sm2, p256 or secp256k1",
                                        mine->scheme().name, theirs->scheme().name)
                          : fmt::format("{} is no key to agree with", options.with.string())});
  }
  if (auto done = write_all(options.out, key->view(), platform::FileMode::secret,
                            existing_by(options.force));
      !done)
    return complain(done.error());
  if (options.out == "-") return 0;
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("scheme").string(mine->scheme().name);
    out.key("file").string(options.out.string());
    say(out.key("size").number(std::uint64_t{key->view().size()}).close_object().text());
  } else {
    fmt::print("{}  {} bytes, {}\n", options.out.string(), key->view().size(), mine->scheme().name);
  }
  return 0;
}

int crypto_digest(const CryptoDigestOptions& options) {
  const auto scheme = scheme_of(Kind::digest, options.scheme);
  if (!scheme) return complain(scheme.error());
  codec::JsonWriter out;
  out.open_array();
  for (const std::string& file : options.files) {
    const auto made = digest_of(file, **scheme);
    if (!made) return complain(made.error());
    if (options.json) {
      out.open_object().key("file").string(file).key("scheme").string((*scheme)->name);
      out.key("digest").data(*made).close_object();
    } else {
      fmt::print("{}  {}\n", codec::to_hex(*made), file);
    }
  }
  if (options.json) say(out.close_array().text());
  return 0;
}

int crypto_inspect(const CryptoInspectOptions& options) {
  auto bytes = platform::read_file(options.file.string(), suite::kKeyFileSizeMax);
  if (!bytes)
    return complain({bytes.error(), fmt::format("{}: cannot be read", options.file.string())});
  const SecretBytes kept{*std::move(bytes)};
  const auto found = suite::open_key_file(kept.view());
  if (!found) return complain(key_failure(found.error(), options.file));
  const auto key = load_public(options.file, options.passphrase);
  if (!key) return complain(key.error());
  const Scheme& scheme = key->scheme();
  const auto address = key->address();
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("holds").string(described(found->holds));
    out.key("scheme").string(scheme.name).key("standard").string(scheme.standard);
    out.key("security").string(scheme.security);
    out.key("identifier").string(suite::identifier_of(scheme));
    out.key("publicKey").data(key->encoded());
    if (address) out.key("address").data(*address);
    say(out.close_object().text());
    return 0;
  }
  Sheet sheet;
  sheet.row("holds", std::string{described(found->holds)});
  sheet.row("scheme", std::string{scheme.name});
  sheet.row("standard", std::string{scheme.standard});
  sheet.row("security", std::string{scheme.security});
  sheet.row("identifier", std::string{suite::identifier_of(scheme)});
  sheet.row("public key", codec::to_hex(key->encoded()));
  if (address) sheet.row("address", codec::to_hex_data(*address));
  say(sheet.text());
  return 0;
}

int crypto_schemes(const std::string& kind, bool json) {
  constexpr Kind kKinds[] = {Kind::signature, Kind::encapsulation, Kind::agreement, Kind::cipher,
                             Kind::digest};
  if (!kind.empty() &&
      std::ranges::none_of(kKinds, [&](Kind each) { return suite::name_of(each) == kind; })) {
    return complain(
        {err::bad_argument, "--kind is signature, encapsulation, agreement, cipher or digest"});
  }
  codec::JsonWriter out;
  out.open_array();
  const auto shown = [](std::size_t size) {
    return size == 0 ? std::string{"-"} : fmt::format("{}", size);
  };
  std::string text;
  for (const Kind each : kKinds) {
    if (!kind.empty() && suite::name_of(each) != kind) continue;
    const bool keys = each != Kind::cipher && each != Kind::digest;
    std::vector<std::vector<std::string>> rows{{std::string{suite::name_of(each)}, "security",
                                                each == Kind::digest ? ""
                                                : keys               ? "secret key"
                                                                     : "key",
                                                each == Kind::digest ? ""
                                                : keys               ? "public key"
                                                                     : "nonce",
                                                each == Kind::signature       ? "signature"
                                                : each == Kind::encapsulation ? "ciphertext"
                                                : each == Kind::agreement     ? "secret"
                                                : each == Kind::cipher        ? "tag"
                                                                              : "digest",
                                                "standard"}};
    for (const Scheme& scheme : suite::schemes()) {
      if (scheme.kind != each) continue;
      const bool digest = each == Kind::digest;
      rows.push_back({std::string{scheme.name}, std::string{scheme.security},
                      digest ? "" : shown(scheme.secret_key),
                      digest ? "" : shown(scheme.public_key), shown(scheme.result),
                      scheme.is_standard() ? std::string{scheme.standard} : "none: ours"});
      out.open_object().key("name").string(scheme.name);
      out.key("kind").string(suite::name_of(each)).key("security").string(scheme.security);
      out.key("secretKey").number(std::uint64_t{scheme.secret_key});
      out.key(keys ? "publicKey" : "nonce").number(std::uint64_t{scheme.public_key});
      out.key("result").number(std::uint64_t{scheme.result});
      out.key("standard").string(scheme.standard);
      out.key("isStandard").boolean(scheme.is_standard()).close_object();
    }
    text += (text.empty() ? "" : "\n") + table(rows);
  }
  say(json ? out.close_array().text()
           : text +
                 "\nSizes in bytes; - where keys say it or there is "
                 "none. What each is for: docs/crypto/README.md\n");
  return 0;
}

}  // namespace wusong::apps
