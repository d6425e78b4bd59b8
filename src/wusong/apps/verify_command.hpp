// SPDX-License-Identifier: Apache-2.0
// wusong verify: an auditor's check of an export, offline.
#pragma once

#include <string>

namespace wusong::apps {

struct VerifyOptions {
  std::string file;   // empty: the item alone
  std::string proof;  // bundle
  std::string trust;
  bool json{false};
};
/// @return 0 proved, 1 not
int verify_export(const VerifyOptions& options);

struct TrustOptions {
  std::string genesis;   // genesis.json
  std::string contract;  // address of Workflows
};
/// Prints the trust file of a chain. @return 0 done, 1 failed
int write_trust(const TrustOptions& options);

}  // namespace wusong::apps
