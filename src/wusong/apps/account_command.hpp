// SPDX-License-Identifier: Apache-2.0
// `wusong account …`: encrypted key files in one folder, and the keys that the chain has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "wusong/apps/keys.hpp"

namespace wusong::apps {

struct AccountOptions {
  std::filesystem::path keystore;       // empty: default_keystore()
  std::filesystem::path password_file;  // empty: ask on the terminal
  std::string scheme{"secp256k1"};
  std::filesystem::path key_file;  // import: hexadecimal digits or a key file; "-": standard input
  std::string account;  // import: whom the key acts for, where that is not its own address
  bool json{false};
};
int account_new(const AccountOptions& options);
int account_import(const AccountOptions& options);
int account_list(const AccountOptions& options);

/// $WUSONG_KEYSTORE, or .wusong/keystore in the home folder.
std::filesystem::path default_keystore();

/// The key file of an account. @errors err::not_found
[[nodiscard]] Outcome<std::filesystem::path> key_file_of(const std::filesystem::path& keystore,
                                                         const Address& address);
/// The first line of a file, or what is typed at the prompt.
[[nodiscard]] Outcome<std::string> password_for(const std::filesystem::path& file,
                                                const std::string& prompt, bool confirm);

/// Whose key signs a transaction.
struct SignerChoice {
  std::string from;  // address; its file is looked up in the keystore
  std::optional<std::uint64_t> dev_account;
  std::filesystem::path keystore;
  std::filesystem::path password_file;
};
[[nodiscard]] Outcome<LoadedKey> open_signer(const SignerChoice& choice);

inline constexpr const char* kDefaultUrl = "http://127.0.0.1:8545";

/// What every transaction needs besides its content.
struct SendOptions {
  SignerChoice signer;
  std::string url{kDefaultUrl};
  std::uint64_t gas{0};   // 0: what eth_estimateGas says
  std::string gas_price;  // empty: what the node says
  std::string value{"0"};
  std::int64_t nonce{-1};          // -1: what the node says
  std::uint64_t chain_id{0};       // 0: what the node says
  std::uint64_t wait_seconds{60};  // 0: do not wait for the receipt
  bool json{false};
};

/// An account that can sign: the one that the key's file names, else the one of the key's address.
struct Account {
  LoadedKey key;
  std::unique_ptr<crypto::Signer> signer;
  Address address;
  Address key_address;  // the key's own: another where the account has replaced its first key
};
[[nodiscard]] Outcome<Account> account_of(LoadedKey key);

struct AccountShowOptions {
  std::string address;
  std::filesystem::path keystore;
  std::string url{kDefaultUrl};
  std::string block{"latest"};
  bool json{false};
};
int account_show(const AccountShowOptions& options);

/// Makes a key of `scheme`, has the chain replace the account's present one by it (ADR 0030), and
/// only then puts it in that one's file. Broken off anywhere, the same command goes on from there:
/// the key is kept in ADDRESS.next.json before it is sent.
struct AccountMigrateOptions {
  std::string scheme;
  SendOptions send;  // signer.from: the account
};
int account_migrate(const AccountMigrateOptions& options);

}  // namespace wusong::apps
