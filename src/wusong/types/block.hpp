// SPDX-License-Identifier: Apache-2.0
// Blocks. Consensus orders them before they are executed, so a header carries the roots of earlier
// heights, each exactly once (ADR 0003).
#pragma once

#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/base/time.hpp"
#include "wusong/types/receipt.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::types {

/// What executing one block produced.
struct ExecutionRoots {
  Hash state_root;
  Hash receipts_root;
  Bloom logs_bloom;
  std::uint64_t gas_used{0};
  friend bool operator==(const ExecutionRoots&, const ExecutionRoots&) = default;
};

/// Most heights whose roots one header may carry.
inline constexpr std::size_t kRootsPerHeaderMax = 16;

struct Header {
  Hash parent_hash;
  Height number;
  View view;                  // consensus round that proposed it
  std::uint32_t proposer{0};  // index in the validator set
  Address beneficiary;        // the proposer's account, COINBASE
  UnixMillis timestamp;       // not before the parent's; RPC and the EVM show seconds
  std::uint64_t gas_limit{0};
  U256 base_fee;
  Hash transactions_root;
  /// Highest height whose roots this chain of headers has agreed on, this header included.
  Height executed;
  /// Roots of the heights (parent's executed, executed], in order.
  std::vector<ExecutionRoots> roots;
  /// The last block of an epoch: an encoded Epoch, which the next height begins. Else empty.
  Bytes next_epoch;
  friend bool operator==(const Header&, const Header&) = default;
};

Bytes encode(const Header& header);
[[nodiscard]] Result<Header> decode_header(BytesView encoded);
/// keccak256 of the encoding: the block's hash, and its id in consensus.
Hash hash_of(const Header& header);
/// PREVRANDAO of a block: keccak256(parent hash || view). Not random against proposers.
Hash prev_randao(const Header& header);

struct Block {
  Header header;
  std::vector<Transaction> transactions;
};
/// rlp([header, [transaction, ...]]), each transaction as in a string or legacy list.
Bytes encode(const Block& block);
/// Checks the transactions root as well. @errors err::wrong_transactions_root, codec's and types'
/// rows
[[nodiscard]] Result<Block> decode_block(BytesView encoded);

/// The same from transactions that are encoded already.
Bytes encode_block(const Header& header, const std::vector<Bytes>& transactions);

/// A block whose transactions are still encoded; borrows the bytes it was split from.
struct EncodedBlock {
  Header header;
  std::vector<BytesView> transactions;
};
/// Decodes the header and finds the transactions. Checks neither them nor their root.
[[nodiscard]] Result<EncodedBlock> split_block(BytesView encoded);

/// The header alone, without looking at the rest.
[[nodiscard]] Result<Header> header_of(BytesView encoded_block);
/// A block without its transactions: what light nodes keep, and pruned ones. Its header tells that
/// there were some.
[[nodiscard]] Result<Bytes> strip_block(BytesView encoded);

/// Root of the Merkle Patricia trie with rlp(index) -> value, as Ethereum's transactionsRoot and
/// receiptsRoot.
Hash ordered_trie_root(const std::vector<Bytes>& values);
/// keccak256(rlp("")): the root of an empty trie.
inline constexpr std::array<std::uint8_t, 32> kEmptyTrieRootBytes{
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21};
inline constexpr Hash kEmptyTrieRoot{kEmptyTrieRootBytes};

}  // namespace wusong::types
