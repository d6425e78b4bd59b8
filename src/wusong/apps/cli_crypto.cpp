// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/crypto_command.hpp"

namespace wusong::apps {
namespace {

void add_passphrase(CLI::App& app, PassphraseSource& source) {
  app.add_option("--password-file", source.file,
                 "First line is the passphrase; asks on the terminal without it");
  app.add_option("--password-fd", source.descriptor,
                 "Reads the passphrase from this open file descriptor");
}

void add_keygen(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoKeygenOptions>();
  CLI::App* app =
      crypto.add_subcommand("keygen", "Make a key pair: PKCS #8, encrypted, and its public key");
  app->add_option("--scheme", options->scheme, "Of those that sign, encapsulate or agree")
      ->capture_default_str();
  app->add_option("--out", options->out, "The secret key's file")->required();
  app->add_option("--public-out", options->public_out, "The public key's file; OUT.pub without it");
  add_passphrase(*app, options->passphrase);
  app->add_flag("--unencrypted", options->unencrypted, "Whoever reads the file has the key");
  app->add_flag("--der", options->der, "DER instead of PEM");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong crypto keygen --scheme ml-dsa-65 --out signer.pem");
  app->callback([options, &code] { code = crypto_keygen(*options); });
}

void add_sign(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoSignOptions>();
  CLI::App* app = crypto.add_subcommand("sign", "Sign a file");
  app->add_option("file", options->file, "What is signed; - reads standard input")->required();
  app->add_option("--key-file", options->key_file, "Secret key, PEM or DER")->required();
  app->add_option("--out", options->out, "The signature; FILE.sig without it, - writes it out");
  app->add_option("--scheme", options->scheme,
                  "secp256k1-keccak256 signs with a key of secp256k1 as Ethereum does");
  add_passphrase(*app, options->passphrase);
  app->add_flag("--force", options->force, "Replace a file that exists");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong crypto sign report.pdf --key-file signer.pem");
  app->callback([options, &code] { code = crypto_sign(*options); });
}

void add_verify(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoVerifyOptions>();
  CLI::App* app = crypto.add_subcommand("verify", "Check a signature of a file");
  app->add_option("file", options->file, "What was signed; - reads standard input")->required();
  app->add_option("--key-file", options->key_file, "Public key or certificate, PEM or DER")
      ->required();
  app->add_option("--signature", options->signature, "FILE.sig without it");
  app->add_option("--scheme", options->scheme, "As for sign");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong crypto verify report.pdf --key-file signer.pem.pub");
  app->callback([options, &code] { code = crypto_verify(*options); });
}

void add_seal_options(CLI::App& app, CryptoSealOptions& options) {
  app.add_option("--out", options.out, "The file to write; - writes it out")->required();
  app.add_option("--cipher", options.cipher, "See wusong crypto schemes --kind cipher")
      ->capture_default_str();
  app.add_option("--secret-file", options.secret_file,
                 "A key of the cipher, in bytes or hexadecimal digits");
  app.add_flag("--force", options.force, "Replace a file that exists");
  app.add_flag("--json", options.json, "As one JSON object");
}

void add_encrypt(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoSealOptions>();
  CLI::App* app = crypto.add_subcommand(
      "encrypt", "Encrypt a file for the owner of an ML-KEM or SM2 key, or under a shared one");
  app->add_option("file", options->file, "What is encrypted; - reads standard input")->required();
  app->add_option("--to", options->key_file,
                  "Public key of who may read it: ML-KEM, or SM2 for up to 1 MiB and no cipher");
  app->add_flag("--raw", options->raw, "To an SM2 key: C1 || C3 || C2 instead of DER");
  add_seal_options(*app, *options);
  app->footer(
      "Example: wusong crypto encrypt report.pdf --to reader.pem.pub --out report.pdf.enc\n"
      "         wusong crypto encrypt report.pdf --cipher sm4-gcm --secret-file key.hex --out "
      "r.enc");
  app->callback([options, &code] { code = crypto_encrypt(*options); });
}

void add_decrypt(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoSealOptions>();
  CLI::App* app = crypto.add_subcommand("decrypt", "Decrypt such a file, whole or not at all");
  app->add_option("file", options->file, "What encrypt made; - reads standard input")->required();
  app->add_option("--key-file", options->key_file, "Secret ML-KEM or SM2 key, PEM or DER");
  add_seal_options(*app, *options);
  add_passphrase(*app, options->passphrase);
  app->footer(
      "Example: wusong crypto decrypt report.pdf.enc --key-file reader.pem --out report.pdf");
  app->callback([options, &code] { code = crypto_decrypt(*options); });
}

void add_agree(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoAgreeOptions>();
  CLI::App* app = crypto.add_subcommand(
      "agree", "A key that two find, each with a secret key and the other's public one");
  app->add_option("--key-file", options->key_file, "Secret key of x25519, sm2, p256 or secp256k1")
      ->required();
  app->add_option("--with", options->with, "The other's public key")->required();
  app->add_option("--out", options->out, "The key's file, mode 0600; - writes it out")->required();
  app->add_option("--size", options->size, "Bytes of the key")->capture_default_str();
  app->add_flag("--raw", options->raw, "The standard's shared secret instead, which is no key yet");
  add_passphrase(*app, options->passphrase);
  app->add_flag("--force", options->force, "Replace a file that exists");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong crypto agree --key-file mine.pem --with theirs.pub --out key");
  app->callback([options, &code] { code = crypto_agree(*options); });
}

void add_digest(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoDigestOptions>();
  CLI::App* app = crypto.add_subcommand("digest", "Hash files");
  app->add_option("file", options->files, "Files; - reads standard input")->required();
  app->add_option("--scheme", options->scheme, "See wusong crypto schemes --kind digest")
      ->capture_default_str();
  app->add_flag("--json", options->json, "As a JSON array");
  app->footer("Example: wusong crypto digest --scheme sm3 report.pdf");
  app->callback([options, &code] { code = crypto_digest(*options); });
}

void add_inspect(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoInspectOptions>();
  CLI::App* app = crypto.add_subcommand(
      "inspect", "What a key file holds: scheme, public key, address of an account with it");
  app->add_option("file", options->file, "Key or certificate, PEM or DER")->required();
  add_passphrase(*app, options->passphrase);
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong crypto inspect signer.pem.pub --json");
  app->callback([options, &code] { code = crypto_inspect(*options); });
}

void add_speed(CLI::App& crypto, int& code) {
  const auto options = std::make_shared<CryptoSpeedOptions>();
  CLI::App* app = crypto.add_subcommand("speed", "What this machine does, on one thread or more");
  app->add_option("--scheme", options->schemes, "One or more of them; all without it");
  app->add_option("--seconds", options->seconds, "For each operation")->capture_default_str();
  app->add_option("--threads", options->threads, "At once, each with its own keys")
      ->capture_default_str();
  app->add_flag("--json", options->json, "As a JSON array");
  app->footer("Example: wusong crypto speed --scheme sm2 --scheme sm4-gcm --threads 2");
  app->callback([options, &code] { code = crypto_speed(*options); });
}

}  // namespace

void add_crypto_commands(CLI::App& root, int& code) {
  CLI::App& crypto =
      add_group(root, "crypto", "Sign, verify, encrypt and hash files, by any scheme");
  add_keygen(crypto, code);
  add_sign(crypto, code);
  add_verify(crypto, code);
  add_encrypt(crypto, code);
  add_decrypt(crypto, code);
  add_agree(crypto, code);
  add_digest(crypto, code);
  add_inspect(crypto, code);
  const auto kind = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  CLI::App* list = crypto.add_subcommand("schemes", "Every scheme with its security and sizes");
  list->add_option("--kind", *kind, "signature, encapsulation, agreement, cipher or digest");
  list->add_flag("--json", *json, "As a JSON array");
  list->footer("Example: wusong crypto schemes --kind signature");
  list->callback([kind, json, &code] { code = crypto_schemes(*kind, *json); });
  add_speed(crypto, code);
}

}  // namespace wusong::apps
