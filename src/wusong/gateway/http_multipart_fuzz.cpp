// SPDX-License-Identifier: Apache-2.0
// The first line is the content type, the rest a body: parts lie inside it, in order.
#include "wusong/base/assert.hpp"
#include "wusong/gateway/http.hpp"

using namespace wusong;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  const auto body = text.substr(end + 1);
  if (const auto parts = gateway::parse_multipart(text.substr(0, end), body)) {
    const char* at = body.data();
    for (const auto& part : *parts) {
      WUSONG_ASSERT(part.content.data() >= at);
      at = part.content.data() + part.content.size();
      WUSONG_ASSERT(at <= body.data() + body.size() && gateway::is_utf8(part.name));
    }
  }
  return 0;
}
