// SPDX-License-Identifier: Apache-2.0
// Random bytes that nobody can foresee even where one of entropy and secret is bad, and that differ
// from session to session even where entropy repeats itself, as after a machine's memory was
// restored.
#pragma once

#include "wusong/threshold/group.hpp"

namespace wusong::threshold::internal {

class HedgedEntropy final : public io::Entropy {
 public:
  /// `context` names the session and what is done in it.
  HedgedEntropy(const Group& group, const Scalar& secret, const Hash& context,
                io::Entropy& entropy);
  ~HedgedEntropy() override;
  HedgedEntropy(const HedgedEntropy&) = delete;
  HedgedEntropy& operator=(const HedgedEntropy&) = delete;
  void fill(std::span<std::uint8_t> out) noexcept override;

 private:
  const Group& group_;
  std::array<std::uint8_t, 64 + 8> state_{};  // a seed, and a count
};

}  // namespace wusong::threshold::internal
