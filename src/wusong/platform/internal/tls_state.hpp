// SPDX-License-Identifier: Apache-2.0
// What the parts of TLS share behind tls.hpp.
#pragma once

#include "wusong/platform/internal/openssl.hpp"
#include "wusong/platform/internal/tls.hpp"

namespace wusong::platform::internal {

struct TlsSession::State {
  SSL* ssl{nullptr};
  Admit admit;
  Bytes input;              // not yet taken by OpenSSL
  std::size_t input_at{0};  // first byte of it that is left
  Bytes output;
  bool by_chain{false};  // a CA vouched for the peer
  std::optional<net::PeerKey> peer;
  std::optional<Error> refused;
};

/// Where an SSL keeps its session's State.
int session_index();

/// The private key of TlsFiles. @errors err::bad_tls_key (unreadable, wrong password or PIN, no
/// such object), err::pkcs11_unavailable
[[nodiscard]] Result<PkeyPtr> load_tls_key(const TlsFiles& files);

}  // namespace wusong::platform::internal
