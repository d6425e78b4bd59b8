// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/trie.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/trie_root.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::state {
namespace {

using Map = std::map<Bytes, Bytes>;

Hash naive_root(const Map& map) {
  std::vector<TrieEntry> entries;
  for (const auto& [key, value] : map) entries.push_back({key, value});
  return trie_root(entries);
}

Bytes text_or_hex(std::string_view text) {
  if (text.starts_with("0x")) return *codec::from_hex(text);
  return to_bytes(as_bytes(text));
}

/// A trie on a log in memory.
struct LogTrie {
  io::MemorySegmentStore store;
  NodeLog log{store, 1u << 20};
  Link root;
  LogTrie() {
    NodeLog::Recovered found;
    EXPECT_TRUE(log.recover(found));
  }
  void apply(std::map<Hash, Bytes> changes) {
    std::vector<Change> list;
    for (const auto& [key, value] : changes) list.push_back({.key = key, .value = value});
    const auto next = update_trie(log, root, list);
    ASSERT_TRUE(next) << next.error().name();
    root = *next;
    ASSERT_TRUE(log.append_commit({}));
  }
};

/// The vectors' steps in order; null removes.
std::vector<std::pair<Bytes, Bytes>> steps_of(const codec::JsonValue& test) {
  std::vector<std::pair<Bytes, Bytes>> steps;
  const auto in = *test.at("in");
  if (in.is_array()) {
    for (const auto& pair : in.items()) {
      const auto items = pair.items();
      steps.emplace_back(text_or_hex(*items[0].string()),
                         items[1].is_null() ? Bytes{} : text_or_hex(*items[1].string()));
    }
  } else {
    for (const auto& [key, value] : in.members())
      steps.emplace_back(text_or_hex(key), text_or_hex(*value.string()));
  }
  return steps;
}

int run_vectors(const char* file, bool secure) {
  const auto text = testkit::read_vector(std::string{"ethereum-tests/TrieTests/"} + file);
  if (!text) return 0;
  const auto document = *codec::JsonDocument::parse(*text);
  int count = 0;
  for (const auto& [name, test] : document.root().members()) {
    const Hash expected = *codec::fixed_from_hex<Hash>(*test.string_at("root"));
    Map map;
    LogTrie trie;
    for (const auto& [key, value] : steps_of(test)) {
      const Hash hashed = hash::keccak256(key);
      const Bytes stored = secure ? to_bytes(hashed) : key;
      if (value.empty())
        map.erase(stored);
      else
        map[stored] = value;
      if (secure) trie.apply({{hashed, value}});
    }
    EXPECT_EQ(naive_root(map), expected) << file << " " << name;
    if (secure) {
      EXPECT_EQ(trie.root.ref.root_hash(), expected) << file << " " << name;
    }
    ++count;
  }
  return count;
}

TEST(Trie, PublishedPlainVectorsHaveTheirRoots) {
  testkit::record_vectors("ethereum/tests TrieTests", 12);
  const int count = run_vectors("trietest.json", false) + run_vectors("trieanyorder.json", false);
  if (count == 0) GTEST_SKIP() << "vectors not found";
  EXPECT_EQ(count, 12);
}

TEST(Trie, PublishedSecureVectorsHaveTheirRootsOnTheLog) {
  testkit::record_vectors("ethereum/tests TrieTests", 13);
  const int count = run_vectors("trietest_secureTrie.json", true) +
                    run_vectors("trieanyorder_secureTrie.json", true) +
                    run_vectors("hex_encoded_securetrie_test.json", true);
  if (count == 0) GTEST_SKIP() << "vectors not found";
  EXPECT_EQ(count, 13);
}

/// Keys that share long prefixes, so that extensions, inlined nodes and deep branches occur.
Hash clustered_key(std::mt19937_64& random) {
  static constexpr std::size_t kShared[] = {0, 1, 7, 20, 28, 30, 31};
  Hash key;
  for (auto& byte : key.bytes) byte = 0x77;
  const std::size_t from = kShared[random() % std::size(kShared)];
  const std::size_t to = from == 31 ? 32 : from + 1 + random() % (32 - from);
  for (std::size_t i = from; i < to; ++i)
    key.bytes[i] = static_cast<std::uint8_t>(0x77 + (random() % 3) * (random() % 2 == 0 ? 1 : 16));
  return key;
}

Bytes small_value(std::mt19937_64& random) {
  Bytes value(random() % 4 == 0 ? 33 : 1 + random() % 3);
  for (auto& byte : value) byte = static_cast<std::uint8_t>(random());
  return value;
}

TEST(Trie, RandomChangesGiveTheRootOfATrieBuiltAtOnce) {
  std::mt19937_64 random{20'261'123};
  for (int run = 0; run < 20; ++run) {
    LogTrie trie;
    Map map;
    for (int step = 0; step < 60; ++step) {
      std::map<Hash, Bytes> changes;
      const std::size_t count = 1 + random() % (step % 10 == 0 ? 80 : 6);
      const bool removing = random() % 3 == 0;
      for (std::size_t i = 0; i < count; ++i) {
        Hash key = clustered_key(random);
        if (removing && !map.empty() && random() % 4 != 0) {
          auto at = map.begin();
          std::advance(at, static_cast<std::ptrdiff_t>(random() % map.size()));
          key = Hash::from(at->first);
        }
        const bool remove = removing && random() % 5 != 0;
        changes[key] = remove ? Bytes{} : small_value(random);
      }
      for (const auto& [key, value] : changes) {
        if (value.empty())
          map.erase(to_bytes(key));
        else
          map[to_bytes(key)] = value;
      }
      trie.apply(changes);
      ASSERT_EQ(trie.root.ref.root_hash(), naive_root(map)) << run << " " << step;
    }
    for (const auto& [key, value] : map) {
      const auto leaf = find_leaf(trie.log, trie.root.at, Hash::from(key));
      ASSERT_TRUE(leaf && *leaf);
      EXPECT_TRUE(std::ranges::equal((*leaf)->value, value));
    }
    std::map<Hash, Bytes> all;
    for (const auto& [key, value] : map) all[Hash::from(key)] = {};
    trie.apply(all);
    EXPECT_EQ(trie.root.ref.root_hash(), types::kEmptyTrieRoot);
    EXPECT_TRUE(trie.root.empty());
  }
}

TEST(Trie, ProofsOfPresentAndMissingKeysVerify) {
  std::mt19937_64 random{7};
  for (int run = 0; run < 30; ++run) {
    LogTrie trie;
    std::map<Hash, Bytes> map;
    const std::size_t size = run % 5 == 0 ? static_cast<std::size_t>(run) / 5 : 60;
    for (std::size_t i = 0; i < size; ++i) map[clustered_key(random)] = small_value(random);
    trie.apply(map);
    const Hash root = trie.root.ref.root_hash();
    for (int i = 0; i < 200; ++i) {
      Hash key = clustered_key(random);
      if (i % 2 == 0 && !map.empty())
        key = std::next(map.begin(), static_cast<std::ptrdiff_t>(random() % map.size()))->first;
      auto nodes = *prove(trie.log, trie.root.at, key);
      const auto proved = verify_proof(root, key, nodes);
      ASSERT_TRUE(proved) << run << " " << i;
      const auto expected = map.find(key);
      ASSERT_EQ(proved->has_value(), expected != map.end());
      if (*proved) {
        EXPECT_EQ(**proved, expected->second);
      }

      if (nodes.empty()) continue;
      Bytes& broken = nodes[random() % nodes.size()];
      broken[random() % broken.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
      EXPECT_FALSE(verify_proof(root, key, nodes));
    }
  }
}

TEST(Trie, AProofWithMissingOrSpareNodesIsRefused) {
  LogTrie trie;
  std::map<Hash, Bytes> map;
  for (std::uint8_t i = 0; i < 200; ++i) map[hash::keccak256(Bytes{i})] = Bytes(40, i);
  trie.apply(map);
  const Hash root = trie.root.ref.root_hash();
  const Hash key = hash::keccak256(Bytes{9});
  const auto nodes = *prove(trie.log, trie.root.at, key);
  ASSERT_GE(nodes.size(), 3u);
  EXPECT_TRUE(verify_proof(root, key, nodes));
  auto shorter = nodes;
  shorter.pop_back();
  EXPECT_FALSE(verify_proof(root, key, shorter));
  auto longer = nodes;
  longer.push_back(nodes.back());
  EXPECT_FALSE(verify_proof(root, key, longer));
  EXPECT_FALSE(verify_proof(root, key, {}));
  EXPECT_FALSE(verify_proof(types::kEmptyTrieRoot, key, nodes));
  EXPECT_FALSE(verify_proof(hash::keccak256(Bytes{1}), key, nodes));
}

TEST(Trie, ANodeThatOnlyMovesKeepsItsReferenceAndRoot) {
  LogTrie trie;
  std::map<Hash, Bytes> map;
  for (std::uint8_t i = 0; i < 100; ++i) map[hash::keccak256(Bytes{i})] = Bytes(5, i);
  trie.apply(map);
  const Link before = trie.root;
  const Hash key = hash::keccak256(Bytes{3});
  const auto same = update_trie(trie.log, before, std::vector<Change>{{key, map[key]}});
  EXPECT_EQ(same->at, before.at);
  const auto moved = update_trie(
      trie.log, before, std::vector<Change>{{.key = key, .value = map[key], .rewrite = true}});
  EXPECT_NE(moved->at, before.at);
  EXPECT_EQ(moved->ref.root_hash(), before.ref.root_hash());
}

}  // namespace
}  // namespace wusong::state
