// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/snapshot.hpp"

#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/sync/errors.hpp"
#include "wusong/types/account.hpp"

namespace wusong::sync {
namespace {

using Kind = net::SnapshotItem::Kind;

/// Nibbles that the measure of progress resolves.
constexpr std::uint8_t kCoverDepth = 15;

state::TriePath path_of(const net::SnapshotItem& item) noexcept {
  return {.nibbles = item.nibbles, .depth = item.depth};
}

std::optional<Hash> account_of(const net::SnapshotItem& item) noexcept {
  return item.kind == Kind::storage ? std::optional{item.key} : std::nullopt;
}

state::TrieBranch branch_from(const net::SnapshotBranch& wire) noexcept {
  state::TrieBranch out{.prefix = wire.prefix, .depth = wire.depth, .children = {}};
  for (std::size_t i = 0; i < 16; ++i) {
    const Bytes& child = wire.children[i];
    std::ranges::copy(child, out.children[i].bytes.begin());
    out.children[i].size = static_cast<std::uint8_t>(child.size());
  }
  return out;
}

}  // namespace

SnapshotFetcher::SnapshotFetcher(const SnapshotConfig& config, state::StateImport& import,
                                 Height height, const Hash& root, Instant now)
    : config_{config},
      import_{import},
      height_{height},
      root_{root},
      now_{now},
      peers_{config.peers} {}

void SnapshotFetcher::aim(Height height, const Hash& root) {
  for (const auto& [id, asked] : asked_) peers_.finished(asked.peer);
  asked_.clear();
  wanted_.clear();
  chunks_.clear();
  codes_.clear();
  without_.clear();
  height_ = height;
  root_ = root;
  covered_ = 0;
  started_ = false;
}

SnapshotFetcher::Actions SnapshotFetcher::step(Event event, Instant now) {
  now_ = std::max(now, now_);
  out_ = {};
  std::visit([this](auto& each) { on(each); }, event);
  expire();
  if (!started_) {
    started_ = true;
    const Item top{.where = {}, .ref = state::NodeRef::of_hash(root_), .chunk = 0};
    if (const auto wanted = want(top); !wanted) out_.halt = wanted.error();
  }
  if (out_.halt) return std::move(out_);
  out_.complete = idle();
  if (!out_.complete) ask();
  progress_.permille = covered_ >> (4 * kCoverDepth - 10);
  progress_.permille = out_.complete ? 1'000 : std::min<std::uint64_t>(progress_.permille, 999);
  set_wake();
  return std::move(out_);
}

// ---- events

void SnapshotFetcher::on(const PeerStatus& event) {
  peers_.told(event);
}

void SnapshotFetcher::on(const PeerGone& event) {
  for (auto at = asked_.begin(); at != asked_.end();) {
    const auto next = std::next(at);
    if (at->second.peer == event.peer) {
      give_back(std::move(at->second.items));
      asked_.erase(at);
    }
    at = next;
  }
  peers_.gone(event.peer);
  without_.erase(event.peer);
}

void SnapshotFetcher::on(const Tick& /*event*/) {}

void SnapshotFetcher::on(SnapshotReceived& event) {
  using Status = net::SnapshotResponse::Status;
  const auto found = asked_.find(event.response.id);
  if (found == asked_.end() || found->second.peer != event.peer) return;  // too late
  std::vector<Item> items = std::move(found->second.items);
  asked_.erase(found);
  peers_.finished(event.peer);
  if (event.response.status == Status::busy) {
    peers_.pause(event.peer, now_ + config_.busy_pause);
    return give_back(std::move(items));
  }
  if (event.response.status == Status::gone) {
    without_[event.peer] = root_;
    return give_back(std::move(items));
  }
  std::vector<net::SnapshotPart>& parts = event.response.parts;
  if (parts.size() > items.size()) {
    give_back(std::move(items));
    return blame(event.peer, err::wrong_parts);
  }
  std::size_t taken = 0;
  for (; taken < parts.size(); ++taken) {
    const auto done = take(items[taken], parts[taken]);
    if (done) continue;
    if (done.error().info().disposition != Disposition::reject) {
      out_.halt = done.error();
      return;
    }
    blame(event.peer, done.error());
    // Parts that were right do not fit together: whatever was believed, it is asked for again.
    if (done.error() == Error{state::err::import_incomplete}) return aim(height_, root_);
    break;
  }
  if (taken == parts.size()) peers_.answered_well(event.peer);
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(taken));
  give_back(std::move(items));
}

// ---- parts

