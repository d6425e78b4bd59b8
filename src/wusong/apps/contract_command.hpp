// SPDX-License-Identifier: Apache-2.0
// `wusong contract …`: code put on a chain, asked and told things.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wusong/apps/account_command.hpp"

namespace wusong::apps {

/// What a call says: a signature with arguments, or the bytes themselves.
struct CallContent {
  std::string to;
  std::string signature;
  std::string data;
  std::vector<std::string> arguments;
};

struct DeployOptions {
  std::filesystem::path code_file;
  std::string contract;
  std::string types;
  std::vector<std::string> arguments;
  SendOptions send;
};
struct CallOptions {
  CallContent content;
  std::string from;
  std::string url{kDefaultUrl};
  std::string block{"latest"};
  bool json{false};
};
struct ContractSendOptions {
  CallContent content;
  SendOptions send;
};

/// All sign here and send the raw transaction; keys never leave this process. Accounts of
/// secp256k1 send EIP-1559 transactions, the others the native envelope.
/// @return 0; 1 also where the transaction reverted; 2 for arguments that make no sense
int contract_deploy(const DeployOptions& options);
int contract_call(const CallOptions& options);
int contract_send(const ContractSendOptions& options);

/// Signs, sends and waits. @return the transaction's hash
/// @errors err::reverted, err::not_included and those of reaching the node and opening the key
[[nodiscard]] Outcome<std::string> transact(const SendOptions& options, const Address& to,
                                            Bytes data);
/// The same by an account that is open already: `options.signer` is not looked at.
[[nodiscard]] Outcome<std::string> transact(const SendOptions& options, const Account& account,
                                            const Address& to, Bytes data);

/// "latest", "finalized", … as they are; a number as JSON-RPC writes it. @errors err::bad_argument
[[nodiscard]] Outcome<std::string> block_tag(const std::string& text);

}  // namespace wusong::apps
