// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/node.hpp"

namespace wusong::node {

void Node::on_behind(const consensus::Behind& /*behind*/) {}
void Node::greet_sync(consensus::PeerId /*peer*/, Height /*finalised*/) {}
void Node::drop_from_sync(consensus::PeerId /*peer*/) {}
void Node::on_sync_message(consensus::PeerId /*peer*/, BytesView /*payload*/) {}
void Node::tick_sync() {}
void Node::announce_final() {}
bool Node::syncing() const noexcept {
  return false;
}
Height Node::sync_target() const noexcept {
  return final_.header.number;
}

}  // namespace wusong::node
