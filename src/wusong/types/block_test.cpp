// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/block.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/errors.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::types {
namespace {

Header header_with(std::size_t roots) {
  Header header;
  header.parent_hash.bytes[5] = 1;
  header.number = Height{300};
  header.view = View{301};
  header.proposer = 3;
  header.beneficiary.bytes[0] = 9;
  header.timestamp = UnixMillis{1'700'000'000'123};
  header.gas_limit = 1'000'000'000;
  header.base_fee = U256{7};
  header.transactions_root = kEmptyTrieRoot;
  header.executed = Height{296};
  for (std::size_t i = 0; i < roots; ++i) {
    ExecutionRoots entry;
    entry.state_root.bytes[0] = static_cast<std::uint8_t>(i + 1);
    entry.receipts_root = kEmptyTrieRoot;
    entry.logs_bloom.bytes[255] = static_cast<std::uint8_t>(i);
    entry.gas_used = i * 21'000;
    header.roots.push_back(entry);
  }
  return header;
}

Transaction transaction(TransactionType type, std::uint64_t nonce) {
  Transaction tx;
  tx.type = type;
  tx.chain_id = 1;
  tx.nonce = nonce;
  tx.to = Address{};
  tx.data = Bytes(nonce % 100, 0xab);
  EXPECT_TRUE(sign(tx, Bytes(32, 0x21)));
  return tx;
}

TEST(Header, ReadsBackWithAnyNumberOfRoots) {
  for (const std::size_t roots : {std::size_t{0}, std::size_t{1}, kRootsPerHeaderMax}) {
    const Header header = header_with(roots);
    EXPECT_EQ(decode_header(encode(header)), header);
    EXPECT_EQ(hash_of(header), hash::keccak256(encode(header)));
  }
  EXPECT_EQ(decode_header(encode(header_with(kRootsPerHeaderMax + 1))).error(),
            Error{err::too_many_roots});
}

TEST(Header, EveryFieldIsInItsHash) {
  const Header header = header_with(2);
  const auto differs = [&](auto change) {
    Header changed = header;
    change(changed);
    return hash_of(changed) != hash_of(header);
  };
  EXPECT_TRUE(differs([](Header& h) { h.parent_hash.bytes[0] ^= 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.number = h.number.next(); }));
  EXPECT_TRUE(differs([](Header& h) { h.view = h.view.next(); }));
  EXPECT_TRUE(differs([](Header& h) { h.proposer ^= 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.beneficiary.bytes[0] ^= 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.timestamp.value += 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.gas_limit += 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.base_fee = U256{8}; }));
  EXPECT_TRUE(differs([](Header& h) { h.transactions_root.bytes[0] ^= 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.executed = h.executed.next(); }));
  EXPECT_TRUE(differs([](Header& h) { h.roots[1].gas_used += 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.roots[0].logs_bloom.bytes[0] ^= 1; }));
  EXPECT_TRUE(differs([](Header& h) { h.roots.pop_back(); }));
  EXPECT_TRUE(differs([](Header& h) { h.next_epoch = {0xc0}; }));
}

TEST(Header, AnEpochsLastBlockNamesTheNext) {
  Header header = header_with(1);
  const Bytes plain = encode(header);
  header.next_epoch = Bytes(100, 7);
  const auto decoded = decode_header(encode(header));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, header);
  EXPECT_TRUE(decode_header(plain)->next_epoch.empty());
  EXPECT_EQ(header_of(encode_block(header, {}))->next_epoch, header.next_epoch);
}

TEST(Header, EveryCutAndEveryRestIsRefused) {
  Bytes encoded = encode(header_with(1));
  encoded.push_back(0x80);
  EXPECT_EQ(decode_header(encoded).error(), Error{codec::err::rlp_trailing_bytes});
  encoded.pop_back();
  while (!encoded.empty()) {
    encoded.pop_back();
    ASSERT_FALSE(decode_header(encoded));
  }
}

TEST(Header, RandomnessDependsOnParentAndViewOnly) {
  Header header = header_with(0);
  const Hash before = prev_randao(header);
  header.timestamp.value += 5;
  EXPECT_EQ(prev_randao(header), before);
  header.view = header.view.next();
  EXPECT_NE(prev_randao(header), before);
}

