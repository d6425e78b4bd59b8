// SPDX-License-Identifier: Apache-2.0
// How the two ends of a TLS connection agree on keys that a recording of it does not give away,
// neither to whoever breaks the curve later nor to whoever breaks the lattice.
//
//   dialler                                      acceptor
//   offer: suite, one-time hybrid key     ->
//                                         <-     answer: ciphertext, confirmation
//   confirmation                          ->
//
// Who the ends are, TLS has proven; `binding`, which only they know, ties these keys to that proof.
#pragma once

#include <optional>

#include "wusong/io/entropy.hpp"
#include "wusong/net/link_seal.hpp"

namespace wusong::net {

enum class LinkSide : std::uint8_t { dialler, acceptor };

/// Both directions of a link whose two ends have shown that they have the same keys.
struct LinkSeals {
  LinkSealer sealer;
  LinkOpener opener;
};

/// One end's part. Pure: no clock, no I/O; after an error it takes nothing more.
/// @thread one owner
/// @source ADR 0028
class LinkHandshake {
 public:
  /// What a dialler has to send first is in its output.
  /// @shape  `binding`: TLS's exported secret of this connection, label kLinkExporterLabel
  /// @errors crypto's miscalculation
  [[nodiscard]] static Result<LinkHandshake> start(LinkSuite suite, LinkSide side,
                                                   const Hash& binding, io::Entropy& entropy);

  /// Bytes of the one message that it waits for; 0: agreed.
  std::size_t wanted() const noexcept;
  /// @shape  `message` has wanted() bytes
  /// @errors err::bad_link_message (none of this version and suite, or a key that is none),
  ///         err::link_not_confirmed (the other end came to other keys, or is another)
  [[nodiscard]] Result<void> receive(BytesView message, io::Entropy& entropy);
  /// What is to be sent now, perhaps nothing.
  Bytes take_output() noexcept { return std::exchange(output_, {}); }
  /// Once it is agreed, once.
  LinkSeals take_seals();

 private:
  enum class Waits : std::uint8_t { for_offer, for_answer, for_confirmation, nothing };
  LinkHandshake(LinkSuite suite, LinkSide side, const Hash& binding) noexcept;
  [[nodiscard]] Result<void> on_offer(BytesView key, io::Entropy& entropy);
  [[nodiscard]] Result<void> on_answer(BytesView answer);
  [[nodiscard]] Result<void> on_confirmation(BytesView confirmation);
  void agree(BytesView key, BytesView ciphertext, const SecretBytes& shared);
  Hash confirmation_of(LinkSide side) const;

  const LinkSuiteTraits* traits_;
  LinkSuite suite_;
  LinkSide side_;
  Waits waits_;
  SecretBytes binding_;
  std::optional<crypto::HybridDecapsulationKey> one_time_;  // the dialler's
  Hash transcript_;
  SecretBytes agreed_;
  Bytes output_;
};

/// @source RFC 5705, RFC 8446 section 7.5
inline constexpr std::string_view kLinkExporterLabel = "EXPORTER-wusong-link";

}  // namespace wusong::net
