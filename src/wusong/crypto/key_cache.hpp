// SPDX-License-Identifier: Apache-2.0
// Public keys of signers that come again, expanded, where nobody can say beforehand who they are:
// senders of transactions.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "wusong/base/hash_map.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/mutex.hpp"

namespace wusong::crypto {

/// Verifies as verify_batch does, and remembers. A key is expanded when a second signature by it
/// has verified; until then it takes eight bytes of a table that is as large from the beginning,
/// where strangers overwrite each other. What is full lets go of the key that was used least: each
/// key has up to three uses to lose, one a round of the hand, before it goes (CLOCK with counts),
/// so many newcomers drive out each other and not those that come all the time.
/// @thread safe with a real mutex, which is not held while anything is computed
class KeyCache {
 public:
  struct Limits {
    std::size_t bytes_max{std::size_t{64} << 20};  // of expanded keys
    std::size_t strangers_max{32'768};             // that have been seen once; a power of two
  };
  KeyCache(std::unique_ptr<io::Mutex> mutex, io::Entropy& entropy)
      : KeyCache{std::move(mutex), entropy, Limits{}} {}
  KeyCache(std::unique_ptr<io::Mutex> mutex, io::Entropy& entropy, const Limits& limits);
  ~KeyCache();

  struct Counts {
    std::size_t keys;
    std::size_t bytes;
  };
  Counts counts() const;
  bool has(const SchemeKey& key) const;

 private:
  friend std::vector<Result<void>> verify_batch(std::span<const VerifyRequest>, KeyCache&);
  using ExpandedPtr = std::shared_ptr<const internal::ExpandedKey>;
  struct Entry {
    std::uint64_t name;
    Scheme scheme;
    Bytes public_key;
    ExpandedPtr expanded;
    std::size_t bytes;
    std::uint8_t uses;
  };
  /// A name stands for a key in the index: its SipHash under a secret of this cache, so that nobody
  /// makes a key that has another's name. Of two that have one by chance the second is not kept.
  std::uint64_t name_of(Scheme scheme, BytesView public_key) const noexcept;

  ExpandedPtr find(std::uint64_t name, const VerifyRequest& request);
  bool has_come_before(std::uint64_t name);
  void keep(Entry entry);
  void remove_one();
  void expand(std::span<const VerifyRequest* const> requests);

  std::unique_ptr<io::Mutex> mutex_;
  const Limits limits_;
  std::array<std::uint8_t, 16> secret_;
  std::vector<std::uint64_t> strangers_;
  HashMap<std::uint64_t, std::size_t, std::hash<std::uint64_t>> index_;  // of entries_
  std::vector<Entry> entries_;
  std::size_t hand_{0};
  std::size_t bytes_{0};
};
/// The same verdicts as without the cache.
std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests, KeyCache& cache);

}  // namespace wusong::crypto
