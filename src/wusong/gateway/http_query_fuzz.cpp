// SPDX-License-Identifier: Apache-2.0
// Targets, queries, cookies, ranges and languages of strangers: what is accepted is clean text.
#include "wusong/gateway/http.hpp"

using namespace wusong;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto target = gateway::split_target(text)) {
    WUSONG_ASSERT(target->first.starts_with('/') && gateway::is_utf8(target->first));
    WUSONG_ASSERT(("/" + target->first + "/").find("/../") == std::string::npos);
  }
  if (const auto query = gateway::parse_query(text)) {
    std::string again;
    for (const auto& [name, value] : query->pairs()) {
      WUSONG_ASSERT(gateway::is_utf8(name) && gateway::is_utf8(value));
      again += gateway::percent_encode(name) + "=" + gateway::percent_encode(value) + "&";
    }
    const auto same = gateway::parse_query(again);
    WUSONG_ASSERT(same && same->pairs() == query->pairs());
  }
  (void)gateway::parse_cookies(text);
  (void)gateway::accepted_language(text);
  (void)gateway::matches_etag(text, "\"x\"");
  if (const auto range = gateway::parse_range(text, 1000); range && *range) {
    WUSONG_ASSERT((*range)->size > 0 && (*range)->offset + (*range)->size <= 1000);
  }
  const auto safe = gateway::html(text);
  WUSONG_ASSERT(safe.find_first_of("<>\"'") == std::string::npos);
  const auto disposition = gateway::content_disposition(text);
  WUSONG_ASSERT(disposition.find_first_of("\r\n") == std::string::npos);
  return 0;
}
