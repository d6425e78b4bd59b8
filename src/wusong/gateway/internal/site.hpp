// SPDX-License-Identifier: Apache-2.0
// Under which name this portal is reached: what signatures of people are bound to.
#pragma once

#include <string>

#include "wusong/gateway/gateway.hpp"

namespace wusong::gateway::internal {

struct Site {
  std::string origin;  // "https://data.example.cn:8443"
  std::string host;    // "data.example.cn:8443"
  std::string domain;  // "data.example.cn"
};
/// The published address; among names of this machine the one that was asked for, so that a trial
/// on "localhost" works where the settings say "127.0.0.1".
Site site_of(const Exchange& exchange);
/// Whether a form came from a page of ours: what a browser says of the page that sent it.
bool from_own_page(const Exchange& exchange) noexcept;

}  // namespace wusong::gateway::internal
