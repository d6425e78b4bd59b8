// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/block.hpp"

#include <algorithm>

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::types {
namespace {

using codec::RlpReader;
using codec::RlpWriter;

struct TrieEntry {
  Bytes nibbles;
  BytesView value;
};
using TrieEntries = std::span<const TrieEntry>;

/// Hex-prefix encoding. @source yellow paper, appendix C
Bytes hex_prefix(BytesView nibbles, bool leaf) {
  Bytes out;
  out.reserve(nibbles.size() / 2 + 1);
  const auto flag = static_cast<std::uint8_t>(leaf ? 2 : 0);
  std::size_t i = 0;
  if (nibbles.size() % 2 == 1) {
    out.push_back(static_cast<std::uint8_t>((flag | 1) << 4 | nibbles[0]));
    i = 1;
  } else {
    out.push_back(static_cast<std::uint8_t>(flag << 4));
  }
  for (; i < nibbles.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(nibbles[i] << 4 | nibbles[i + 1]));
  }
  return out;
}

Bytes encode_node(TrieEntries entries, std::size_t depth);

/// A child as its parent holds it: in place below 32 bytes, by hash from there on.
void write_child(RlpWriter& out, TrieEntries entries, std::size_t depth) {
  const Bytes node = encode_node(entries, depth);
  if (node.size() < 32) {
    out.raw(node);
  } else {
    out.string(hash::chain_hash(node));
  }
}

Bytes encode_branch(TrieEntries entries, std::size_t depth) {
  RlpWriter out;
  out.open_list();
  // A key that ends here sorts first.
  const bool ends_here = entries[0].nibbles.size() == depth;
  std::size_t at = ends_here ? 1 : 0;
  for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
    const std::size_t first = at;
    while (at < entries.size() && entries[at].nibbles[depth] == nibble) ++at;
    if (first == at) {
      out.string({});
    } else {
      write_child(out, entries.subspan(first, at - first), depth + 1);
    }
  }
  out.string(ends_here ? entries[0].value : BytesView{});
  out.close_list();
  return out.take();
}

Bytes encode_node(TrieEntries entries, std::size_t depth) {
  const BytesView first{entries.front().nibbles};
  const BytesView last{entries.back().nibbles};
  RlpWriter out;
  if (entries.size() == 1) {
    out.open_list();
    out.string(hex_prefix(first.subspan(depth), true));
    out.string(entries[0].value);
    out.close_list();
    return out.take();
  }
  // Sorted, so what the first and last share all share.
  std::size_t shared = depth;
  while (shared < first.size() && shared < last.size() && first[shared] == last[shared]) ++shared;
  if (shared == depth) return encode_branch(entries, depth);
  out.open_list();
  out.string(hex_prefix(first.subspan(depth, shared - depth), false));
  write_child(out, entries, shared);
  out.close_list();
  return out.take();
}

/// Legacy transactions are lists; a lone byte below 0x80 is no transaction, but its own encoding.
bool needs_prefix(BytesView transaction) {
  return transaction[0] < 0xc0 && (transaction.size() > 1 || transaction[0] >= 0x80);
}

}  // namespace

Result<Bytes> strip_block(BytesView encoded) {
  WUSONG_TRY(const EncodedBlock parts, split_block(encoded));
  return encode_block(parts.header, {});
}

Hash ordered_trie_root(const std::vector<Bytes>& values) {
  if (values.empty()) return kEmptyTrieRoot;
  std::vector<TrieEntry> entries;
  entries.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    RlpWriter key;
    key.number(i);
    Bytes nibbles;
    for (const std::uint8_t byte : key.take()) {
      nibbles.push_back(byte >> 4);
      nibbles.push_back(byte & 15);
    }
    entries.push_back({std::move(nibbles), values[i]});
  }
  std::ranges::sort(entries, {}, &TrieEntry::nibbles);
  return hash::chain_hash(encode_node(entries, 0));
}

Bytes encode(const Header& header) {
  RlpWriter out;
  out.open_list();
  out.string(header.parent_hash);
  out.number(header.number.value);
  out.number(header.view.value);
  out.number(header.proposer);
  out.string(header.beneficiary);
  out.number(header.timestamp.value);
  out.number(header.gas_limit);
  out.number(to_hash(header.base_fee));
  out.string(header.transactions_root);
  out.number(header.executed.value);
  out.open_list();
  for (const ExecutionRoots& roots : header.roots) {
    out.open_list();
    out.string(roots.state_root);
    out.string(roots.receipts_root);
    out.string(roots.logs_bloom);
    out.number(roots.gas_used);
    out.close_list();
  }
  out.close_list();
  if (!header.next_epoch.empty()) out.string(header.next_epoch);
  out.close_list();
  return out.take();
}

