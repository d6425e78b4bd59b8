// SPDX-License-Identifier: Apache-2.0
// Talking with the identity providers: their descriptions and keys, kept for an hour, and codes for
// identities. However slow they are, the portal goes on answering others.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/io/mutex.hpp"
#include "wusong/openid/id_token.hpp"
#include "wusong/openid/provider.hpp"
#include "wusong/openid/web_fetch.hpp"

namespace wusong::openid {

inline constexpr std::uint64_t kProviderKeptMs = 3'600'000;    // descriptions and keys
inline constexpr std::uint64_t kProviderKeysAgainMs = 60'000;  // between looks for an unknown key
inline constexpr std::uint64_t kProviderRestMs = 5'000;        // after one did not answer
inline constexpr std::size_t kProviderQuestionsMost = 2;       // at once, of all requests together
inline constexpr int kProviderRedirectsMost = 3;

/// Somebody as a provider describes them.
struct OutsideIdentity {
  std::string subject;
  std::string name;        // to show; may be empty
  std::string email;       // may be empty
  std::string legal_name;  // what the two claims of a provider that checks real names say
  std::string number;
};

/// @thread safe, by the mutex it is given
class Providers {
 public:
  /// All are borrowed and outlive it. Of two with one id the first counts.
  Providers(std::span<const IdentityProvider> all, WebFetch& web, io::Mutex& mutex)
      : all_{all}, web_{&web}, mutex_{&mutex} {}

  std::span<const IdentityProvider> all() const noexcept { return all_; }
  /// Nothing where there is none of that name.
  const IdentityProvider* find(std::string_view id) const noexcept;

  /// @errors err::provider_unreachable, err::provider_answer
  [[nodiscard]] Result<ProviderMetadata> metadata(const IdentityProvider& provider, UnixMillis now);
  /// The same where it is at hand; asks nobody.
  std::optional<ProviderMetadata> known_metadata(const IdentityProvider& provider) const;

  struct Exchange {
    std::string code;
    std::string verifier;  // RFC 7636
    std::string nonce;
    std::string redirect_uri;
  };
  struct Answer {
    IdToken token;
    std::string access_token;
  };
  /// The identity token for a code, checked. @errors those of metadata and check_id_token,
  /// err::provider_refused where it does not take the code
  [[nodiscard]] Result<Answer> redeem(const IdentityProvider& provider, const Exchange& exchange,
                                      UnixMillis now);
  /// Who the token is about, with what the user information endpoint adds, where there is one.
  /// @errors those of metadata
  [[nodiscard]] Result<OutsideIdentity> describe(const IdentityProvider& provider,
                                                 const Answer& answer, UnixMillis now);

 private:
  struct State {
    std::optional<ProviderMetadata> metadata;
    std::uint64_t metadata_at{0};
    std::optional<std::vector<ProviderKey>> keys;
    std::uint64_t keys_at{0};
    std::uint64_t looked_at{0};  // for a key that they did not hold
    std::uint64_t rests_until{0};
  };
  /// Within the limits on questions. @errors err::provider_unreachable, err::provider_answer
  [[nodiscard]] Result<WebReply> ask(const IdentityProvider& provider, const WebRequest& request,
                                     UnixMillis now);
  /// A document, through redirects that stay on the provider's origins.
  [[nodiscard]] Result<std::string> get(const IdentityProvider& provider, std::string url,
                                        std::string_view authorization, UnixMillis now);
  /// `fresh`: fetched anew, unless that was done for another token a moment ago.
  [[nodiscard]] Result<std::vector<ProviderKey>> keys(const IdentityProvider& provider, bool fresh,
                                                      UnixMillis now);

  std::span<const IdentityProvider> all_;
  WebFetch* web_;
  io::Mutex* mutex_;
  mutable std::map<std::string, State, std::less<>> states_;
  std::size_t questions_{0};
};

}  // namespace wusong::openid
