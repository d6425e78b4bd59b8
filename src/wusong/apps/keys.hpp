// SPDX-License-Identifier: Apache-2.0
// Key files: written encrypted, read with a password that never stands on a command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "wusong/apps/errors.hpp"
#include "wusong/base/bytes.hpp"
#include "wusong/crypto/keystore.hpp"
#include "wusong/crypto/signature.hpp"

namespace wusong::apps {

/// Zeroised when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes bytes) : bytes_{std::move(bytes)} {}
  Secret(Secret&& other) noexcept : bytes_{std::move(other.bytes_)} { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  ~Secret();
  BytesView view() const noexcept { return bytes_; }

 private:
  void wipe() noexcept;
  Bytes bytes_;
};

struct LoadedKey {
  crypto::Scheme scheme{crypto::Scheme::secp256k1};
  Secret secret;
  std::optional<Address> account{};  // that the key's file names: perhaps not the key's own
};

/// scrypt cost for passwords that people choose; for generated ones, which carry 256 bits
/// themselves, a low cost loses nothing and starts fast.
inline constexpr crypto::KeystoreCost kPersonCost{};
inline constexpr crypto::KeystoreCost kGeneratedCost{
    .scrypt_n = 4'096, .scrypt_r = 8, .scrypt_p = 1};

/// Writes a keystore v3 file with mode 0600; an existing file is not touched. It names the account
/// given, else the one of the key's own address.
/// @errors err::already_exists, platform's file rows
[[nodiscard]] Outcome<void> write_key(const std::filesystem::path& file, crypto::Scheme scheme,
                                      BytesView secret, std::string_view password,
                                      crypto::KeystoreCost cost,
                                      const std::optional<Address>& account = {});
/// Every scheme by name: "secp256k1, ed25519, …".
std::string scheme_names(std::string_view between = ", ");
/// Where a node looks for the key that is to follow the one in `file`.
std::filesystem::path next_key_file(const std::filesystem::path& file);
/// The account that a key file names; nothing where it names none.
std::optional<Address> account_named(std::string_view text);
/// What a person is told when decrypt_keystore() refused.
std::string why_not_opened(Error error, const std::filesystem::path& file);
[[nodiscard]] Outcome<LoadedKey> read_key(const std::filesystem::path& file,
                                          std::string_view password);
/// Whether a secret's file is closed to others. One of systemd's LoadCredential shows its access
/// list as permissions of a group, so there the folder alone decides, which systemd closes.
/// @errors err::bad_key_file says what to do
[[nodiscard]] Outcome<void> check_private(const std::filesystem::path& file);
/// The first line. Warns nobody: callers check that others cannot read the file.
/// @errors err::bad_key_file when the file is open to group or others
[[nodiscard]] Outcome<std::string> read_password(const std::filesystem::path& file);
/// 256 random bits as hexadecimal digits, in a new file with mode 0600.
[[nodiscard]] Outcome<std::string> create_password(const std::filesystem::path& file);
/// Asks on the terminal without echo; `confirm` asks twice.
/// @errors err::bad_argument without a terminal, when nothing is given, or when both differ
[[nodiscard]] Outcome<std::string> ask_password(const std::string& prompt, bool confirm);

}  // namespace wusong::apps