Result<Header> decode_header(BytesView encoded) {
  RlpReader top{encoded};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Header out;
  WUSONG_TRY(out.parent_hash, in.fixed<Hash>());
  WUSONG_TRY(out.number.value, in.u64());
  WUSONG_TRY(out.view.value, in.u64());
  WUSONG_TRY(const std::uint64_t proposer, in.u64());
  if (proposer > UINT32_MAX) return fail(err::bad_key_size);
  out.proposer = static_cast<std::uint32_t>(proposer);
  WUSONG_TRY(out.beneficiary, in.fixed<Address>());
  WUSONG_TRY(out.timestamp.value, in.u64());
  WUSONG_TRY(out.gas_limit, in.u64());
  WUSONG_TRY(const Hash base_fee, in.word());
  out.base_fee = to_u256(base_fee);
  WUSONG_TRY(out.transactions_root, in.fixed<Hash>());
  WUSONG_TRY(out.executed.value, in.u64());
  WUSONG_TRY(RlpReader entries, in.list());
  if (!in.empty()) {
    WUSONG_TRY(const BytesView next_epoch, in.string());
    if (next_epoch.empty()) return fail(err::bad_epoch);  // one encoding per header
    out.next_epoch = to_bytes(next_epoch);
  }
  WUSONG_CHECK(in.finish());
  while (!entries.empty()) {
    if (out.roots.size() == kRootsPerHeaderMax) return fail(err::too_many_roots);
    WUSONG_TRY(RlpReader fields, entries.list());
    ExecutionRoots roots;
    WUSONG_TRY(roots.state_root, fields.fixed<Hash>());
    WUSONG_TRY(roots.receipts_root, fields.fixed<Hash>());
    WUSONG_TRY(roots.logs_bloom, fields.fixed<Bloom>());
    WUSONG_TRY(roots.gas_used, fields.u64());
    WUSONG_CHECK(fields.finish());
    out.roots.push_back(roots);
  }
  return out;
}

Hash hash_of(const Header& header) {
  return hash::chain_hash(encode(header));
}

Hash prev_randao(const Header& header) {
  std::array<std::uint8_t, 8> view{};
  for (std::size_t i = 0; i < 8; ++i) {
    view[i] = static_cast<std::uint8_t>(header.view.value >> (56 - 8 * i));
  }
  return hash::chain_hash(header.parent_hash, view);
}

Bytes encode(const Block& block) {
  std::vector<Bytes> transactions;
  transactions.reserve(block.transactions.size());
  for (const Transaction& transaction : block.transactions)
    transactions.push_back(encode(transaction));
  return encode_block(block.header, transactions);
}

Bytes encode_block(const Header& header, const std::vector<Bytes>& transactions) {
  const Bytes head = encode(header);
  std::size_t size = 0;
  for (const Bytes& tx : transactions) {
    size += tx.size() + (needs_prefix(tx) ? codec::rlp_prefix_size(tx.size()) : 0);
  }
  const std::size_t list = codec::rlp_prefix_size(size) + size;
  Bytes out;
  out.reserve(head.size() + list + 9);
  codec::rlp_append_prefix(out, 0xc0, head.size() + list);
  append(out, head);
  codec::rlp_append_prefix(out, 0xc0, size);
  for (const Bytes& tx : transactions) {
    if (needs_prefix(tx)) codec::rlp_append_prefix(out, 0x80, tx.size());
    append(out, tx);
  }
  return out;
}

Result<Block> decode_block(BytesView encoded) {
  WUSONG_TRY(EncodedBlock parts, split_block(encoded));
  Block out;
  out.header = std::move(parts.header);
  out.transactions.reserve(parts.transactions.size());
  std::vector<Bytes> encodings;
  encodings.reserve(parts.transactions.size());
  for (const BytesView transaction : parts.transactions) {
    WUSONG_TRY(Transaction decoded, decode_transaction(transaction));
    out.transactions.push_back(std::move(decoded));
    encodings.push_back(to_bytes(transaction));
  }
  if (ordered_trie_root(encodings) != out.header.transactions_root) {
    return fail(err::wrong_transactions_root);
  }
  return out;
}

Result<Header> header_of(BytesView encoded_block) {
  RlpReader top{encoded_block};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_TRY(const BytesView head, in.raw_item());
  return decode_header(head);
}

Result<EncodedBlock> split_block(BytesView encoded) {
  RlpReader top{encoded};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  EncodedBlock out;
  WUSONG_TRY(const BytesView head, in.raw_item());
  WUSONG_TRY(out.header, decode_header(head));
  WUSONG_TRY(RlpReader entries, in.list());
  WUSONG_CHECK(in.finish());
  while (!entries.empty()) {
    if (entries.next_is_list()) {
      WUSONG_TRY(const BytesView item, entries.raw_item());
      out.transactions.push_back(item);
    } else {
      WUSONG_TRY(const BytesView item, entries.string());
      if (item.empty() || item[0] >= 0xc0) return fail(err::unknown_transaction_type);
      out.transactions.push_back(item);
    }
  }
  return out;
}

}  // namespace wusong::types
