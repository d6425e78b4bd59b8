// SPDX-License-Identifier: Apache-2.0
// The command line as a tree of CLI11 apps: each leaf writes its exit code where it is told to.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wusong::apps {

/// The whole tree. `code` must outlive it.
std::shared_ptr<CLI::App> make_cli(int& code);

/// Parses and runs; "help …" is "… --help". @return 0 done, 1 failed, 2 the arguments make no sense
int run_cli(const std::vector<std::string>& given);

/// A word that stands where a subcommand should and is none, with the nearest one; empty where
/// every word has its place. `arguments` are without the program's name.
std::string unknown_subcommand(const CLI::App& root, const std::vector<std::string>& arguments);

void add_network_commands(CLI::App& root, int& code);   // network, node
void add_account_commands(CLI::App& root, int& code);   // account
void add_contract_commands(CLI::App& root, int& code);  // contract
void add_query_commands(CLI::App& root, int& code);     // block, tx, receipt, validator
void add_verify_command(CLI::App& root, int& code);     // verify
void add_evm_commands(CLI::App& root, int& code);       // evm
void add_sim_commands(CLI::App& root, int& code);       // sim
void add_other_commands(CLI::App& root, int& code);     // version, completion

/// A group: one of its subcommands must follow.
CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& what);

}  // namespace wusong::apps
