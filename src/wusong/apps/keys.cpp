// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/keys.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "wusong/codec/hex.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::apps {

void Secret::wipe() noexcept {
  if (!bytes_.empty()) sodium_memzero(bytes_.data(), bytes_.size());
}
Secret::~Secret() {
  wipe();
}
Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

Outcome<void> write_key(const std::filesystem::path& file, crypto::Scheme scheme, BytesView secret,
                        std::string_view password, crypto::KeystoreCost cost,
                        const std::optional<Address>& account) {
  if (platform::file_exists(file.string())) {
    return failure(err::already_exists,
                   fmt::format("{} exists; keys are never overwritten", file.string()));
  }
  const auto signer = crypto::make_signer(scheme, secret);
  if (!signer) return failure(signer.error(), fmt::format("{}: unusable key", file.string()));
  const Address address = account ? *account : crypto::address_of(scheme, (*signer)->public_key());
  const auto* info = crypto::find_scheme(static_cast<std::uint8_t>(scheme));
  platform::OsEntropy entropy;
  const std::string json =
      crypto::encrypt_keystore(secret, password, codec::to_hex(address), info->name, cost, entropy);
  const auto written =
      platform::write_file(file.string(), as_bytes(json), platform::FileMode::secret);
  if (!written)
    return failure(written.error(), fmt::format("{}: cannot be written", file.string()));
  return {};
}

std::string scheme_names(std::string_view between) {
  std::string out;
  for (const crypto::SchemeInfo& info : crypto::scheme_table())
    out.append(out.empty() ? "" : between).append(info.name);
  return out;
}

std::filesystem::path next_key_file(const std::filesystem::path& file) {
  std::filesystem::path out = file;
  return out.replace_extension(".next" + file.extension().string());
}

std::optional<Address> account_named(std::string_view text) {
  const auto address = codec::fixed_from_hex<Address>(text);
  return address ? std::optional{*address} : std::nullopt;
}

std::string why_not_opened(Error error, const std::filesystem::path& file) {
  if (error.name() == "crypto.wrong_password") {
    return fmt::format("wrong password for {}", file.string());
  }
  if (error.name() == "crypto.bad_keystore") {
    return fmt::format("{} is no key file (Web3 Secret Storage version 3), or is damaged",
                       file.string());
  }
  return fmt::format("{} cannot be opened", file.string());
}

Outcome<LoadedKey> read_key(const std::filesystem::path& file, std::string_view password) {
  const auto json = platform::read_text(file.string());
  if (!json) return failure(json.error(), fmt::format("{}: cannot be read", file.string()));
  auto opened = crypto::decrypt_keystore(*json, password);
  if (!opened) return failure(opened.error(), why_not_opened(opened.error(), file));
  const auto* info = crypto::find_scheme(std::string_view{opened->scheme});
  if (info == nullptr) {
    return failure(err::bad_key_file,
                   fmt::format("{}: unknown scheme {}", file.string(), opened->scheme));
  }
  return LoadedKey{.scheme = info->scheme,
                   .secret = Secret{std::move(opened->secret_key)},
                   .account = account_named(opened->address)};
}

Outcome<void> check_private(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return {};  // whoever reads it says so
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  const bool given = folder != nullptr && file.parent_path() == std::filesystem::path{folder};
  const mode_t open_to_others = given ? S_IRWXO : S_IRWXG | S_IRWXO;
  if ((status.st_mode & open_to_others) == 0) return {};
  return failure(err::bad_key_file,
                 fmt::format("{0} can be read by others; run chmod 600 {0}", file.string()));
}

Outcome<std::string> read_password(const std::filesystem::path& file) {
  if (auto closed = check_private(file); !closed) return std::unexpected{closed.error()};
  const auto text = platform::read_text(file.string(), 4'096);
  if (!text) return failure(text.error(), fmt::format("{}: cannot be read", file.string()));
  return text->substr(0, text->find_first_of("\r\n"));
}

Outcome<std::string> create_password(const std::filesystem::path& file) {
  if (platform::file_exists(file.string())) {
    return failure(err::already_exists, fmt::format("{} exists", file.string()));
  }
  platform::OsEntropy entropy;
  std::array<std::uint8_t, 32> random{};
  entropy.fill(random);
  std::string password = codec::to_hex(random);
  const auto written =
      platform::write_file(file.string(), as_bytes(password + "\n"), platform::FileMode::secret);
  if (!written)
    return failure(written.error(), fmt::format("{}: cannot be written", file.string()));
  return password;
}

namespace {

/// Nothing at the end of input (Ctrl-D).
std::optional<std::string> read_silently(const std::string& prompt) {
  std::cerr << prompt << std::flush;
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  const bool given = static_cast<bool>(std::getline(std::cin, line));
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << '\n';
  return given ? std::optional{std::move(line)} : std::nullopt;
}

}  // namespace

Outcome<std::string> ask_password(const std::string& prompt, bool confirm) {
  if (isatty(STDIN_FILENO) == 0) {
    return failure(err::bad_argument,
                   "no terminal to ask for a password; use --password-file FILE");
  }
  auto password = read_silently(prompt + ": ");
  if (!password) return failure(err::bad_argument, "no password given; nothing was done");
  if (confirm && read_silently(prompt + ", again: ") != password) {
    return failure(err::bad_argument, "the two passwords differ; nothing was written");
  }
  return *std::move(password);
}

}  // namespace wusong::apps
