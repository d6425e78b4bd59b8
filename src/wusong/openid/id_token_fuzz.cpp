// SPDX-License-Identifier: Apache-2.0
// Keys, descriptions and tokens of strangers: whatever they say stays within its limits, and no
// token is believed that does not hold the answer to our question.
// Input: a key set or description, a line break, a token.
#include "wusong/base/assert.hpp"
#include "wusong/openid/id_token.hpp"
#include "wusong/openid/provider.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view text = as_text({data, size});
  const auto line = text.find('\n');
  const auto json = text.substr(0, line);
  const auto token = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);

  if (const auto origin = openid::web_origin(json)) {
    WUSONG_ASSERT(openid::web_origin(*origin) == origin);
  }
  static const openid::IdentityProvider provider{.id = "sso",
                                                 .issuer = "https://sso.example.cn",
                                                 .client_id = "portal",
                                                 .client_secret = "secret",
                                                 .label_zh = "x",
                                                 .label_en = "x"};
  if (const auto metadata = openid::parse_metadata(provider, json)) {
    for (const auto& url :
         {metadata->authorization_endpoint, metadata->token_endpoint, metadata->jwks_uri,
          metadata->userinfo_endpoint, metadata->end_session_endpoint}) {
      WUSONG_ASSERT(url.empty() || url.starts_with("https://sso.example.cn"));
    }
  }
  const auto keys = openid::parse_key_set(json);
  if (!keys) return 0;
  WUSONG_ASSERT(keys->size() <= openid::kProviderKeysMost);
  const openid::IdTokenExpectation expected{.issuer = provider.issuer,
                                            .client_id = provider.client_id,
                                            .nonce = "which nobody knows",
                                            .access_token = {},
                                            .now = 1'790'000'000};
  WUSONG_ASSERT(!openid::check_id_token(token, *keys, expected));
  return 0;
}
