// SPDX-License-Identifier: Apache-2.0
// Property: a proof that verifies needs every one of its nodes and no other, and holds for one
// root.
#include <algorithm>

#include "wusong/hash/hash.hpp"
#include "wusong/state/proof.hpp"

using namespace wusong;  // NOLINT

/// Input: key (32 bytes), then nodes, each behind its size in two bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BytesView rest{data, size};
  if (rest.size() < 32) return 0;
  const Hash key = Hash::from(rest.first(32));
  rest = rest.subspan(32);
  state::ProofNodes nodes;
  while (rest.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
    nodes.push_back(to_bytes(rest.subspan(2, length)));
    rest = rest.subspan(2 + length);
  }
  if (nodes.empty()) return 0;
  const Hash root = hash::keccak256(nodes.front());
  if (!state::verify_proof(root, key, nodes)) return 0;
  WUSONG_ASSERT(!state::verify_proof(hash::keccak256(root), key, nodes));
  nodes.push_back(nodes.back());
  WUSONG_ASSERT(!state::verify_proof(root, key, nodes));
  nodes.resize(nodes.size() - 2);
  WUSONG_ASSERT(!state::verify_proof(root, key, nodes));
  return 0;
}
