// SPDX-License-Identifier: Apache-2.0
// A leader who commits to whatever fragments it likes, and a second implementation of the format.
#pragma once

#include <vector>

#include "wusong/coding/dispersal.hpp"

namespace wusong::coding::internal {

struct Forgery {
  Commitment commitment;
  std::vector<Bytes> messages;
};

struct TestLeader {
  Shape shape;
  HashBatch hash;

  Hash digest(BytesView message) const {
    Hash out;
    hash({&message, 1}, {&out, 1});
    return out;
  }
  static Bytes big_endian(std::uint32_t value, std::size_t bytes) {
    Bytes out;
    for (std::size_t i = bytes; i-- > 0;)
      out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return out;
  }

  /// @shape fragments of any sizes, as many as the shape has
  Forgery commit(std::uint32_t payload_bytes, const std::vector<Bytes>& fragments) const {
    std::vector<std::vector<Hash>> levels(1);
    for (const Bytes& fragment : fragments) {
      Bytes pieces;
      for (std::size_t at = 0; at < fragment.size(); at += 4096) {
        const BytesView rest = BytesView{fragment}.subspan(at);
        append(pieces, digest(rest.first(std::min<std::size_t>(rest.size(), 4096))));
      }
      levels[0].push_back(digest(pieces));
    }
    while (levels.back().size() > 1) {
      std::vector<Hash>& level = levels.back();
      if (level.size() % 2 == 1) level.push_back(Hash{});
      std::vector<Hash> parents;
      for (std::size_t i = 0; i < level.size(); i += 2) {
        Bytes pair = to_bytes(level[i]);
        append(pair, level[i + 1]);
        parents.push_back(digest(pair));
      }
      levels.push_back(std::move(parents));
    }
    Bytes bound = to_bytes(as_bytes("wusong/dispersal/1\n"));
    for (const std::uint32_t number : {shape.total, shape.needed, payload_bytes})
      append(bound, big_endian(number, 4));
    append(bound, levels.back()[0]);

    Forgery out{.commitment = Commitment{digest(bound).bytes}, .messages = {}};
    for (std::uint32_t i = 0; i < shape.total; ++i) {
      Bytes message = big_endian(i, 2);
      append(message, big_endian(payload_bytes, 4));
      for (std::size_t level = 0; level + 1 < levels.size(); ++level)
        append(message, levels[level][(i >> level) ^ 1]);
      append(message, fragments[i]);
      out.messages.push_back(std::move(message));
    }
    return out;
  }
};

}  // namespace wusong::coding::internal
