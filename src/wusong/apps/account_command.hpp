// SPDX-License-Identifier: Apache-2.0
// `wusong account …`: encrypted key files in one folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "wusong/apps/keys.hpp"

namespace wusong::apps {

struct AccountOptions {
  std::filesystem::path keystore;       // empty: default_keystore()
  std::filesystem::path password_file;  // empty: ask on the terminal
  std::string scheme{"secp256k1"};
  std::filesystem::path key_file;  // import: hexadecimal digits or a key file; "-": standard input
  bool json{false};
};
int account_new(const AccountOptions& options);
int account_import(const AccountOptions& options);
int account_list(const AccountOptions& options);

/// $WUSONG_KEYSTORE, or .wusong/keystore in the home folder.
std::filesystem::path default_keystore();

/// Whose key signs a transaction.
struct SignerChoice {
  std::string from;  // address; its file is looked up in the keystore
  std::optional<std::uint64_t> dev_account;
  std::filesystem::path keystore;
  std::filesystem::path password_file;
};
[[nodiscard]] Outcome<LoadedKey> open_signer(const SignerChoice& choice);

}  // namespace wusong::apps
