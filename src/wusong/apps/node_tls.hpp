// SPDX-License-Identifier: Apache-2.0
// How a node proves itself to its peers, as its configuration has it: files, and words for what is
// wrong with them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/apps/config.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::apps {

/// @errors err::bad_key_file, those of opening a key file
[[nodiscard]] Outcome<platform::NodeSecretKey> read_node_key(const std::filesystem::path& file,
                                                             std::string_view password);
/// None where keys are pinned. @errors err::bad_key_file
[[nodiscard]] Outcome<std::optional<platform::TlsFiles>> tls_files(const NodeConfig& config);
/// What the network's certificates, keys and lists were refused for; empty for other errors.
std::string tls_mend(Error error, const NodeConfig& config);

struct NextTlsKey {
  std::filesystem::path key;
  std::filesystem::path request;  // for the authority
};
/// The key that is to follow network.key, beside it, and the request for its certificate.
/// @errors err::already_exists, err::unsupported_here (the key is in a token), those of files
[[nodiscard]] Outcome<NextTlsKey> make_next_tls_key(const NodeConfig& config);
/// Puts a certificate, and the next key where there is one, in place of the present ones, unless
/// peers would refuse them; then nothing is touched.
/// @errors those of examine_tls with the mend, those of files
[[nodiscard]] Outcome<void> take_certificate(const NodeConfig& config,
                                             const std::filesystem::path& certificate);

}  // namespace wusong::apps
