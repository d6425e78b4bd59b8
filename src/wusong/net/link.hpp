// SPDX-License-Identifier: Apache-2.0
// What stands between TLS and frames: the hybrid exchange, then records under its keys.
#pragma once

#include <array>
#include <optional>

#include "wusong/net/link_handshake.hpp"

namespace wusong::net {

/// What a link goes through: an authenticated stream.
class LinkCarrier {
 public:
  virtual ~LinkCarrier() = default;
  /// Some of the bytes that have come; 0: more must come first.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
  /// Takes all of it.
  [[nodiscard]] virtual Result<void> write(BytesView plain) = 0;
};

/// One end. Pure, as its handshake is.
/// @thread one owner
class Link {
 public:
  /// `carrier` outlives it.
  Link(LinkCarrier& carrier, LinkSuite suite, LinkSide side) noexcept
      : carrier_{carrier}, suite_{suite}, side_{side} {}

  /// Begins the exchange; a link that never does passes bytes on as they are.
  /// @shape  `binding`: LinkHandshake::start()
  [[nodiscard]] Result<void> begin(const Hash& binding, io::Entropy& entropy);
  /// True when bytes can be written and read; else to be called again when more has come.
  /// @errors those of LinkHandshake::receive() and of the carrier
  [[nodiscard]] Result<bool> advance(io::Entropy& entropy);
  /// Some bytes into `out`; 0 means that more must come first.
  /// @errors err::bad_link_record, the carrier's
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out);
  /// Seals all of it. @errors the carrier's
  [[nodiscard]] Result<void> write(BytesView plain);
  /// Nothing where bytes go as they are.
  std::optional<LinkSuite> suite() const noexcept {
    return seals_ ? std::optional{suite_} : std::nullopt;
  }

 private:
  [[nodiscard]] Result<bool> fill(std::size_t wanted);
  [[nodiscard]] Result<bool> next_record();

  LinkCarrier& carrier_;
  LinkSuite suite_;
  LinkSide side_;
  std::optional<LinkHandshake> handshake_;
  std::optional<LinkSeals> seals_;
  Bytes record_;                // a message or a record, as far as it has come
  std::size_t record_size_{0};  // so far
  std::array<std::uint8_t, kLinkHeaderSize> header_{};
  std::size_t header_size_{0};
  BytesView plain_;  // what is left of the opened record
  Bytes sealed_;
};

}  // namespace wusong::net
