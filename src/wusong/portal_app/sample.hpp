// SPDX-License-Identifier: Apache-2.0
// Plays a sample city through the ordinary actions: many actors, each with its own key.
#pragma once

#include <filesystem>

#include "wusong/portal_app/world.hpp"

namespace wusong::portal_app {

struct SampleOptions {
  std::filesystem::path file{"build/sample/city.json"};
  std::uint64_t entries_most{1'000};  // entries whose steps are marked "bulk"
};

/// Organisations, actors, then the script of acts of sample/README.md. Every step is judged by the
/// contract; the first refusal stops and is named. What the chain has already is left as it is, so
/// one that was interrupted is called again and goes on.
[[nodiscard]] Outcome<void> load_sample(PortalWorld& world, const SampleOptions& options);

}  // namespace wusong::portal_app
