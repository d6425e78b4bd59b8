// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/shapes.hpp"

#include "wusong/rpc/internal/fault.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonWriter;
using types::Transaction;
using types::TransactionType;

// keccak256(rlp([])): the uncles of a chain without uncles.
constexpr std::string_view kEmptyUnclesHash =
    "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
// sha256(""): EIP-7685 without requests.
constexpr std::string_view kEmptyRequestsHash =
    "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Inclusion {
  const Hash* block_hash{nullptr};  // null: pending
  Height height;
  std::size_t index{0};
  U256 base_fee;
};

std::uint64_t seconds(UnixMillis time) noexcept {
  return time.value / 1000;
}

void write_access_list(JsonWriter& out, const types::AccessList& list) {
  out.key("accessList").open_array();
  for (const auto& entry : list) {
    out.open_object().key("address").data(entry.address).key("storageKeys").open_array();
    for (const Hash& key : entry.storage_keys) out.data(key);
    out.close_array().close_object();
  }
  out.close_array();
}

void write_authorizations(JsonWriter& out, const std::vector<types::Authorization>& list) {
  out.key("authorizationList").open_array();
  for (const auto& entry : list) {
    out.open_object().key("chainId");
    quantity(out, entry.chain_id);
    out.key("address").data(entry.address).key("nonce").quantity(entry.nonce).key("yParity");
    quantity(out, entry.y_parity);
    out.key("r");
    quantity(out, entry.r);
    out.key("s");
    quantity(out, entry.s);
    out.close_object();
  }
  out.close_array();
}

void write_signature(JsonWriter& out, const Transaction& tx) {
  // Clients that know only secp256k1 parse these members of every transaction, so a native one
  // shows zeros and carries its own signature beside them.
  if (tx.type == TransactionType::native) {
    out.key("v").string("0x0").key("r").string("0x0").key("s").string("0x0");
    out.key("yParity").string("0x0");
    out.key("wusong_scheme");
    const auto* scheme = crypto::find_scheme(static_cast<std::uint8_t>(tx.scheme));
    out.string(scheme != nullptr ? scheme->name : "unknown");
    out.key("wusong_publicKey").data(tx.public_key);
    if (tx.account) out.key("wusong_account").data(*tx.account);
    out.key("wusong_signature").data(tx.native_signature);
    return;
  }
  const std::uint64_t parity = tx.signature.y_parity;
  std::uint64_t v = parity;
  if (tx.type == TransactionType::legacy)
    v = tx.chain_id ? *tx.chain_id * 2 + 35 + parity : 27 + parity;
  out.key("v").quantity(v).key("r");
  quantity(out, tx.signature.r);
  out.key("s");
  quantity(out, tx.signature.s);
  if (tx.type != TransactionType::legacy) out.key("yParity").quantity(parity);
}

void write_prices(JsonWriter& out, const Transaction& tx, const Inclusion& in) {
  const bool has_cap =
      tx.type != TransactionType::legacy && tx.type != TransactionType::access_list;
  out.key("gasPrice");
  quantity(out,
           has_cap && in.block_hash != nullptr ? tx.effective_gas_price(in.base_fee) : tx.max_fee);
  if (!has_cap) return;
  out.key("maxFeePerGas");
  quantity(out, tx.max_fee);
  out.key("maxPriorityFeePerGas");
  quantity(out, tx.max_priority_fee);
}