Result<void> SnapshotFetcher::take(Item& item, net::SnapshotPart& part) {
  if (item.where.kind == Kind::code) {
    const auto* code = std::get_if<Bytes>(&part);
    if (code == nullptr) return fail(err::wrong_parts);
    return take_code(item, *code);
  }
  state::Subtree subtree;
  if (auto* leaves = std::get_if<net::SnapshotLeaves>(&part)) {
    std::vector<state::TrieLeaf> out;
    out.reserve(leaves->size());
    for (net::SnapshotLeaf& leaf : *leaves)
      out.push_back({.key = leaf.key, .value = std::move(leaf.value)});
    subtree = std::move(out);
  } else if (const auto* branch = std::get_if<net::SnapshotBranch>(&part)) {
    subtree = branch_from(*branch);
  } else {
    return fail(err::wrong_parts);
  }
  const auto ref = state::ref_of(subtree, path_of(item.where));
  if (!ref) return fail(err::bad_part);
  // A root is always named by its hash, however short it is.
  const bool same =
      item.where.depth == 0 ? ref->root_hash() == item.ref.root_hash() : *ref == item.ref;
  if (!same && !has_defect(Defect::snapshot_unchecked)) return fail(err::bad_part);
  if (auto* leaves = std::get_if<std::vector<state::TrieLeaf>>(&subtree))
    return take_leaves(item, std::move(*leaves));
  return take_branch(item, std::get<state::TrieBranch>(subtree));
}

Result<void> SnapshotFetcher::take_leaves(const Item& item, std::vector<state::TrieLeaf> leaves) {
  for (const state::TrieLeaf& leaf : leaves) progress_.bytes += Hash::kSize + leaf.value.size();
  if (item.where.kind == Kind::accounts) return hold(path_of(item.where), std::move(leaves));
  WUSONG_CHECK(import_.put(item.where.key, path_of(item.where), leaves));
  progress_.slots += leaves.size();
  return arrived(item.chunk);
}

Result<void> SnapshotFetcher::take_branch(const Item& item, const state::TrieBranch& branch) {
  WUSONG_CHECK(import_.keep(account_of(item.where), path_of(item.where), branch));
  if (item.chunk != 0) ++chunks_.at(item.chunk).waiting;  // for the children, until they are known
  for (std::uint8_t nibble = 16; nibble-- > 0;) {
    const auto path = state::TriePath::child(branch.prefix, branch.depth, nibble);
    if (branch.children[nibble].empty()) {
      if (item.chunk == 0) cover(path.depth);
      continue;
    }
    Item child = item;
    child.where.nibbles = path.nibbles;
    child.where.depth = path.depth;
    child.ref = branch.children[nibble];
    if (item.chunk != 0) ++chunks_.at(item.chunk).waiting;
    WUSONG_CHECK(want(child));
  }
  if (item.chunk == 0) {
    // What the extension leaves out is empty.
    for (std::uint8_t depth = item.where.depth; depth < branch.depth; ++depth)
      for (int i = 0; i < 15; ++i) cover(static_cast<std::uint8_t>(depth + 1));
    return {};
  }
  WUSONG_CHECK(arrived(item.chunk));
  return arrived(item.chunk);
}

Result<void> SnapshotFetcher::take_code(const Item& item, BytesView code) {
  if (types::code_hash_of(code) != item.where.key && !has_defect(Defect::snapshot_unchecked))
    return fail(err::bad_part);
  WUSONG_CHECK(import_.put_code(item.where.key, code));
  ++progress_.codes;
  progress_.bytes += code.size();
  const auto found = codes_.find(item.where.key);
  if (found == codes_.end()) return {};
  const std::vector<std::uint64_t> chunks = std::move(found->second);
  codes_.erase(found);
  for (const std::uint64_t chunk : chunks) WUSONG_CHECK(arrived(chunk));
  return {};
}

/// Keeps accounts until everything that belongs to them is there.
Result<void> SnapshotFetcher::hold(const state::TriePath& path,
                                   std::vector<state::TrieLeaf> leaves) {
  for (const state::TrieLeaf& leaf : leaves)
    if (!types::decode_account(leaf.value)) return fail(err::bad_part);
  const std::uint64_t id = next_chunk_++;
  Chunk& chunk = chunks_[id];
  chunk.path = path;
  chunk.leaves = std::move(leaves);
  chunk.waiting = 1;  // until all is known that it waits for
  for (const state::TrieLeaf& leaf : chunk.leaves) WUSONG_CHECK(want_account(id, leaf));
  return arrived(id);
}

