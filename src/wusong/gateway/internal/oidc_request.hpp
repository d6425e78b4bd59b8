// SPDX-License-Identifier: Apache-2.0
// What both halves of the provider know of a request.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/gateway/gateway.hpp"
#include "wusong/gateway/oidc.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::gateway::internal {

/// What a client may ask to know, and how a person is told.
struct OidcScope {
  std::string_view name;
  portal::StaticText about;
};
inline constexpr std::array kOidcScopes{
    OidcScope{"openid", {"确认您的身份", "Know that it is you"}},
    OidcScope{"profile", {"您的账号名和显示名", "Your account's name and title"}},
    OidcScope{"email", {"您的电子邮件地址", "Your e-mail address"}},
    OidcScope{"portal",
              {"您的链上地址、实名核验情况、所属单位和角色",
               "Your address on the chain, by whom your real name was checked, your organisation "
               "and roles"}},
    OidcScope{"offline_access",
              {"在您离开后继续使用以上信息,最多三十天",
               "Keep using this while you are away, for thirty days at most"}}};

/// An authorisation request of a known client to one of its addresses.
struct OidcRequest {
  OidcClient client;
  std::string redirect_uri;
  std::string scope;  // of kOidcScopes, in their order
  std::string state;
  std::string nonce;
  std::string challenge;
  std::string prompt;
  std::optional<std::uint64_t> max_age;  // seconds
  std::string subject;                   // whom an id_token_hint names; may be empty
  std::string query;                     // all of it, to come back with
};

/// The issuer: the published address, letter by letter what discovery says.
std::string oidc_issuer(const Exchange& exchange);

}  // namespace wusong::gateway::internal
