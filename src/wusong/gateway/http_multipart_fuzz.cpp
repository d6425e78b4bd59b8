// SPDX-License-Identifier: Apache-2.0
// The first line is the content type, the rest a body: parts lie inside it, in order.
#include "wusong/gateway/csv.hpp"
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
  gateway::CsvReader whole;
  gateway::CsvReader cut;
  std::size_t first = 0;
  std::size_t second = 0;
  const auto a = whole.feed(body, [&](std::vector<std::string>&&) { return ++first > 0; });
  bool fine = true;
  for (const char& c : body) {
    if (fine) {
      fine =
          cut.feed({&c, 1}, [&](std::vector<std::string>&&) { return ++second > 0; }).has_value();
    }
  }
  // A byte order mark that arrives in pieces is part of the first cell; the rows are the same.
  WUSONG_ASSERT(!a || !fine || first == second || body.starts_with("\xef\xbb\xbf"));
  return 0;
}
