// SPDX-License-Identifier: Apache-2.0
// The registry on the chain (contracts/src/Registry.sol) as nodes read it, and the epochs that
// follow from it (ADR 0014). A chain whose genesis holds no registry stays in its first epoch.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "wusong/node/genesis.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::node {

/// Where a chain keeps its registry.
inline constexpr Address kRegistryAddress{
    std::array<std::uint8_t, 20>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x57, 0x00}};

/// Proposals that one governor may make before the registry changes: the contract's bound.
inline constexpr std::uint64_t kProposalsPerGovernorMax = 16;

/// What the registry holds after some height.
struct Registry {
  std::uint64_t version{0};
  std::uint64_t epoch_blocks{1};  // an epoch lasts at least so many
  std::uint64_t threshold{0};     // governors whose approval carries a proposal out
  std::vector<types::Validator> validators;
  std::vector<Address> governors;  // one for each validator
  std::vector<types::Observer> observers;
  types::ChainParameters parameters;
};

/// A proposal that governors may still approve.
struct OpenProposal {
  std::uint64_t id{0};
  Address by;
  std::vector<Bytes> changes;  // calls: registry_calls.hpp
  std::vector<Address> approvals;
};

bool has_registry(const Genesis& genesis);
/// Puts the contract and its first state into the genesis: its validators, observers, parameters.
/// @param governors  one account for each validator, no two equal
void add_registry(Genesis& genesis, std::span<const Address> governors, std::uint64_t epoch_blocks);

/// @errors the view's
[[nodiscard]] Result<std::uint64_t> registry_version(types::StateView& state);
/// @errors err::bad_registry (not what the contract writes), the view's
[[nodiscard]] Result<Registry> read_registry(types::StateView& state);

/// In the order of their numbers; a registry without any gives none. At most as many as all
/// governors may make; of a contract that does not bound them, the newest.
/// @errors err::bad_registry, the view's
[[nodiscard]] Result<std::vector<OpenProposal>> open_proposals(types::StateView& state);

/// The epoch that the genesis begins.
types::Epoch first_epoch(const Genesis& genesis);
/// The epoch that a block at `height` ends its own for: when the registry as the block's header has
/// it agreed is another than `current` was read from, and `current` has lasted long enough.
std::optional<types::Epoch> following_epoch(const types::Epoch& current, const Registry& agreed,
                                            Height height);

/// Whether the registry in a genesis begins with the genesis' own validators and parameters.
bool registry_agrees(const Genesis& genesis);

}  // namespace wusong::node
