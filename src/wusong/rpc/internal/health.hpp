// SPDX-License-Identifier: Apache-2.0
// The node's health as JSON, for wusong_nodeHealth and GET /health.
#pragma once

#include "wusong/codec/json.hpp"
#include "wusong/node/service.hpp"

namespace wusong::rpc {

void write_health(codec::JsonWriter& out, const node::Service& node);

}  // namespace wusong::rpc
