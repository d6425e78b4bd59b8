// SPDX-License-Identifier: Apache-2.0
// `wusong light …`: what a node says, believed only as far as certificates from a trusted set of
// validators reach.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wusong/apps/contract_command.hpp"

namespace wusong::apps {

struct LightOptions {
  std::filesystem::path genesis;  // genesis.json: trusted
  std::filesystem::path state;    // where the newest epoch is kept between runs; may be empty
  std::string url{kDefaultUrl};
  bool json{false};
};

/// Each follows the epochs first. @return 0 proved, 1 not, 2 for arguments that make no sense
int light_follow(const LightOptions& options);
int light_header(const LightOptions& options, const std::string& block);
int light_account(const LightOptions& options, const std::string& address,
                  const std::vector<std::string>& slots);
int light_receipt(const LightOptions& options, const std::string& transaction);

}  // namespace wusong::apps
