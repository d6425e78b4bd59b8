// SPDX-License-Identifier: Apache-2.0
// Machines that hear each other through one queue: no clock, no disk but a map.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/consensus/machine.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::consensus::internal {

using namespace std::chrono_literals;

class TestScheme final : public VoteVerifier {
 public:
  explicit TestScheme(std::size_t count) : count_{count} {}
  std::size_t count() const noexcept override { return count_; }
  bool verify(ValidatorIndex who, BytesView message, BytesView signature) const override {
    return std::ranges::equal(sign(who, message), signature);
  }
  static Bytes sign(ValidatorIndex who, BytesView message) {
    Bytes keyed{static_cast<std::uint8_t>(who), static_cast<std::uint8_t>(who >> 8)};
    append(keyed, message);
    return to_bytes(hash::keccak256(keyed));
  }

 private:
  std::size_t count_;
};
class TestSigner final : public VoteSigner {
 public:
  explicit TestSigner(ValidatorIndex index) : index_{index} {}
  ValidatorIndex index() const noexcept override { return index_; }
  Bytes sign(BytesView message) const override { return TestScheme::sign(index_, message); }

 private:
  ValidatorIndex index_;
};
/// The payload of a block is hashed once for all of its copies: they may be large.
class TestIdentity final : public BlockIdentity {
 public:
  bool matches(const Block& block) const override {
    return block.payload.size() == size && id_of(block.payload) == block.ref.id;
  }
  static Hash id_of(const Bytes& payload) {
    const std::size_t some = std::min<std::size_t>(payload.size(), 1u << 16);
    Bytes ends = to_bytes(BytesView{payload}.first(some));
    append(ends, BytesView{payload}.last(some));
    return hash::keccak256(ends);
  }
  std::size_t size{0};
};

inline const Hash kGenesis = hash::keccak256(as_bytes("genesis"));

inline Bytes pattern(std::size_t size) {
  Bytes out(size);
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    out[i] = static_cast<std::uint8_t>(state >> 56);
  }
  return out;
}

/// Machines whose leader of view 1 proposes one payload. Messages and jobs wait in one queue.
class TestNetwork {
 public:
  struct Sent {
    PeerId from;
    PeerId to;
    std::shared_ptr<const Bytes> bytes;
  };
  using Filter = std::function<bool(const Sent&, const Message&)>;

  TestNetwork(std::size_t count, const DispersalConfig& dispersal, std::size_t payload_bytes)
      : scheme_{count}, payload{pattern(payload_bytes)} {
    identity_.size = payload_bytes;
    block_id = TestIdentity::id_of(payload);
    config_.genesis = kGenesis;
    config_.payload_bytes_max = std::max<std::size_t>(payload_bytes, 1);
    config_.pacemaker = {
        .timeout_initial = 2min, .timeout_min = 200ms, .timeout_max = 2min, .margin = 100ms};
    config_.dispersal = dispersal;
    for (std::size_t i = 0; i < count; ++i) {
      signers_.emplace_back(static_cast<ValidatorIndex>(i));
      delivered.emplace_back();
      bytes_sent.push_back(0);
    }
    for (std::size_t i = 0; i < count; ++i) machines.push_back(make(i, {}));
    for (PeerId i = 0; i < count; ++i) take(i, machines[i].start(now));
    for (PeerId i = 0; i < count; ++i)
      for (PeerId j = 0; j < count; ++j)
        if (i != j) take(i, machines[i].step(PeerConnected{j}, now));
    run();
    std::ranges::fill(bytes_sent, 0);
  }

  Machine make(std::size_t index, const std::vector<Record>& records) {
    auto made = Machine::create(config_, {&signers_[index], &scheme_, &identity_},
                                {View{}, Height{}, kGenesis}, records);
    WUSONG_ASSERT(made.has_value());
    return std::move(*made);
  }
  void propose() {
    take(1, machines[1].step(WorkPending{true}, now));
    run();
  }
  void run() {
    for (; !queue_.empty(); queue_.pop_front()) {
      const std::function<void()> next = std::move(queue_.front());
      next();
    }
  }
  /// Lets time pass until all have the block as final, or for long enough.
  bool run_until_final() {
    for (int i = 0; i < 2'000 && !all_final(); ++i) {
      now += 50ms;
      for (PeerId j = 0; j < machines.size(); ++j) take(j, machines[j].step(Tick{}, now));
      run();
    }
    return all_final();
  }
  bool all_final() const {
    return std::ranges::all_of(delivered, [](const auto& blocks) { return !blocks.empty(); });
  }
  void take(PeerId self, Actions actions) {
    for (auto& record : actions.persist) {
      if (record.value) {
        largest_record = std::max(largest_record, record.value->size());
        if (keep_records) disks[self][record.key] = *record.value;
      } else {
        disks[self].erase(record.key);
      }
    }
    held_bytes_max = std::max(held_bytes_max, machines[self].status().dispersal_bytes);
    for (const Send& out : actions.sends)
      for (PeerId to = 0; to < machines.size(); ++to)
        if (to != self && (!out.to || *out.to == to)) transmit({self, to, out.bytes});
    for (SliceJob& job : actions.slice_jobs)
      queue_.emplace_back([this, self, job = std::move(job)] {
        SliceCoded coded = job.run();
        take(self, machines[self].step(tamper && self == 1 ? tamper(job, coded) : coded, now));
      });
    if (actions.build && actions.build->view == View{1})
      queue_.emplace_back([this, self] {
        take(self, machines[self].step(PayloadBuilt{View{1}, block_id, payload}, now));
      });
    for (const VerifyPayload& request : actions.verify)
      queue_.emplace_back([this, self, id = request.block->ref.id] {
        take(self, machines[self].step(PayloadVerified{id, Verdict::ok}, now));
      });
    if (actions.finalized)
      for (const BlockPtr& block : actions.finalized->blocks) delivered[self].push_back(block);
    for (auto& found : actions.misbehaviour) misbehaviour.push_back(std::move(found));
    if (actions.rejection) ++rejections[std::string{actions.rejection->error.name()}];
    WUSONG_ASSERT(!actions.halt.has_value());
  }

 private:
  void transmit(const Sent& sent) {
    bytes_sent[sent.from] += sent.bytes->size();
    largest_message = std::max(largest_message, sent.bytes->size());
    if (drop && drop(sent, *decode_message(*sent.bytes, kPayloadBytesMax))) return;
    queue_.emplace_back([this, sent] {
      take(sent.to, machines[sent.to].step(MessageReceived{sent.from, *sent.bytes}, now));
    });
  }

  TestScheme scheme_;
  TestIdentity identity_;
  std::vector<TestSigner> signers_;
  Config config_;
  std::deque<std::function<void()>> queue_;

 public:
  Bytes payload;
  Hash block_id;
  Instant now;
  Filter drop;
  bool keep_records{true};  // as large as the payload, for each machine
  std::function<SliceCoded(const SliceJob&, SliceCoded)> tamper;
  std::vector<Machine> machines;
  std::map<PeerId, std::map<Bytes, Bytes>> disks;
  std::vector<std::vector<BlockPtr>> delivered;
  std::vector<std::uint64_t> bytes_sent;
  std::vector<Misbehaviour> misbehaviour;
  std::map<std::string, std::size_t> rejections;
  std::size_t largest_message{0};
  std::size_t largest_record{0};
  std::size_t held_bytes_max{0};
};

}  // namespace wusong::consensus::internal