void write_transaction(JsonWriter& out, const Transaction& tx, const Hash& hash,
                       const Address& sender, const Inclusion& in) {
  out.open_object().key("blockHash");
  if (in.block_hash != nullptr) {
    out.data(*in.block_hash).key("blockNumber").quantity(in.height.value);
  } else {
    out.null().key("blockNumber").null();
  }
  out.key("from").data(sender).key("gas").quantity(tx.gas_limit);
  write_prices(out, tx, in);
  out.key("hash").data(hash).key("input").data(tx.data).key("nonce").quantity(tx.nonce).key("to");
  if (tx.to) {
    out.data(*tx.to);
  } else {
    out.null();
  }
  out.key("transactionIndex");
  if (in.block_hash != nullptr) {
    out.quantity(std::uint64_t{in.index});
  } else {
    out.null();
  }
  out.key("value");
  quantity(out, tx.value);
  out.key("type").quantity(static_cast<std::uint64_t>(tx.type));
  if (tx.type != TransactionType::legacy) write_access_list(out, tx.access_list);
  if (tx.chain_id) out.key("chainId").quantity(*tx.chain_id);
  if (tx.type == TransactionType::blob) {
    out.key("maxFeePerBlobGas");
    quantity(out, tx.max_fee_per_blob_gas);
    out.key("blobVersionedHashes").open_array();
    for (const Hash& blob : tx.blob_hashes) out.data(blob);
    out.close_array();
  }
  if (tx.type == TransactionType::set_code) write_authorizations(out, tx.authorizations);
  write_signature(out, tx);
  out.close_object();
}

/// Members that never vary on this chain.
void write_constants(JsonWriter& out, const ChainFacts& facts) {
  out.key("sha3Uncles").string(kEmptyUnclesHash);
  out.key("difficulty").string("0x0").key("totalDifficulty").string("0x0");
  out.key("extraData").string("0x");
  out.key("withdrawalsRoot").data(types::kEmptyTrieRoot);
  out.key("blobGasUsed").string("0x0").key("excessBlobGas").string("0x0");
  out.key("parentBeaconBlockRoot").data(Hash{});
  if (facts.fork >= vm::Fork::prague) out.key("requestsHash").string(kEmptyRequestsHash);
}

void write_header_members(JsonWriter& out, const node::ExecutedBlock& block,
                          const ChainFacts& facts) {
  const types::Header& header = block.block.header;
  out.key("number").quantity(header.number.value).key("hash").data(block.hash);
  out.key("parentHash").data(header.parent_hash).key("nonce").string("0x0000000000000000");
  out.key("mixHash").data(types::prev_randao(header));
  out.key("logsBloom").data(block.logs_bloom).key("miner").data(header.beneficiary);
  out.key("transactionsRoot").data(header.transactions_root);
  out.key("stateRoot").data(block.roots.state_root);
  out.key("receiptsRoot").data(block.roots.receipts_root);
  out.key("gasLimit").quantity(header.gas_limit).key("gasUsed").quantity(block.roots.gas_used);
  out.key("timestamp").quantity(seconds(header.timestamp)).key("baseFeePerGas");
  quantity(out, header.base_fee);
  write_constants(out, facts);
  out.key("wusong_view").quantity(header.view.value);
  out.key("wusong_proposer").quantity(std::uint64_t{header.proposer});
  out.key("wusong_timestampMs").quantity(header.timestamp.value);
  const Height expected = header.number.plus(facts.root_delay);
  out.key("wusong_rootsCoveredAt").quantity(block.covered_at().value_or(expected).value);
  out.key("wusong_rootsCovered").boolean(block.covered_at().has_value());
}

}  // namespace

void quantity(JsonWriter& out, const U256& value) {
  if (value.fits_u64()) {
    out.quantity(value.low());
  } else {
    out.quantity(to_hash(value).view());
  }
}

void write_block(JsonWriter& out, const node::ExecutedBlock& block, const ChainFacts& facts,
                 bool full) {
  out.open_object();
  write_header_members(out, block, facts);
  out.key("size").quantity(std::uint64_t{block.size_bytes});
  out.key("uncles").open_array().close_array().key("transactions").open_array();
  for (std::size_t i = 0; i < block.transaction_hashes.size(); ++i) {
    if (full) {
      write_transaction(out, block, i);
    } else {
      out.data(block.transaction_hashes[i]);
    }
  }
  out.close_array().key("withdrawals").open_array().close_array().close_object();
}

void write_head(JsonWriter& out, const node::ExecutedBlock& block, const ChainFacts& facts) {
  out.open_object();
  write_header_members(out, block, facts);
  out.close_object();
}