Result<void> SnapshotFetcher::want_account(std::uint64_t chunk, const state::TrieLeaf& leaf) {
  const auto account = types::decode_account(leaf.value);
  WUSONG_ASSERT(account);
  WUSONG_TRY(const bool has_code, import_.has_code(account->code_hash));
  if (!has_code) {
    ++chunks_.at(chunk).waiting;
    const auto [waiting, fresh] = codes_.try_emplace(account->code_hash);
    waiting->second.push_back(chunk);
    if (fresh) {
      wanted_.push_back(
          {.where = {.kind = Kind::code, .key = account->code_hash, .nibbles = {}, .depth = 0},
           .ref = {},
           .chunk = chunk});
    }
  }
  if (account->storage_root == types::kEmptyTrieRoot) return {};
  ++chunks_.at(chunk).waiting;
  return want({.where = {.kind = Kind::storage, .key = leaf.key, .nibbles = {}, .depth = 0},
               .ref = state::NodeRef::of_hash(account->storage_root),
               .chunk = chunk});
}

/// Asks for a part unless it is there.
Result<void> SnapshotFetcher::want(Item item) {
  WUSONG_TRY(const bool has, import_.has(account_of(item.where), path_of(item.where), item.ref));
  if (!has) {
    wanted_.push_back(std::move(item));
    return {};
  }
  if (item.chunk != 0) return arrived(item.chunk);
  cover(item.where.depth);
  return {};
}

Result<void> SnapshotFetcher::arrived(std::uint64_t chunk) {
  const auto found = chunks_.find(chunk);
  WUSONG_ASSERT(found != chunks_.end() && found->second.waiting > 0);
  if (--found->second.waiting > 0) return {};
  const Chunk done = std::move(found->second);
  chunks_.erase(found);
  WUSONG_CHECK(import_.put(std::nullopt, done.path, done.leaves));
  progress_.accounts += done.leaves.size();
  cover(done.path.depth);
  return {};
}

void SnapshotFetcher::cover(std::uint8_t depth) noexcept {
  if (depth <= kCoverDepth) covered_ += std::uint64_t{1} << (4 * (kCoverDepth - depth));
}

// ---- what follows from them

void SnapshotFetcher::give_back(std::vector<Item> items) {
  for (auto item = items.rbegin(); item != items.rend(); ++item)
    wanted_.push_back(std::move(*item));
}

void SnapshotFetcher::expire() {
  for (auto at = asked_.begin(); at != asked_.end();) {
    const auto next = std::next(at);
    if (at->second.deadline <= now_) {
      peers_.finished(at->second.peer);
      peers_.rest(at->second.peer, now_);
      give_back(std::move(at->second.items));
      asked_.erase(at);
    }
    at = next;
  }
}

void SnapshotFetcher::ask() {
  while (!wanted_.empty() && asked_.size() < config_.requests_max) {
    const auto has_it = [&](consensus::PeerId id, const Peers::Peer& each) {
      return each.finalised >= height_ && !without_.contains(id);
    };
    const auto peer = peers_.choose(now_, has_it);
    if (!peer) {
      const bool anybody = std::ranges::any_of(
          peers_.all(), [&](const auto& entry) { return has_it(entry.first, entry.second); });
      out_.gone = !anybody && !without_.empty();
      return;
    }
    const std::uint64_t id = next_id_++;
    Asked& asked = asked_[id];
    asked.peer = *peer;
    asked.deadline = peers_.ask(*peer, id, now_);
    net::SnapshotRequest request{.id = id, .height = height_, .root = root_, .items = {}};
    while (!wanted_.empty() && asked.items.size() < config_.items_max) {
      request.items.push_back(wanted_.back().where);
      asked.items.push_back(std::move(wanted_.back()));
      wanted_.pop_back();
    }
    out_.requests.push_back({.to = *peer, .request = std::move(request)});
  }
}

void SnapshotFetcher::set_wake() {
  std::optional<Instant> wake;
  const auto by = [&](Instant at) {
    if (!wake || at < *wake) wake = at;
  };
  for (const auto& [id, asked] : asked_) by(asked.deadline);
  if (const auto awake = peers_.next_awake(now_); awake && !wanted_.empty()) by(*awake);
  out_.wake_at = wake;
}

void SnapshotFetcher::blame(consensus::PeerId peer, Error reason) {
  out_.misbehaviour.push_back({peer, reason});
  peers_.condemn(peer, now_);
}

}  // namespace wusong::sync
