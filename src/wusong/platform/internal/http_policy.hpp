// SPDX-License-Identifier: Apache-2.0
// Who may ask: the rules about Host and Origin, and the bodies of refusals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wusong::platform::internal {

/// Without port and brackets: "example.org:80" -> "example.org", "[::1]:80" -> "::1".
std::string_view host_name(std::string_view host_header) noexcept;

/// Addresses, localhost and its subdomains, and the configured names. A page that rebinds its own
/// name to a loopback address sends that name.
bool host_allowed(std::string_view host_header, const std::vector<std::string>& allowed);

enum class OriginVerdict { absent, same, listed, any, refused };

/// A page's origin must be this host or configured; otherwise its visitors' browsers would act for
/// it.
OriginVerdict judge_origin(std::string_view origin, std::string_view host_header,
                           const std::vector<std::string>& allowed);

/// A JSON-RPC error without id, as every refusal below the application is.
std::string refusal_body(int code, std::string_view message);

}  // namespace wusong::platform::internal
