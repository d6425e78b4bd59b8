// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/account_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "wusong/apps/address.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::apps {
namespace {

constexpr std::size_t kKeyTextMax = 64u << 10;

std::filesystem::path folder_of(const std::filesystem::path& chosen) {
  return chosen.empty() ? default_keystore() : chosen;
}

int store(const AccountOptions& options, const LoadedKey& key) {
  const auto signer = crypto::make_signer(key.scheme, key.secret.view());
  if (!signer) return complain({signer.error(), "this is no usable secret key"});
  const std::string address = codec::to_hex_data(
      key.account.value_or(crypto::address_of(key.scheme, (*signer)->public_key())));
  const auto password =
      password_for(options.password_file, "New password, for the key file kept here", true);
  if (!password) return complain(password.error());
  if (password->empty()) return complain({err::bad_argument, "an empty password protects nothing"});
  const auto folder = folder_of(options.keystore);
  if (const auto made = platform::make_directory(folder.string()); !made) {
    return complain({made.error(), fmt::format("{}: cannot be created", folder.string())});
  }
  const auto file = folder / (address + ".json");
  const auto written =
      write_key(file, key.scheme, key.secret.view(), *password, kPersonCost, key.account);
  if (!written) return complain(written.error());
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("address").string(address).key("file").string(file.string());
    say(out.close_object().text());
  } else {
    fmt::print("{}\n  key file {}\n", checksummed(address), file.string());
  }
  return 0;
}

Outcome<crypto::Scheme> scheme_of(const std::string& name) {
  const auto* info = crypto::find_scheme(std::string_view{name});
  if (info == nullptr) {
    return failure(err::bad_argument,
                   fmt::format("unknown scheme \"{}\"; use one of {}", name, scheme_names()));
  }
  return info->scheme;
}

Outcome<std::string> read_key_text(const std::filesystem::path& file) {
  std::string text;
  if (file == "-") {
    for (std::string line; std::getline(std::cin, line) && text.size() < kKeyTextMax;) text += line;
    return text;
  }
  auto read = platform::read_text(file.string(), kKeyTextMax);
  if (!read) return failure(read.error(), fmt::format("{}: cannot be read", file.string()));
  return *std::move(read);
}

/// Two digits a byte, or a key file of another program.
Outcome<LoadedKey> read_foreign_key(const AccountOptions& options, crypto::Scheme scheme) {
  auto text = read_key_text(options.key_file);
  if (!text) return std::unexpected{text.error()};
  std::erase_if(*text, [](char c) { return c == '\r' || c == '\n' || c == '\t' || c == ' '; });
  if (text->starts_with('{')) {
    const auto password = password_for(
        options.password_file, fmt::format("Password of {}", options.key_file.string()), false);
    if (!password) return std::unexpected{password.error()};
    auto opened = crypto::decrypt_keystore(*text, *password);
    if (!opened) return failure(opened.error(), why_not_opened(opened.error(), options.key_file));
    const auto named = scheme_of(opened->scheme);
    if (!named) return std::unexpected{named.error()};
    return LoadedKey{.scheme = *named,
                     .secret = Secret{std::move(opened->secret_key)},
                     .account = account_named(opened->address)};
  }
  auto bytes = codec::from_hex(*text);
  std::ranges::fill(*text, '\0');
  const auto* info = crypto::find_scheme(static_cast<std::uint8_t>(scheme));
  if (!bytes || bytes->size() != info->secret_key_size) {
    return failure(err::bad_key_file,
                   fmt::format("{}: a secret key is {} hexadecimal digits, or a key file",
                               options.key_file.string(), 2 * info->secret_key_size));
  }
  return LoadedKey{.scheme = scheme, .secret = Secret{*std::move(bytes)}};
}

/// Whom a key acts for is words in a file, which the password does not protect: where the key does
/// not say it itself, the reader must.
Outcome<void> confirm_account(const AccountOptions& options, LoadedKey& key) {
  const auto account =
      account_of({.scheme = key.scheme, .secret = Secret{to_bytes(key.secret.view())}});
  if (!account) return std::unexpected{account.error()};
  if (options.account.empty()) {
    if (!key.account || *key.account == account->address) return {};
    return failure(
        err::foreign_account,
        fmt::format(
            "{} says that its key acts for {}, whose first key it is not; if `wusong account "
            "show {}` says so too, import it with --account {}",
            options.key_file.string(), checksummed(*key.account), checksummed(*key.account),
            checksummed(*key.account)));
  }
  const auto asked = parse_address(options.account, "--account ");
  if (!asked) return std::unexpected{asked.error()};
  key.account = *asked;
  return {};
}

struct KeyFile {
  std::filesystem::path path;
  std::string address;
  std::string scheme;
};

/// What a key file says of itself, whatever its name is; nothing where it is none.
std::optional<KeyFile> key_file_at(const std::filesystem::path& path) {
  const auto text = platform::read_text(path.string(), kKeyTextMax);
  if (!text) return std::nullopt;
  const auto document = codec::JsonDocument::parse(*text);
  // ethers writes a capital C.
  if (!document || (!document->root().find("crypto") && !document->root().find("Crypto"))) {
    return std::nullopt;
  }
  const std::string named{document->root().string_at("address").value_or("")};
  auto address = codec::fixed_from_hex<Address>(named);
  if (!address) address = codec::fixed_from_hex<Address>(path.stem().string());
  return KeyFile{
      .path = path,
      .address = address ? codec::to_hex_data(*address) : path.filename().string(),
      .scheme = std::string{document->root().string_at("wusong_scheme").value_or("secp256k1")}};
}

