// SPDX-License-Identifier: Apache-2.0
// `wusong block|tx|receipt show`, `wusong validator list`: what a node knows, for people.
#pragma once

#include <string>

#include "wusong/codec/json.hpp"

namespace wusong::apps {

/// All print JSON-RPC's own result with `json`. @return 0; 1 where there is no such thing
int block_show(const std::string& url, const std::string& which, bool json);
int transaction_show(const std::string& url, const std::string& hash, bool json);
int receipt_show(const std::string& url, const std::string& hash, bool json);
int validator_list(const std::string& url, bool json);

/// The receipt as a sheet; `reason` says why it failed where it did.
std::string receipt_text(const codec::JsonValue& receipt, const std::string& reason);

}  // namespace wusong::apps
