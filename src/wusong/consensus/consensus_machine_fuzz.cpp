// SPDX-License-Identifier: Apache-2.0
// Property: whatever peers send, even when every signature verifies, a machine does not crash,
// casts one vote per kind and view, its records restore, and what it holds of slices has a bound.
#include <cstddef>
#include <cstdint>
#include <map>

#include "wusong/base/assert.hpp"
#include "wusong/consensus/machine.hpp"

namespace {

using namespace wusong;
using namespace wusong::consensus;

struct Signer final : VoteSigner {
  ValidatorIndex index() const noexcept override { return 0; }
  Bytes sign(BytesView /*message*/) const override { return {1}; }
};
struct Credulous final : VoteVerifier {
  std::size_t count() const noexcept override { return 4; }
  bool verify(ValidatorIndex /*who*/, BytesView /*message*/, BytesView /*s*/) const override {
    return true;
  }
};
struct Anything final : BlockIdentity {
  bool matches(const Block& /*block*/) const override { return true; }
};

const Signer kSigner;
const Credulous kVerifier;
const Anything kIdentity;

/// Whatever can go in slices does, so that jobs of both kinds are run.
Config small_slices() {
  Config config;
  config.dispersal.whole_bytes_max = 0;
  config.dispersal.window = 2;
  return config;
}

struct Driver {
  Config config = small_slices();
  std::map<Bytes, Bytes> disk;
  std::map<std::pair<std::uint64_t, VoteKind>, VoteSubject> votes;
  BlockRef final;
  Instant now;
  Machine machine = create();

  Machine create() {
    std::vector<Record> records;
    for (const auto& [key, value] : disk) records.push_back({key, value});
    auto made = Machine::create(config, {&kSigner, &kVerifier, &kIdentity}, final, records);
    WUSONG_ASSERT(made.has_value());
    return std::move(*made);
  }
  void check(const Bytes& bytes) {
    const auto message = decode_message(bytes, kPayloadBytesMax);
    WUSONG_ASSERT(message.has_value());
    const auto* vote = std::get_if<Vote>(&*message);
    if (vote == nullptr || vote->validator != 0) return;
    const auto known =
        votes.try_emplace({vote->subject.view.value, vote->subject.kind}, vote->subject).first;
    WUSONG_ASSERT(known->second == vote->subject);
  }
  void step(const Event& event) {
    take(machine.step(event, now));
    WUSONG_ASSERT(machine.status().dispersal_bytes <= 8 * config.payload_bytes_max);
  }
  void take(Actions actions) {
    for (auto& record : actions.persist) {
      if (record.value) {
        disk[record.key] = *record.value;
      } else {
        disk.erase(record.key);
      }
    }
    for (const auto& send : actions.sends) check(*send.bytes);
    if (actions.finalized) {
      for (const auto& block : actions.finalized->blocks) {
        WUSONG_ASSERT(block->ref.height == final.height.next() && block->parent_id == final.id);
        final = block->ref;
      }
      step(FinalizedStored{final.height});
    }
    for (const SliceJob& job : actions.slice_jobs) step(job.run());
    for (const auto& request : actions.verify) {
      const bool bad = request.block->payload.size() == 13;
      step(PayloadVerified{request.block->ref.id, bad ? Verdict::bad : Verdict::ok});
    }
    if (actions.build) {
      Hash id;
      id.bytes.fill(0xee);
      id.bytes[0] = static_cast<std::uint8_t>(actions.build->view.value);
      step(PayloadBuilt{actions.build->view, id, Bytes{7}});
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Driver driver;
  driver.take(driver.machine.start(driver.now));
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::uint8_t command = data[at];
    const std::size_t unit = (command & 7) == 7 ? 8 : 1;  // fragments have hundreds of bytes
    const std::size_t length = std::min<std::size_t>(data[at + 1] * unit, size - at - 2);
    const BytesView bytes{data + at + 2, length};
    at += 2 + length;
    driver.now += std::chrono::milliseconds{command >> 3} * 10;
    switch (command & 7) {
      case 0:
        driver.step(Tick{});
        break;
      case 1:
        driver.step(WorkPending{(command & 8) != 0});
        break;
      case 2:
        driver.machine = driver.create();
        driver.take(driver.machine.start(driver.now));
        break;
      default:
        driver.step(MessageReceived{static_cast<PeerId>(command & 3), bytes});
        break;
    }
  }
  return 0;
}