Block block_with(std::size_t count) {
  Block block{.header = header_with(1), .transactions = {}};
  std::vector<Bytes> encoded;
  for (std::size_t i = 0; i < count; ++i) {
    const auto type = i % 2 == 0 ? TransactionType::legacy : TransactionType::dynamic_fee;
    block.transactions.push_back(transaction(type, i));
    encoded.push_back(encode(block.transactions.back()));
  }
  block.header.transactions_root = ordered_trie_root(encoded);
  return block;
}

TEST(Block, ReadsBackAndSplits) {
  for (const std::size_t count : {0u, 1u, 2u, 130u}) {
    const Block block = block_with(count);
    const Bytes encoded = encode(block);
    const auto decoded = decode_block(encoded);
    ASSERT_TRUE(decoded) << count;
    EXPECT_EQ(encode(*decoded), encoded);
    const auto split = split_block(encoded);
    ASSERT_TRUE(split);
    ASSERT_EQ(split->transactions.size(), count);
    std::vector<Bytes> pieces;
    for (const BytesView piece : split->transactions) pieces.push_back(to_bytes(piece));
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(pieces[i], encode(block.transactions[i]));
    EXPECT_EQ(encode_block(split->header, pieces), encoded);
  }
}

TEST(Block, SplittingKeepsWhatIsNoTransaction) {
  const Bytes encoded = encode_block(header_with(0), {Bytes{0x02}, Bytes{0x80}, Bytes{0x02, 0x03}});
  const auto split = split_block(encoded);
  ASSERT_TRUE(split);
  std::vector<Bytes> pieces;
  for (const BytesView piece : split->transactions) pieces.push_back(to_bytes(piece));
  EXPECT_EQ(encode_block(split->header, pieces), encoded);
  EXPECT_FALSE(decode_block(encoded));
}

TEST(Block, TheRootMustMatchTheTransactions) {
  Block block = block_with(3);
  block.header.transactions_root.bytes[31] ^= 1;
  EXPECT_EQ(decode_block(encode(block)).error(), Error{err::wrong_transactions_root});
  block = block_with(3);
  std::swap(block.transactions[0], block.transactions[2]);
  EXPECT_EQ(decode_block(encode(block)).error(), Error{err::wrong_transactions_root});
}

TEST(OrderedTrieRoot, AgreesWithEthereumsEmptyRoot) {
  EXPECT_EQ(ordered_trie_root({}), kEmptyTrieRoot);
  const Bytes empty_string{0x80};
  EXPECT_EQ(hash::keccak256(empty_string), kEmptyTrieRoot);
}

TEST(OrderedTrieRoot, OneShortValueIsALeaf) {
  // rlp([hex-prefix of rlp(0) = 80 as a leaf: 20 80, value])
  codec::RlpWriter leaf;
  leaf.open_list();
  leaf.string(Bytes{0x20, 0x80});
  leaf.string(Bytes{0x01});
  leaf.close_list();
  EXPECT_EQ(ordered_trie_root({Bytes{0x01}}), hash::keccak256(leaf.take()));
}

TEST(OrderedTrieRoot, OrderAndLengthMatter) {
  const auto value = [](std::size_t i) { return Bytes(40, static_cast<std::uint8_t>(i)); };
  std::vector<Bytes> values;
  std::vector<Hash> roots;
  for (std::size_t i = 0; i < 300; ++i) {  // past 127 and 255, where keys grow
    values.push_back(value(i));
    roots.push_back(ordered_trie_root(values));
  }
  std::ranges::sort(roots);
  EXPECT_EQ(std::ranges::adjacent_find(roots), roots.end());
  const Hash before = ordered_trie_root(values);
  std::swap(values[0], values[1]);
  EXPECT_NE(ordered_trie_root(values), before);
}

TEST(Account, ReadsBackAndKnowsWhenItIsEmpty) {
  Account account;
  EXPECT_TRUE(account.is_empty());
  EXPECT_EQ(decode_account(encode(account)), account);
  account.nonce = ~0ull;
  account.balance = ~U256{};
  account.storage_root.bytes[0] ^= 1;
  account.code_hash.bytes[0] ^= 1;
  EXPECT_FALSE(account.is_empty());
  Bytes encoded = encode(account);
  EXPECT_EQ(decode_account(encoded), account);
  encoded.push_back(0);
  EXPECT_FALSE(decode_account(encoded));
}

}  // namespace
}  // namespace wusong::types
