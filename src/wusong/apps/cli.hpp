// SPDX-License-Identifier: Apache-2.0
// The command line of `wusong` as a tree of CLI11 apps.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wusong/apps/command_line.hpp"
#include "wusong/apps/contract_command.hpp"

namespace wusong::apps {

/// The whole tree. `code` must outlive it.
std::shared_ptr<CLI::App> make_cli(int& code);
/// Who signs, and how long to wait: of every command that sends a transaction.
void add_send_options(CLI::App& app, SendOptions& options);
/// Parses and runs. @return 0 done, 1 failed, 2 the arguments make no sense
int run_cli(const std::vector<std::string>& given);

void add_network_commands(CLI::App& root, int& code);   // network, node, doctor
void add_account_commands(CLI::App& root, int& code);   // account
void add_contract_commands(CLI::App& root, int& code);  // contract
void add_query_commands(CLI::App& root, int& code);     // block, tx, receipt, validator
void add_verify_command(CLI::App& root, int& code);     // verify
void add_light_commands(CLI::App& root, int& code);     // light
void add_evm_commands(CLI::App& root, int& code);       // evm
void add_sim_commands(CLI::App& root, int& code);       // sim
void add_chain_commands(CLI::App& root, int& code);     // chain
void add_crypto_commands(CLI::App& root, int& code);    // crypto

}  // namespace wusong::apps
