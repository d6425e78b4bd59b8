// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/context.hpp"

namespace wusong::exec {

BlockContext context_of(const types::Header& header, const BlockHashSource* hashes) {
  BlockContext out;
  out.number = header.number.value;
  out.timestamp = header.timestamp.value / 1000;
  out.gas_limit = header.gas_limit;
  out.coinbase = header.beneficiary;
  out.prev_randao = types::prev_randao(header);
  out.base_fee = header.base_fee;
  out.hashes = hashes;
  return out;
}

U256 blob_base_fee(std::uint64_t excess_blob_gas, std::uint64_t update_fraction) {
  // EIP-4844's fake_exponential(1, excess, fraction), which Taylor-expands e^(excess / fraction).
  const U256 excess{excess_blob_gas};
  const U256 fraction{update_fraction};
  U256 output;
  U256 term = fraction;
  for (std::uint64_t i = 1; !term.is_zero(); ++i) {
    output += term;
    term = term * excess / (fraction * U256{i});
  }
  return output / fraction;
}

std::uint64_t blob_update_fraction(vm::Fork fork) noexcept {
  return fork >= vm::Fork::prague ? 5007716 : 3338477;
}

std::uint64_t blobs_max(vm::Fork fork) noexcept {
  if (fork < vm::Fork::cancun) return 0;
  return fork >= vm::Fork::prague ? 9 : 6;
}

}  // namespace wusong::exec
