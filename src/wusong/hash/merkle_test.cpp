// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/merkle.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::hash {
namespace {

std::vector<BytesView> views(const std::vector<Bytes>& all) {
  return {all.begin(), all.end()};
}
std::vector<Bytes> leaves_of(std::size_t count) {
  std::vector<Bytes> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i].assign(i * 7 % 150, static_cast<std::uint8_t>(i));
  return out;
}
Hash one(const MerkleRule& rule, BytesView prefix, BytesView first, BytesView second = {}) {
  Bytes all = to_bytes(prefix);
  append(all, first);
  append(all, second);
  const BytesView message = all;
  Hash out;
  rule.hash({&message, 1}, {&out, 1});
  return out;
}

/// RFC 6962's definition, word by word.
Hash model(std::span<const BytesView> leaves) {
  const std::uint8_t prefix[] = {leaves.size() == 1 ? std::uint8_t{0} : std::uint8_t{1}};
  const MerkleRule rule{.hash = sha256_batch};
  if (leaves.size() == 1) return one(rule, prefix, leaves[0]);
  const std::size_t half = std::bit_floor(leaves.size() - 1);
  return one(rule, prefix, model(leaves.first(half)), model(leaves.subspan(half)));
}

TEST(MerkleTree, RootsAreThoseOfCertificateTransparencysTests) {
  // google/certificate-transparency, merkletree/merkle_tree_test.cc: inputs and roots.
  const std::vector<Bytes> inputs{{},
                                  {0x00},
                                  {0x10},
                                  {0x20, 0x21},
                                  {0x30, 0x31},
                                  {0x40, 0x41, 0x42, 0x43},
                                  {0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57},
                                  {0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a,
                                   0x6b, 0x6c, 0x6d, 0x6e, 0x6f}};
  constexpr const char* kRoots[] = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  const auto all = views(inputs);
  for (std::size_t count = 1; count <= inputs.size(); ++count)
    EXPECT_EQ(codec::to_hex(
                  MerkleTree::of(rfc6962_rule(sha256_batch), std::span{all}.first(count)).root()),
              kRoots[count - 1]);
}

TEST(MerkleTree, RootsAreThoseOfTheRfcsDefinitionForEveryNumberOfLeaves) {
  const auto inputs = leaves_of(300);
  const auto all = views(inputs);
  for (std::size_t count = 1; count <= 300; count += count < 70 ? 1 : 23) {
    const auto some = std::span{all}.first(count);
    EXPECT_EQ(MerkleTree::of(rfc6962_rule(sha256_batch), some).root(), model(some)) << count;
  }
}

TEST(MerkleTree, ANodeWithoutANeighbourIsHashedWithZeros) {
  const MerkleRule rule{.hash = sm3_batch};
  const auto inputs = leaves_of(3);
  const auto all = views(inputs);
  const Hash left = one(rule, {}, sm3(all[0]), sm3(all[1]));
  const Hash right = one(rule, {}, sm3(all[2]), Hash{});
  const MerkleTree tree = MerkleTree::of(rule, all);
  EXPECT_EQ(tree.root(), one(rule, {}, left, right));
  EXPECT_EQ(tree.level(1)[1], right);
  EXPECT_EQ(tree.level(2).size(), 1u);
}

TEST(MerkleTree, EveryPathLeadsToTheRootAndNoOtherDoes) {
  constexpr std::uint8_t kNode[] = {'n', 'o', 'd', 'e'};
  const MerkleRule rules[] = {rfc6962_rule(sha256_batch),
                              {.hash = sm3_batch},
                              {.hash = keccak256_batch, .node_prefix = kNode}};
  const auto inputs = leaves_of(70);
  const auto all = views(inputs);
  for (const MerkleRule& rule : rules) {
    for (std::size_t count = 1; count <= all.size(); count += count < 20 ? 1 : 17) {
      const MerkleTree tree = MerkleTree::of(rule, std::span{all}.first(count));
      for (std::size_t leaf = 0; leaf < count; ++leaf) {
        const Hash digest = tree.level(0)[leaf];
        EXPECT_EQ(digest, one(rule, rule.leaf_prefix, all[leaf]));
        std::vector<Hash> path = tree.path(leaf);
        ASSERT_EQ(path.size(), merkle_path_length(rule.odd, leaf, count));
        ASSERT_EQ(merkle_root_from(rule, digest, leaf, count, path), tree.root());
        ASSERT_EQ(merkle_root_from(rule, digest, count, count, path), std::nullopt);
        for (Hash& sibling : path) {
          sibling.bytes[leaf % 32] ^= 1;
          ASSERT_NE(merkle_root_from(rule, digest, leaf, count, path), tree.root());
          sibling.bytes[leaf % 32] ^= 1;
        }
        path.emplace_back();
        ASSERT_EQ(merkle_root_from(rule, digest, leaf, count, path), std::nullopt);
        path.resize(path.size() - std::min<std::size_t>(path.size(), 2));
        if (count > 1 && merkle_path_length(rule.odd, leaf, count) != 0)
          ASSERT_EQ(merkle_root_from(rule, digest, leaf, count, path), std::nullopt);
      }
    }
  }
}

TEST(MerkleTree, APathIsAsLongAsAnyNumberOfLeavesAsks) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  for (const auto odd : {MerkleRule::Odd::promoted, MerkleRule::Odd::with_zeros}) {
    EXPECT_EQ(merkle_path_length(odd, 0, kMost), 64u);
    EXPECT_EQ(merkle_path_length(odd, 0, (kMost >> 1) + 1), 63u);
  }
  const Hash sibling{};
  EXPECT_EQ(merkle_root_from(rfc6962_rule(sha256_batch), {}, 0, kMost, {&sibling, 1}),
            std::nullopt);
}

TEST(MerkleTree, APathOfOneLeafIsNoOthers) {
  const auto inputs = leaves_of(11);
  const auto all = views(inputs);
  const MerkleRule rule = rfc6962_rule(sha256_batch);
  const MerkleTree tree = MerkleTree::of(rule, all);
  for (std::size_t leaf = 0; leaf < all.size(); ++leaf)
    for (std::size_t other = 0; other < all.size(); ++other)
      if (leaf != other)
        EXPECT_NE(merkle_root_from(rule, tree.level(0)[leaf], other, all.size(), tree.path(leaf)),
                  tree.root());
}

}  // namespace
}  // namespace wusong::hash
