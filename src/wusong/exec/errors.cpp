// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/errors.hpp"

#include <utility>

namespace wusong::exec {

std::string_view text_of(Error error) noexcept {
  // As go-ethereum words them, because tools match on these strings.
  static constexpr std::pair<const ErrorInfo*, std::string_view> kTexts[]{
      {&err::nonce_too_low, "nonce too low"},
      {&err::nonce_too_high, "nonce too high"},
      {&err::nonce_max, "nonce has max value"},
      {&err::insufficient_funds, "insufficient funds for gas * price + value"},
      {&err::intrinsic_gas_too_low, "intrinsic gas too low"},
      {&err::floor_data_gas_too_low, "insufficient gas for floor data gas cost"},
      {&err::block_gas_exceeded, "gas limit reached"},
      {&err::fee_below_base_fee, "max fee per gas less than block base fee"},
      {&err::tip_above_fee_cap, "max priority fee per gas higher than max fee per gas"},
      {&err::sender_not_eoa, "sender not an eoa"},
      {&err::initcode_too_large, "max initcode size exceeded"},
      {&err::type_not_supported, "transaction type not supported"},
      {&err::wrong_chain_id, "invalid chain id for signer"},
      {&err::gas_limit_too_high, "transaction gas limit too high"},
      {&err::fee_overflow, "gas limit times price exceeds 256 bits"},
      {&err::field_overflow, "transaction field out of range"},
      {&err::blob_missing, "blob transaction missing blob hashes"},
      {&err::blob_create, "blob transaction of type create"},
      {&err::blob_bad_version, "blob transaction has a blob hash with a wrong version"},
      {&err::blob_too_many, "blob transaction has too many blobs"},
      {&err::blob_fee_too_low, "max fee per blob gas less than block blob gas fee"},
      {&err::set_code_create, "EIP-7702 transaction cannot be used to create contract"},
      {&err::set_code_empty, "EIP-7702 transaction with empty auth list"},
      {&err::sender_not_permitted, "sender not permitted to transact"},
      {&err::deployment_not_permitted, "sender not permitted to deploy contracts"},
      {&err::key_not_current,
       "the key is not the account's present one: sign with the key that replaced it"},
      {&err::gas_required_exceeds_allowance, "gas required exceeds allowance"},
      {&err::no_such_transaction, "transaction not found"},
      {&err::override_conflict, "account has both 'state' and 'stateDiff'"},
      {&err::unknown_tracer, "tracer not found"},
      {&err::bad_state_test, "malformed state test"},
      {&err::unsupported_fork, "unsupported fork"},
  };
  for (const auto& [row, text] : kTexts) {
    if (error == Error{*row}) return text;
  }
  return error.name();
}

}  // namespace wusong::exec