void write_pending_block(JsonWriter& out, const node::BlockEnvironment& environment,
                         const node::ExecutedBlock& parent, const ChainFacts& facts) {
  out.open_object().key("number").quantity(environment.number.value).key("hash").null();
  out.key("parentHash").data(parent.hash).key("nonce").null();
  out.key("mixHash").data(environment.prev_randao).key("logsBloom").data(types::Bloom{});
  out.key("miner").data(environment.beneficiary);
  out.key("transactionsRoot").data(types::kEmptyTrieRoot);
  out.key("stateRoot").data(parent.roots.state_root);
  out.key("receiptsRoot").data(types::kEmptyTrieRoot);
  out.key("gasLimit").quantity(environment.gas_limit).key("gasUsed").string("0x0");
  out.key("timestamp").quantity(environment.timestamp).key("baseFeePerGas");
  quantity(out, environment.base_fee);
  write_constants(out, facts);
  out.key("size").string("0x0").key("uncles").open_array().close_array();
  out.key("transactions").open_array().close_array();
  out.key("withdrawals").open_array().close_array().close_object();
}

void write_transaction(JsonWriter& out, const node::ExecutedBlock& block, std::size_t index) {
  const types::Header& header = block.block.header;
  write_transaction(out, block.block.transactions[index], block.transaction_hashes[index],
                    block.senders[index], {&block.hash, header.number, index, header.base_fee});
}

void write_transaction(JsonWriter& out, const node::PooledTransaction& pooled) {
  write_transaction(out, *pooled.transaction, pooled.hash, pooled.sender, Inclusion{});
}

std::size_t first_log_of(const node::ExecutedBlock& block, std::size_t index) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < index; ++i) count += block.receipts[i].logs.size();
  return count;
}

void write_log(JsonWriter& out, const node::ExecutedBlock& block, std::size_t index,
               const types::Log& log, std::size_t log_index) {
  const types::Header& header = block.block.header;
  out.open_object().key("address").data(log.address).key("topics").open_array();
  for (const Hash& topic : log.topics) out.data(topic);
  out.close_array().key("data").data(log.data);
  out.key("blockNumber").quantity(header.number.value);
  out.key("transactionHash").data(block.transaction_hashes[index]);
  out.key("transactionIndex").quantity(std::uint64_t{index});
  out.key("blockHash").data(block.hash);
  out.key("blockTimestamp").quantity(seconds(header.timestamp));
  out.key("logIndex").quantity(std::uint64_t{log_index}).key("removed").boolean(false);
  out.close_object();
}

void write_receipt(JsonWriter& out, const node::ExecutedBlock& block, std::size_t index,
                   std::size_t first_log) {
  const types::Header& header = block.block.header;
  const types::Receipt& receipt = block.receipts[index];
  const Transaction& tx = block.block.transactions[index];
  out.open_object().key("blockHash").data(block.hash);
  out.key("blockNumber").quantity(header.number.value).key("contractAddress");
  if (receipt.contract_address) {
    out.data(*receipt.contract_address);
  } else {
    out.null();
  }
  out.key("cumulativeGasUsed").quantity(receipt.cumulative_gas_used).key("effectiveGasPrice");
  quantity(out, receipt.effective_gas_price);
  out.key("from").data(block.senders[index]).key("gasUsed").quantity(receipt.gas_used);
  out.key("logs").open_array();
  for (const types::Log& log : receipt.logs) write_log(out, block, index, log, first_log++);
  out.close_array().key("logsBloom").data(receipt.logs_bloom);
  out.key("status").string(receipt.success ? "0x1" : "0x0").key("to");
  if (tx.to) {
    out.data(*tx.to);
  } else {
    out.null();
  }
  out.key("transactionHash").data(block.transaction_hashes[index]);
  out.key("transactionIndex").quantity(std::uint64_t{index});
  out.key("type").quantity(static_cast<std::uint64_t>(tx.type));
  if (block.skipped[index] != 0)
    out.key("wusong_skipped").string(skip_reason(block.skipped[index]));
  out.close_object();
}

}  // namespace wusong::rpc
