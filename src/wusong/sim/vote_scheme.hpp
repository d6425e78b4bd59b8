// SPDX-License-Identifier: Apache-2.0
// A signature scheme that costs nothing: a keyed 64-bit digest, and the verifier knows the keys.
#pragma once

#include "wusong/consensus/ports.hpp"
#include "wusong/sim/event_loop.hpp"

namespace wusong::sim {

class SimScheme final : public consensus::VoteVerifier {
 public:
  explicit SimScheme(std::size_t count) : count_{count} {}
  std::size_t count() const noexcept override { return count_; }
  bool verify(consensus::ValidatorIndex validator, BytesView message,
              BytesView signature) const override {
    const Bytes expected = sign(validator, message);
    return std::ranges::equal(expected, signature);
  }
  Bytes sign(consensus::ValidatorIndex validator, BytesView message) const {
    const std::uint64_t digest = EventLoop::digest64(message, mix64(0x5157 + validator));
    Bytes out(8);
    std::memcpy(out.data(), &digest, 8);
    return out;
  }

 private:
  std::size_t count_;
};

class SimSigner final : public consensus::VoteSigner {
 public:
  SimSigner(const SimScheme& scheme, consensus::ValidatorIndex index)
      : scheme_{scheme}, index_{index} {}
  consensus::ValidatorIndex index() const noexcept override { return index_; }
  Bytes sign(BytesView message) const override { return scheme_.sign(index_, message); }

 private:
  const SimScheme& scheme_;
  consensus::ValidatorIndex index_;
};

}  // namespace wusong::sim
