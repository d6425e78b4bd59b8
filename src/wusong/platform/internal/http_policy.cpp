// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/http_policy.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <strings.h>
#include <algorithm>
#include <array>

namespace wusong::platform::internal {
namespace {

bool equal_text(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_address(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> name{};
  if (text.empty() || text.size() >= name.size()) return false;
  std::ranges::copy(text, name.begin());
  std::array<unsigned char, sizeof(in6_addr)> parsed;
  return ::inet_pton(AF_INET, name.data(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, name.data(), parsed.data()) == 1;
}

bool listed(std::string_view name, const std::vector<std::string>& allowed) noexcept {
  return std::ranges::any_of(allowed,
                             [&](const std::string& entry) { return equal_text(entry, name); });
}

}  // namespace

std::string_view host_name(std::string_view host_header) noexcept {
  if (host_header.starts_with('[')) {
    const auto end = host_header.find(']');
    return end == std::string_view::npos ? host_header : host_header.substr(1, end - 1);
  }
  return host_header.substr(0, host_header.find(':'));
}

bool host_allowed(std::string_view host_header, const std::vector<std::string>& allowed) {
  if (host_header.empty()) return true;  // HTTP/1.0; browsers always send it
  const std::string_view name = host_name(host_header);
  constexpr std::string_view kLocal = ".localhost";
  const bool local =
      equal_text(name, "localhost") ||
      (name.size() > kLocal.size() && equal_text(name.substr(name.size() - kLocal.size()), kLocal));
  return local || is_address(name) || listed("*", allowed) || listed(name, allowed);
}

OriginVerdict judge_origin(std::string_view origin, std::string_view host_header,
                           const std::vector<std::string>& allowed) {
  if (origin.empty()) return OriginVerdict::absent;
  const auto scheme_end = origin.find("://");
  if (scheme_end != std::string_view::npos &&
      equal_text(origin.substr(scheme_end + 3), host_header))
    return OriginVerdict::same;
  if (listed(origin, allowed)) return OriginVerdict::listed;
  return listed("*", allowed) ? OriginVerdict::any : OriginVerdict::refused;
}

std::string refusal_body(int code, std::string_view message) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":null,"error":{{"code":{},"message":"{}"}}}})", code,
                     message);
}

}  // namespace wusong::platform::internal
