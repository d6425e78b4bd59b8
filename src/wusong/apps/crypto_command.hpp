// SPDX-License-Identifier: Apache-2.0
// `wusong crypto …`: the crypto engine on files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace wusong::apps {

/// Where a passphrase comes from; neither: the terminal.
struct PassphraseSource {
  std::filesystem::path file;
  int descriptor{-1};
};

struct CryptoKeygenOptions {
  std::string scheme{"ed25519"};
  std::filesystem::path out;
  std::filesystem::path public_out;  // empty: out with ".pub" after it
  PassphraseSource passphrase;
  bool unencrypted{false};
  bool der{false};
  bool json{false};
};
int crypto_keygen(const CryptoKeygenOptions& options);

struct CryptoSignOptions {
  std::string file;  // "-": standard input, here and below
  std::filesystem::path key_file;
  std::filesystem::path out;  // empty: the file with ".sig" after it
  std::string scheme;         // empty: what the key says
  PassphraseSource passphrase;
  bool force{false};
  bool json{false};
};
int crypto_sign(const CryptoSignOptions& options);

struct CryptoVerifyOptions {
  std::string file;
  std::filesystem::path key_file;
  std::filesystem::path signature;
  std::string scheme;
  bool json{false};
};
int crypto_verify(const CryptoVerifyOptions& options);

struct CryptoSealOptions {
  std::string file;
  std::filesystem::path out;
  std::string cipher{"aes-256-gcm"};
  std::filesystem::path key_file;     // of ML-KEM or SM2: public to encrypt, secret to decrypt
  std::filesystem::path secret_file;  // or the cipher's own key
  bool raw{false};                    // of SM2: C1 || C3 || C2 instead of DER
  PassphraseSource passphrase;
  bool force{false};
  bool json{false};
};
int crypto_encrypt(const CryptoSealOptions& options);
int crypto_decrypt(const CryptoSealOptions& options);

struct CryptoAgreeOptions {
  std::filesystem::path key_file;
  std::filesystem::path with;  // the other's public key
  std::filesystem::path out;
  std::uint64_t size{32};
  bool raw{false};
  PassphraseSource passphrase;
  bool force{false};
  bool json{false};
};
int crypto_agree(const CryptoAgreeOptions& options);

struct CryptoDigestOptions {
  std::vector<std::string> files;
  std::string scheme{"sha256"};
  bool json{false};
};
int crypto_digest(const CryptoDigestOptions& options);

struct CryptoInspectOptions {
  std::filesystem::path file;
  PassphraseSource passphrase;
  bool json{false};
};
int crypto_inspect(const CryptoInspectOptions& options);

/// Every scheme, or those of one kind.
int crypto_schemes(const std::string& kind, bool json);

struct CryptoSpeedOptions {
  std::vector<std::string> schemes;  // none: all
  double seconds{0.2};               // an operation
  std::uint64_t threads{1};
  bool json{false};
};
int crypto_speed(const CryptoSpeedOptions& options);

}  // namespace wusong::apps
