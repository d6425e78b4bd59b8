// SPDX-License-Identifier: Apache-2.0
// The gateway behind the HTTP server, and the thread that follows the chain.
#pragma once

#include "wusong/harvest/record.hpp"
#include "wusong/portal_app/world.hpp"

namespace wusong::portal_app {

/// Serves until a signal comes. @return an exit code
int run_portal(PortalWorld& world);
/// Applies everything up to the chain's head; for init, rebuild and tests.
[[nodiscard]] Outcome<std::uint64_t> catch_up(PortalWorld& world,
                                              const FollowProgress& progress = {});

/// Where the portal of these settings answers.
harvest::OwnSite own_site(const PortalConfig& config);

}  // namespace wusong::portal_app
