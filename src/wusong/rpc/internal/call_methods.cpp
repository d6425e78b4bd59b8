// SPDX-License-Identifier: Apache-2.0
// eth_: running code without a transaction.
#include <array>

#include "wusong/exec/call.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/rpc/internal/call_params.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonWriter;

/// Everything one call needs, read from its arguments (transaction, block, state, block overrides).
struct Scene {
  exec::CallRequest request;
  exec::CallOptions options;
  std::unique_ptr<types::StateView> state;
  std::unique_ptr<NodeBlockHashes> hashes;
  exec::BlockContext block;
  exec::ChainRules rules;
};

/// Which block code asked for at "latest" believes to be in.
enum class At : std::uint8_t {
  named,  // the block named, as eth_call has it
  next,   // the one after it, where a transaction estimated now will run: a contract that stores
          // the block's number would seem to change nothing in the block that stored it last
};

Answer<Scene> set_scene(const Call& call, At at) {
  const Context& context = call.context;
  Scene scene;
  scene.rules = context.node.rules();
  scene.options.gas_cap = context.config.call_gas_cap;
  WUSONG_ANSWER(const codec::JsonValue transaction, call.params.at({0, "transaction"}));
  WUSONG_ANSWER(scene.request, read_call(transaction, {0, "transaction"}, scene.rules.chain_id,
                                         scene.options.gas_cap));
  WUSONG_ANSWER(const BlockRef ref, call.params.block({1, "block"}));
  WUSONG_ANSWER(scene.options.state,
                read_state_overrides(call.params.find(2), {2, "stateOverrides"}));
  WUSONG_ANSWER(scene.options.block,
                read_block_overrides(call.params.find(3), {3, "blockOverrides"}));
  WUSONG_ANSWER(const Height height, height_of(context, ref));
  WUSONG_ANSWER(scene.state, timed_state_at(context, height));
  scene.hashes = std::make_unique<NodeBlockHashes>(context.node);
  const bool next = at == At::next && ref.kind == BlockRef::Kind::latest;
  if (ref.kind == BlockRef::Kind::pending || next) {
    scene.block = context_of(context.node.pending_environment(), scene.hashes.get());
  } else {
    const auto environment = context.node.environment(height);
    if (!environment) return std::unexpected{state_fault(context, environment.error(), height)};
    scene.block = context_of(*environment, scene.hashes.get());
  }
  return scene;
}

Answer<void> eth_call(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Scene scene, set_scene(call, At::named));
  const auto outcome =
      exec::call(*scene.state, scene.block, scene.rules, scene.request, scene.options);
  if (!outcome) return refuse(outcome.error());
  if (!outcome->success()) return std::unexpected{outcome_fault(*outcome)};
  out.data(outcome->output);
  return {};
}

Answer<void> estimate_gas(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Scene scene, set_scene(call, At::next));
  const auto estimate =
      exec::estimate_gas(*scene.state, scene.block, scene.rules, scene.request, scene.options);
  if (!estimate) return refuse(estimate.error());
  if (!estimate->gas) return std::unexpected{outcome_fault(estimate->outcome)};
  out.quantity(*estimate->gas);
  return {};
}

Answer<void> create_access_list(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Scene scene, set_scene(call, At::next));
  const auto made = exec::create_access_list(*scene.state, scene.block, scene.rules, scene.request,
                                             scene.options);
  if (!made) return refuse(made.error());
  out.open_object().key("accessList").open_array();
  for (const auto& entry : made->access_list) {
    out.open_object().key("address").data(entry.address).key("storageKeys").open_array();
    for (const Hash& key : entry.storage_keys) out.data(key);
    out.close_array().close_object();
  }
  out.close_array();
  if (made->status != vm::Status::success) {
    exec::TransactionOutcome outcome;
    outcome.status = made->status;
    outcome.output = made->output;
    out.key("error").string(exec::failure_text(outcome));
  }
  out.key("gasUsed").quantity(made->gas_used).close_object();
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"eth_call", eth_call},
    {"eth_estimateGas", estimate_gas},
    {"eth_createAccessList", create_access_list},
});

}  // namespace

std::span<const Method> call_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc
