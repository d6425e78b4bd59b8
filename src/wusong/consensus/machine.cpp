// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/machine.hpp"

#include <algorithm>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/core.hpp"

namespace wusong::consensus {
namespace {

/// The largest block fits the slices that there may be.
bool valid(const DispersalConfig& dispersal, std::size_t validators,
           std::size_t payload_bytes_max) {
  const std::size_t needed = faulty_max(validators) + 1;
  const std::size_t slice = std::min<std::size_t>(dispersal.slice_bytes_max, needed * kPartBytes);
  return dispersal.slice_bytes_max > 0 && dispersal.slice_bytes_max <= coding::kPayloadBytesMax &&
         dispersal.window > 0 && dispersal.window <= kSlicesMax &&
         dispersal.bytes_per_second_min > 0 && dispersal.hash != nullptr &&
         payload_bytes_max <= slice * kSlicesMax;
}

bool valid(const Config& config, const Ports& ports) {
  if (ports.verifier == nullptr || ports.identity == nullptr) return false;
  const std::size_t count = ports.verifier->count();
  if (count == 0 || count > kValidatorsMax) return false;
  if (ports.signer != nullptr && ports.signer->index() >= count) return false;
  const PacemakerConfig& pace = config.pacemaker;
  return pace.timeout_min > Duration{0} && pace.timeout_min <= pace.timeout_initial &&
         pace.timeout_initial <= pace.timeout_max && pace.margin >= Duration{0} &&
         config.min_block_interval >= Duration{0} && config.retransmit_min > Duration{0} &&
         config.retransmit_min <= config.retransmit_max &&
         config.rest_status_interval > Duration{0} && config.catchup_blocks_max > 0 &&
         config.payload_bytes_max <= kPayloadBytesMax &&
         valid(config.dispersal, count, config.payload_bytes_max);
}

}  // namespace

Result<Machine> Machine::create(const Config& config, Ports ports, const BlockRef& finalized,
                                std::span<const Record> records) {
  if (!valid(config, ports)) return fail(err::bad_config);
  auto core = std::make_unique<internal::Core>(config, ports, finalized);
  WUSONG_CHECK(core->restore(records));
  return Machine{std::move(core)};
}

Machine::Machine(std::unique_ptr<internal::Core> core) noexcept : core_{std::move(core)} {}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;
Machine::~Machine() = default;

Actions Machine::start(Instant now) {
  return core_->start(now);
}
Actions Machine::step(const Event& event, Instant now) {
  return core_->step(event, now);
}
std::vector<Gauge> Machine::gauges() const {
  return core_->gauges();
}
Status Machine::status() const {
  return core_->status();
}

}  // namespace wusong::consensus
