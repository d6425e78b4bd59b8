// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/account_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "wusong/apps/network_create.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::apps {
namespace {

int complain(const Failure& failure) {
  fmt::print(stderr, "wusong: {} ({})\n", failure.detail, failure.error.name());
  return 1;
}

std::filesystem::path folder_of(const std::filesystem::path& chosen) {
  return chosen.empty() ? default_keystore() : chosen;
}

Outcome<std::string> password_for(const std::filesystem::path& file, bool confirm) {
  return file.empty() ? ask_password("Password for the key file", confirm) : read_password(file);
}

int store(const AccountOptions& options, crypto::Scheme scheme, const Secret& secret) {
  const auto signer = crypto::make_signer(scheme, secret.view());
  if (!signer) return complain({signer.error(), "this is no usable secret key"});
  const std::string address =
      codec::to_hex_data(crypto::address_of(scheme, (*signer)->public_key()));
  const auto password = password_for(options.password_file, true);
  if (!password) return complain(password.error());
  if (password->empty()) return complain({err::bad_argument, "an empty password protects nothing"});
  const auto folder = folder_of(options.keystore);
  if (const auto made = platform::make_directory(folder.string()); !made) {
    return complain({made.error(), fmt::format("{}: cannot be created", folder.string())});
  }
  const auto file = folder / (address + ".json");
  const auto written = write_key(file, scheme, secret.view(), *password, kPersonCost);
  if (!written) return complain(written.error());
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("address").string(address).key("file").string(file.string());
    fmt::print("{}\n", out.close_object().text());
  } else {
    fmt::print("{}\n  key file {}\n", address, file.string());
  }
  return 0;
}

Outcome<crypto::Scheme> scheme_of(const std::string& name) {
  const auto* info = crypto::find_scheme(std::string_view{name});
  if (info == nullptr) {
    return failure(err::bad_argument, fmt::format("unknown scheme \"{}\"; use secp256k1, ed25519 or sm2", name));
  }
  return info->scheme;
}

Outcome<Secret> read_hex_key(const std::filesystem::path& file) {
  std::string text;
  if (file == "-") {
    std::getline(std::cin, text);
  } else {
    auto read = platform::read_text(file.string(), 4'096);
    if (!read) return failure(read.error(), fmt::format("{}: cannot be read", file.string()));
    text = *std::move(read);
  }
  const auto end = text.find_last_not_of(" \r\n\t");
  auto bytes = codec::from_hex(std::string_view{text}.substr(0, end == std::string::npos ? 0 : end + 1));
  std::ranges::fill(text, '\0');
  if (!bytes || bytes->size() != 32) {
    return failure(err::bad_key_file, "a secret key is 64 hexadecimal digits");
  }
  return Secret{*std::move(bytes)};
}

}  // namespace

std::filesystem::path default_keystore() {
  if (const char* chosen = std::getenv("WUSONG_KEYSTORE")) return chosen;
  const char* home = std::getenv("HOME");
  return std::filesystem::path{home == nullptr ? "." : home} / ".wusong" / "keystore";
}

int account_new(const AccountOptions& options) {
  const auto scheme = scheme_of(options.scheme);
  if (!scheme) return complain(scheme.error());
  platform::OsEntropy entropy;
  return store(options, *scheme, Secret{crypto::generate_secret_key(*scheme, entropy)});
}

int account_import(const AccountOptions& options) {
  const auto scheme = scheme_of(options.scheme);
  if (!scheme) return complain(scheme.error());
  const auto secret = read_hex_key(options.key_file);
  if (!secret) return complain(secret.error());
  return store(options, *scheme, *secret);
}

int account_list(const AccountOptions& options) {
  const auto folder = folder_of(options.keystore);
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator{folder, missing}) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  codec::JsonWriter out;
  out.open_array();
  for (const auto& file : files) {
    if (options.json) {
      out.open_object().key("address").string(file.stem().string());
      out.key("file").string(file.string()).close_object();
    } else {
      fmt::print("{}\n", file.stem().string());
    }
  }
  if (options.json) fmt::print("{}\n", out.close_array().text());
  if (files.empty() && !options.json) fmt::print("No accounts in {}; make one with `wusong account new`.\n", folder.string());
  return 0;
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
    return failure(err::bad_argument, "say whose key signs: --from ADDRESS, or --dev-account N on a development chain");
  }
  std::string name = choice.from;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto file = folder_of(choice.keystore) / (name + ".json");
  const auto password = password_for(choice.password_file, false);
  if (!password) return std::unexpected{password.error()};
  return read_key(file, *password);
}

}  // namespace wusong::apps
