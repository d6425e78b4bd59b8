// SPDX-License-Identifier: Apache-2.0
#include "wusong/storage/internal/records.hpp"

#include <algorithm>

#include "wusong/codec/rlp.hpp"
#include "wusong/storage/errors.hpp"

namespace wusong::storage {
namespace {

Result<types::ExecutionRoots> read_roots(codec::RlpReader& in) {
  WUSONG_TRY(codec::RlpReader fields, in.list());
  types::ExecutionRoots roots;
  WUSONG_TRY(roots.state_root, fields.fixed<Hash>());
  WUSONG_TRY(roots.receipts_root, fields.fixed<Hash>());
  WUSONG_TRY(const auto bloom, fields.optional_fixed<types::Bloom>());
  if (bloom) {
    if (bloom->is_zero()) return fail(err::corrupt);
    roots.logs_bloom = *bloom;
  }
  WUSONG_TRY(roots.gas_used, fields.u64());
  WUSONG_CHECK(fields.finish());
  return roots;
}

}  // namespace

Bytes encode_execution(const Execution& execution) {
  codec::RlpWriter out;
  out.open_list();
  out.open_list();
  out.string(execution.roots.state_root);
  out.string(execution.roots.receipts_root);
  out.string(execution.roots.logs_bloom.is_zero() ? BytesView{}
                                                  : execution.roots.logs_bloom.view());
  out.number(execution.roots.gas_used);
  out.close_list();
  out.open_list();
  if (std::ranges::any_of(execution.skipped, [](std::uint16_t number) { return number != 0; }))
    for (const std::uint16_t number : execution.skipped) out.number(number);
  out.close_list();
  out.open_list();
  for (const types::Receipt& receipt : execution.receipts)
    out.string(types::encode_stored(receipt));
  out.close_list();
  out.close_list();
  return out.take();
}

Result<Execution> decode_execution(BytesView encoded) {
  codec::RlpReader top{encoded};
  WUSONG_TRY(codec::RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Execution out;
  WUSONG_TRY(out.roots, read_roots(in));
  WUSONG_TRY(codec::RlpReader skipped, in.list());
  WUSONG_TRY(codec::RlpReader receipts, in.list());
  WUSONG_CHECK(in.finish());
  bool any_skipped = false;
  while (!skipped.empty()) {
    WUSONG_TRY(const std::uint64_t number, skipped.u64());
    if (number > 0xffff) return fail(err::corrupt);
    any_skipped |= number != 0;
    out.skipped.push_back(static_cast<std::uint16_t>(number));
  }
  if (!out.skipped.empty() && !any_skipped) return fail(err::corrupt);
  while (!receipts.empty()) {
    WUSONG_TRY(const BytesView bytes, receipts.string());
    WUSONG_TRY(auto receipt, types::decode_stored_receipt(bytes));
    out.receipts.push_back(std::move(receipt));
  }
  if (out.receipts.empty()) return out;  // an empty block, or receipts were pruned
  if (out.skipped.empty()) out.skipped.resize(out.receipts.size(), 0);
  if (out.skipped.size() != out.receipts.size()) return fail(err::corrupt);
  return out;
}

Result<types::ExecutionRoots> decode_execution_roots(BytesView encoded) {
  codec::RlpReader top{encoded};
  WUSONG_TRY(codec::RlpReader in, top.list());
  return read_roots(in);
}

}  // namespace wusong::storage