/// Of the same account as another file: a key to come, or one that was replaced.
bool stands_beside(const std::filesystem::path& path) {
  const std::string kind = path.stem().extension().string();
  return path.extension() == ".json" && (kind == ".next" || kind.starts_with(".replaced-"));
}

/// Every key file of a folder: ours, geth's (UTC--…), any other name. `others` become those that
/// look meant as key files and are none.
std::vector<KeyFile> key_files_in(const std::filesystem::path& folder,
                                  std::vector<std::filesystem::path>* others = nullptr) {
  std::vector<std::filesystem::path> paths;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator{folder, missing}) {
    if (entry.is_regular_file(missing) && !stands_beside(entry.path()))
      paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<KeyFile> out;
  for (const auto& path : paths) {
    if (auto found = key_file_at(path)) {
      out.push_back(*std::move(found));
    } else if (others != nullptr &&
               (path.extension() == ".json" || path.filename().string().starts_with("UTC--"))) {
      others->push_back(path);
    }
  }
  return out;
}

}  // namespace

Outcome<std::string> password_for(const std::filesystem::path& file, const std::string& prompt,
                                  bool confirm) {
  return file.empty() ? ask_password(prompt, confirm) : read_password(file);
}

std::filesystem::path default_keystore() {
  if (const char* chosen = std::getenv("WUSONG_KEYSTORE")) return chosen;
  const char* home = std::getenv("HOME");
  return std::filesystem::path{home == nullptr ? "." : home} / ".wusong" / "keystore";
}

int account_new(const AccountOptions& options) {
  const auto scheme = scheme_of(options.scheme);
  if (!scheme) return complain(scheme.error());
  platform::OsEntropy entropy;
  return store(options, {.scheme = *scheme,
                         .secret = Secret{crypto::generate_secret_key(*scheme, entropy)}});
}

int account_import(const AccountOptions& options) {
  const auto scheme = scheme_of(options.scheme);
  if (!scheme) return complain(scheme.error());
  auto key = read_foreign_key(options, *scheme);
  if (!key) return complain(key.error());
  if (const auto confirmed = confirm_account(options, *key); !confirmed)
    return complain(confirmed.error());
  return store(options, *key);
}

int account_list(const AccountOptions& options) {
  const auto folder = folder_of(options.keystore);
  std::vector<std::filesystem::path> others;
  const auto files = key_files_in(folder, &others);
  for (const auto& file : others) {
    fmt::print(stderr, "wusong: {} is no key file and is left out\n", file.string());
  }
  codec::JsonWriter out;
  std::vector<std::vector<std::string>> rows;
  out.open_array();
  for (const KeyFile& file : files) {
    rows.push_back({checksummed(file.address), file.scheme});
    out.open_object().key("address").string(file.address).key("scheme").string(file.scheme);
    out.key("file").string(file.path.string()).close_object();
  }
  out.close_array();
  if (options.json) {
    say(out.text());
  } else if (rows.empty()) {
    say(fmt::format("No accounts in {}; make one with `wusong account new`.", folder.string()));
  } else {
    say(table(rows));
  }
  return 0;
}

Outcome<std::filesystem::path> key_file_of(const std::filesystem::path& keystore,
                                           const Address& address) {
  const auto folder = folder_of(keystore);
  const std::string digits = codec::to_hex_data(address);
  auto file = folder / (digits + ".json");
  if (platform::file_exists(file.string())) return file;
  const auto files = key_files_in(folder);
  const auto found = std::ranges::find(files, digits, &KeyFile::address);
  if (found == files.end()) {
    return failure(err::not_found,
                   fmt::format("no key of {} in {}; `wusong account list` shows which there are",
                               checksummed(address), folder.string()));
  }
  return found->path;
}

Outcome<LoadedKey> open_signer(const SignerChoice& choice) {
  if (choice.dev_account) {
    if (*choice.dev_account >= kDevAccounts.size()) {
      return failure(err::bad_argument, "--dev-account is 0 to 9");
    }
    auto bytes = codec::from_hex(kDevAccounts[*choice.dev_account].secret_key);
    return LoadedKey{.scheme = crypto::Scheme::secp256k1, .secret = Secret{*std::move(bytes)}};
  }
  if (choice.from.empty()) {
    return failure(
        err::bad_argument,
        "say whose key signs: --from ADDRESS, or --dev-account N on a development chain");
  }
  const auto address = parse_address(choice.from, "--from ");
  if (!address) return std::unexpected{address.error()};
  const auto file = key_file_of(choice.keystore, *address);
  if (!file) return std::unexpected{file.error()};
  const auto password =
      password_for(choice.password_file, fmt::format("Password of {}", file->string()), false);
  if (!password) return std::unexpected{password.error()};
  return read_key(*file, *password);
}

Outcome<Account> account_of(LoadedKey key) {
  auto signer = crypto::make_signer(key.scheme, key.secret.view());
  if (!signer) return failure(signer.error(), "the key file holds no usable key");
  const Address own = crypto::address_of(key.scheme, (*signer)->public_key());
  const Address address = key.account.value_or(own);
  return Account{std::move(key), *std::move(signer), address, own};
}

}  // namespace wusong::apps
