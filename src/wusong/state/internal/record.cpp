// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/record.hpp"

#include <bit>

#include "wusong/state/internal/checksum.hpp"

namespace wusong::state {
namespace {

static_assert(std::endian::native == std::endian::little, "records are little-endian");

constexpr std::size_t kBranchPrefixAt = 10;
constexpr std::size_t kBranchPrefixInHeader = 6;
constexpr std::size_t kBranchEntryBytes = 40;
constexpr std::uint64_t kSegmentMagic = 0x676f6c676e757377;  // "wsunglog"

template <typename T>
T load(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
void store(std::uint8_t* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

void seal(std::uint8_t* record, std::size_t size) noexcept {
  store(record, crc32c({record + 4, size - 4}));
}

/// Where the children of a branch of this depth start.
constexpr std::size_t branch_entries_at(std::size_t depth) noexcept {
  const std::size_t prefix = (depth + 1) / 2;
  if (prefix <= kBranchPrefixInHeader) return 16;
  return 16 + (prefix - kBranchPrefixInHeader + 7) / 8 * 8;
}

/// Nothing for an unknown kind.
std::optional<std::size_t> record_size(const std::uint8_t* header) noexcept {
  switch (static_cast<RecordKind>(header[4])) {
    case RecordKind::leaf:
      return leaf_bytes(load<std::uint32_t>(header + 4) >> 8);
    case RecordKind::branch:
      return branch_entries_at(header[5]) +
             kBranchEntryBytes *
                 static_cast<std::size_t>(std::popcount(load<std::uint16_t>(header + 6)));
    case RecordKind::commit:
      return kCommitBytes;
    case RecordKind::segment:
      return kSegmentHeaderBytes;
    case RecordKind::owner:
      return kOwnerBytes;
    case RecordKind::staged:
      return kStagedBytes;
  }
  return std::nullopt;
}

bool is(BytesView record, RecordKind kind) noexcept {
  return record.size() >= kRecordHeaderBytes && kind_of(record) == kind;
}

}  // namespace

std::size_t write_branch(const BranchRecord& branch,
                         std::array<std::uint8_t, kBranchRecordMax>& out) noexcept {
  std::uint8_t* const data = out.data();
  const std::size_t entries = branch_entries_at(branch.depth);
  std::memset(data, 0, entries);
  data[4] = static_cast<std::uint8_t>(RecordKind::branch);
  data[5] = branch.depth;
  const std::size_t prefix = (branch.depth + 1u) / 2;
  std::memcpy(data + kBranchPrefixAt, branch.prefix.data(), prefix);
  if (branch.depth % 2 == 1) data[kBranchPrefixAt + prefix - 1] &= 0xf0;
  std::uint16_t present = 0;
  std::uint16_t inlined = 0;
  std::uint8_t* at = data + entries;
  for (unsigned i = 0; i < 16; ++i) {
    const Link& child = branch.children[i];
    if (child.empty()) continue;
    present = static_cast<std::uint16_t>(present | 1u << i);
    if (!child.ref.is_hash()) inlined = static_cast<std::uint16_t>(inlined | 1u << i);
    store(at, child.at);
    std::memset(at + 8, 0, 32);
    std::memcpy(at + 8, child.ref.bytes.data(), child.ref.size);
    at += kBranchEntryBytes;
  }
  store(data + 6, present);
  store(data + 8, inlined);
  const auto size = static_cast<std::size_t>(at - data);
  seal(data, size);
  return size;
}

std::size_t write_commit(const CommitRecord& commit,
                         std::array<std::uint8_t, kCommitBytes>& out) noexcept {
  std::uint8_t* const data = out.data();
  std::memset(data, 0, out.size());
  data[4] = static_cast<std::uint8_t>(RecordKind::commit);
  data[5] = kFormatVersion;
  store(data + 8, commit.height);
  std::memcpy(data + 16, commit.root.data(), 32);
  store(data + 48, commit.accounts);
  std::memcpy(data + 56, commit.code_root.data(), 32);
  store(data + 88, commit.code);
  store(data + 96, commit.previous);
  store(data + 104, commit.durable);
  store(data + 112, commit.collected);
  static_assert(kCommitBytes == 120);
  seal(data, out.size());
  return out.size();
}

std::size_t write_staged(const StagedRecord& staged,
                         std::array<std::uint8_t, kStagedBytes>& out) noexcept {
  std::uint8_t* const data = out.data();
  std::memset(data, 0, out.size());
  data[4] = static_cast<std::uint8_t>(RecordKind::staged);
  data[5] = kFormatVersion;
  std::memcpy(data + 8, staged.root.data(), 32);
  store(data + 40, staged.accounts);
  std::memcpy(data + 48, staged.code_root.data(), 32);
  store(data + 80, staged.code);
  store(data + 88, staged.storages);
  store(data + 96, staged.commit);
  store(data + 104, staged.durable);
  static_assert(kStagedBytes == 112);
  seal(data, out.size());
  return out.size();
}

std::size_t write_segment_header(std::uint32_t id,
                                 std::array<std::uint8_t, kSegmentHeaderBytes>& out) noexcept {
  std::uint8_t* const data = out.data();
  std::memset(data, 0, out.size());
  data[4] = static_cast<std::uint8_t>(RecordKind::segment);
  data[5] = kFormatVersion;
  store(data + 8, kSegmentMagic ^ id);
  seal(data, out.size());
  return out.size();
}

std::size_t write_owner(const Owner& owner, std::array<std::uint8_t, kOwnerBytes>& out) noexcept {
  std::uint8_t* const data = out.data();
  std::memset(data, 0, out.size());
  data[4] = static_cast<std::uint8_t>(RecordKind::owner);
  data[5] = static_cast<std::uint8_t>(owner.domain);
  std::memcpy(data + 8, owner.account.data(), 32);
  seal(data, out.size());
  return out.size();
}

void write_leaf(const LeafRecord& leaf, Bytes& out) {
  WUSONG_ASSERT(leaf.value.size() <= kLeafValueMax);
  out.clear();
  out.resize(leaf_bytes(leaf.value.size()));
  std::uint8_t* const data = out.data();
  store(data + 4, static_cast<std::uint32_t>(leaf.value.size()) << 8 |
                      static_cast<std::uint32_t>(RecordKind::leaf));
  store(data + 8, leaf.storage);
  std::memcpy(data + 16, leaf.key.data(), 32);
  if (!leaf.value.empty())
    std::memcpy(data + kLeafHeaderBytes, leaf.value.data(), leaf.value.size());
  seal(data, out.size());
}

std::optional<BytesView> whole_record(BytesView bytes) noexcept {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  const auto size = record_size(bytes.data());
  if (!size || *size > bytes.size()) return std::nullopt;
  const BytesView record = bytes.first(*size);
  if (load<std::uint32_t>(record.data()) != crc32c(record.subspan(4))) return std::nullopt;
  return record;
}

std::optional<LeafRecord> decode_leaf(BytesView record) noexcept {
  if (!is(record, RecordKind::leaf) || record.size() < kLeafHeaderBytes) return std::nullopt;
  const std::size_t size = load<std::uint32_t>(record.data() + 4) >> 8;
  if (record.size() != leaf_bytes(size) || size == 0) return std::nullopt;
  return LeafRecord{.key = Hash::from(record.subspan(16, 32)),
                    .storage = load<std::uint64_t>(record.data() + 8),
                    .value = record.subspan(kLeafHeaderBytes, size)};
}

std::optional<BranchRecord> decode_branch(BytesView record) noexcept {
  if (!is(record, RecordKind::branch)) return std::nullopt;
  const std::uint8_t* const data = record.data();
  if (data[5] > 63 || record_size(data) != record.size()) return std::nullopt;
  const auto present = load<std::uint16_t>(data + 6);
  const auto inlined = load<std::uint16_t>(data + 8);
  if ((inlined & ~present) != 0) return std::nullopt;
  BranchRecord out;
  out.depth = data[5];
  std::memcpy(out.prefix.data(), data + kBranchPrefixAt, (out.depth + 1u) / 2);
  const std::uint8_t* at = data + branch_entries_at(out.depth);
  for (unsigned i = 0; i < 16; ++i) {
    if ((present >> i & 1) == 0) continue;
    Link& child = out.children[i];
    child.at = load<std::uint64_t>(at);
    std::memcpy(child.ref.bytes.data(), at + 8, 32);
    child.ref.size = 32;
    if ((inlined >> i & 1) != 0) {
      // RLP of a list of at most 30 bytes: its prefix tells its size.
      if (at[8] < 0xc1 || at[8] > 0xc0 + 30) return std::nullopt;
      child.ref.size = static_cast<std::uint8_t>(at[8] - 0xc0 + 1);
    }
    if (child.at == 0) return std::nullopt;
    at += kBranchEntryBytes;
  }
  return out;
}

std::optional<CommitRecord> decode_commit(BytesView record) noexcept {
  if (!is(record, RecordKind::commit) || record.size() != kCommitBytes) return std::nullopt;
  const std::uint8_t* const data = record.data();
  if (data[5] != kFormatVersion) return std::nullopt;
  return CommitRecord{.height = load<std::uint64_t>(data + 8),
                      .root = Hash::from(record.subspan(16, 32)),
                      .accounts = load<std::uint64_t>(data + 48),
                      .code_root = Hash::from(record.subspan(56, 32)),
                      .code = load<std::uint64_t>(data + 88),
                      .previous = load<std::uint64_t>(data + 96),
                      .durable = load<std::uint64_t>(data + 104),
                      .collected = load<std::uint64_t>(data + 112)};
}

std::optional<StagedRecord> decode_staged(BytesView record) noexcept {
  if (!is(record, RecordKind::staged) || record.size() != kStagedBytes) return std::nullopt;
  const std::uint8_t* const data = record.data();
  if (data[5] != kFormatVersion) return std::nullopt;
  return StagedRecord{.root = Hash::from(record.subspan(8, 32)),
                      .accounts = load<std::uint64_t>(data + 40),
                      .code_root = Hash::from(record.subspan(48, 32)),
                      .code = load<std::uint64_t>(data + 80),
                      .storages = load<std::uint64_t>(data + 88),
                      .commit = load<std::uint64_t>(data + 96),
                      .durable = load<std::uint64_t>(data + 104)};
}

std::optional<Owner> decode_owner(BytesView record) noexcept {
  if (!is(record, RecordKind::owner) || record.size() != kOwnerBytes || record[5] > 2)
    return std::nullopt;
  return Owner{.domain = static_cast<Domain>(record[5]),
               .account = Hash::from(record.subspan(8, 32))};
}

std::optional<std::uint8_t> decode_segment_header(BytesView record, std::uint32_t id) noexcept {
  if (!is(record, RecordKind::segment) || record.size() != kSegmentHeaderBytes) return std::nullopt;
  if (load<std::uint64_t>(record.data() + 8) != (kSegmentMagic ^ id)) return std::nullopt;
  return record[5];
}

BranchStep step_branch(BytesView record, const Hash& key) noexcept {
  const std::uint8_t* const data = record.data();
  BranchStep out{.depth = data[5], .child = 0};
  if (out.depth > 63) return out;
  const unsigned bit = 1u << nibble_at(key, out.depth);
  const unsigned present = load<std::uint16_t>(data + 6);
  if ((present & bit) == 0) return out;
  const auto before = static_cast<std::size_t>(std::popcount(present & (bit - 1)));
  out.child = load<std::uint64_t>(data + branch_entries_at(out.depth) + kBranchEntryBytes * before);
  return out;
}

}  // namespace wusong::state
