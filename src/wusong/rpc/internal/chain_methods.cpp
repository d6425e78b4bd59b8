// SPDX-License-Identifier: Apache-2.0
// eth_: blocks, transactions and receipts.
#include <array>

#include "wusong/rpc/internal/methods.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonWriter;

constexpr Place kBlockPlace{0, "block"};
constexpr Place kHashPlace{0, "hash"};

Answer<void> block_number(const Call& call, JsonWriter& out) {
  out.quantity(call.context.node.heads().executed.value);
  return {};
}

Answer<BlockRef> required_block(const Call& call) {
  WUSONG_ANSWER(const codec::JsonValue value, call.params.at(kBlockPlace));
  return read_block(value, kBlockPlace);
}
Answer<BlockRef> required_hash(const Call& call) {
  WUSONG_ANSWER(const Hash hash, call.params.hash({0, "blockHash"}));
  return BlockRef{BlockRef::Kind::hash, {}, hash};
}

Answer<void> block_by_number(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, required_block(call));
  WUSONG_ANSWER(const bool full, call.params.boolean_or({1, "fullTransactions"}, false));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  if (!block) {
    out.null();
  } else if (ref.kind == BlockRef::Kind::pending) {
    write_pending_block(out, call.context.node.pending_environment(), *block, call.context.facts);
  } else {
    write_block(out, *block, call.context.facts, full);
  }
  return {};
}

Answer<void> block_by_hash(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, required_hash(call));
  WUSONG_ANSWER(const bool full, call.params.boolean_or({1, "fullTransactions"}, false));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  if (block) {
    write_block(out, *block, call.context.facts, full);
  } else {
    out.null();
  }
  return {};
}

using RefReader = Answer<BlockRef> (*)(const Call&);

template <RefReader Read>
Answer<void> transaction_count_of(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, Read(call));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  if (!block) {
    out.null();
  } else if (ref.kind == BlockRef::Kind::pending) {
    out.string("0x0");
  } else {
    out.quantity(std::uint64_t{block->transaction_hashes.size()});
  }
  return {};
}

template <RefReader Read>
Answer<void> uncle_count_of(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, Read(call));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  if (block) {
    out.string("0x0");
  } else {
    out.null();
  }
  return {};
}

template <RefReader Read>
Answer<void> uncle_of(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, Read(call));
  static_cast<void>(ref);
  WUSONG_ANSWER(const std::uint64_t index, call.params.u64({1, "index"}));
  static_cast<void>(index);
  out.null();
  return {};
}

template <RefReader Read, bool kRaw>
Answer<void> transaction_at(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, Read(call));
  WUSONG_ANSWER(const std::uint64_t index, call.params.u64({1, "index"}));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  const bool exists =
      block && ref.kind != BlockRef::Kind::pending && index < block->transaction_hashes.size();
  if (!exists) {
    out.null();
  } else if (kRaw) {
    out.data(types::encode(block->block.transactions[index]));
  } else {
    write_transaction(out, *block, index);
  }
  return {};
}

Answer<void> transaction_by_hash(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash(kHashPlace));
  WUSONG_ANSWER(const FoundTransaction found, find_transaction(call.context, hash));
  if (found.block) {
    write_transaction(out, *found.block, found.index);
  } else if (const auto pooled = call.context.node.pooled(hash)) {
    write_transaction(out, *pooled);
  } else {
    out.null();
  }
  return {};
}

Answer<void> raw_transaction(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash(kHashPlace));
  WUSONG_ANSWER(const FoundTransaction found, find_transaction(call.context, hash));
  if (found.block) {
    out.data(types::encode(found.block->block.transactions[found.index]));
  } else if (const auto pooled = call.context.node.pooled(hash)) {
    out.data(types::encode(*pooled->transaction));
  } else {
    out.string("0x");
  }
  return {};
}

Answer<void> receipt(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash(kHashPlace));
  WUSONG_ANSWER(const FoundTransaction found, find_transaction(call.context, hash));
  if (found.block) {
    if (auto kept = need_receipts(call.context, *found.block); !kept) return kept;
    write_receipt(out, *found.block, found.index, first_log_of(*found.block, found.index));
  } else {
    out.null();
  }
  return {};
}

Answer<void> block_receipts(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, required_block(call));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  if (!block || ref.kind == BlockRef::Kind::pending) {
    out.null();
    return {};
  }
  if (auto kept = need_receipts(call.context, *block); !kept) return kept;
  out.open_array();
  std::size_t first_log = 0;
  for (std::size_t i = 0; i < block->receipts.size(); ++i) {
    write_receipt(out, *block, i, first_log);
    first_log += block->receipts[i].logs.size();
  }
  out.close_array();
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"eth_blockNumber", block_number},
    {"eth_getBlockByNumber", block_by_number},
    {"eth_getBlockByHash", block_by_hash},
    {"eth_getBlockTransactionCountByNumber", transaction_count_of<required_block>},
    {"eth_getBlockTransactionCountByHash", transaction_count_of<required_hash>},
    {"eth_getUncleCountByBlockNumber", uncle_count_of<required_block>},
    {"eth_getUncleCountByBlockHash", uncle_count_of<required_hash>},
    {"eth_getUncleByBlockNumberAndIndex", uncle_of<required_block>},
    {"eth_getUncleByBlockHashAndIndex", uncle_of<required_hash>},
    {"eth_getTransactionByHash", transaction_by_hash},
    {"eth_getTransactionByBlockNumberAndIndex", transaction_at<required_block, false>},
    {"eth_getTransactionByBlockHashAndIndex", transaction_at<required_hash, false>},
    {"eth_getRawTransactionByHash", raw_transaction},
    {"eth_getRawTransactionByBlockNumberAndIndex", transaction_at<required_block, true>},
    {"eth_getRawTransactionByBlockHashAndIndex", transaction_at<required_hash, true>},
    {"eth_getTransactionReceipt", receipt},
    {"eth_getBlockReceipts", block_receipts},
});

}  // namespace

std::span<const Method> chain_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc
