// SPDX-License-Identifier: Apache-2.0
// Property: whatever is shown as a proof of wrong encoding, with every signature good, is refused
// or names the leader of its view; the same bytes give the same verdict.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/consensus/dissemination.hpp"

namespace {

struct Credulous final : wusong::consensus::VoteVerifier {
  std::size_t count() const noexcept override { return 4; }
  bool verify(wusong::consensus::ValidatorIndex /*who*/, wusong::BytesView /*message*/,
              wusong::BytesView /*signature*/) const override {
    return true;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Credulous validators;
  const wusong::BytesView input{data, size};
  const auto first = wusong::consensus::verify_encoding_proof(input, validators, {});
  const auto second = wusong::consensus::verify_encoding_proof(input, validators, {});
  WUSONG_ASSERT(first.has_value() == second.has_value());
  if (first) WUSONG_ASSERT(first->leader == first->view.value % 4);
  return 0;
}
