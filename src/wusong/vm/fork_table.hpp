// SPDX-License-Identifier: Apache-2.0
// One row of rules per fork: what the interpreter and the precompiles ask about it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wusong/vm/fork.hpp"

namespace wusong::vm {

/// Which table of precompiles, `last_precompile` rows of it.
enum class PrecompileSet : std::uint8_t { adopted, draft_2024_04 };

/// @source EIP-2929, 3529 (London), 3651, 3855, 3860 (Shanghai), 1153, 4844, 5656, 6780, 7516
/// (Cancun), 2537, 7702 (Prague), 7823, 7883, 7939, 7951 (Osaka)
struct ForkRules {
  Fork fork;
  std::string_view name;              // as the published tests write it
  std::int64_t sstore_clear_refund;   // EIP-3529
  std::int64_t self_destruct_refund;  // EIP-3529
  std::size_t initcode_size_max;      // EIP-3860; no limit before
  std::int64_t initcode_word_gas;     // EIP-3860
  bool has_delegation;                // EIP-7702
  bool has_bounded_modexp;            // EIP-7823 and EIP-7883
  std::uint16_t last_precompile;      // of those numbered without a gap from 1
  bool has_p256;                      // EIP-7951, at 0x100
  PrecompileSet precompiles{PrecompileSet::adopted};
  bool is_draft{false};                 // never adopted: find_fork() does not offer it
  std::array<std::int32_t, 256> gas{};  // by opcode; -1: undefined in this fork
};

const ForkRules& rules_of(Fork fork) noexcept;

// Constant from Berlin to Osaka.
inline constexpr std::int64_t kColdAccountGas = 2600;
inline constexpr std::int64_t kColdSlotGas = 2100;
inline constexpr std::int64_t kWarmGas = 100;
inline constexpr std::int64_t kSstoreSetGas = 20000;
inline constexpr std::int64_t kSstoreResetGas = 5000 - kColdSlotGas;
inline constexpr std::int64_t kSstoreSentry = 2300;  // EIP-2200
inline constexpr std::int64_t kCallStipend = 2300;
inline constexpr std::int64_t kCallValueGas = 9000;
inline constexpr std::int64_t kNewAccountGas = 25000;
inline constexpr std::int64_t kCopyWordGas = 3;
inline constexpr std::int64_t kKeccakWordGas = 6;
inline constexpr std::int64_t kLogByteGas = 8;
inline constexpr std::int64_t kExpByteGas = 50;
inline constexpr std::size_t kStackItemsMax = 1024;
inline constexpr int kCallDepthMax = 1024;

}  // namespace wusong::vm
