// SPDX-License-Identifier: Apache-2.0
// What every program's command line has in common: errors in our words, help, version, completion.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wusong::apps {

/// A group: one of its subcommands must follow.
CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& what);

/// The end of every tree: version, completion, a subcommand that must follow, and for each group
/// the examples of its commands. `code` must outlive the tree.
void finish_cli(CLI::App& root, int& code);

/// A word that stands where a subcommand should and is none, with the nearest one; empty where
/// every word has its place. `arguments` are without the program's name.
std::string unknown_subcommand(const CLI::App& root, const std::vector<std::string>& arguments);

/// Parses and runs; "help …" is "… --help". Leaves write their exit code to `code`.
/// @return 0 done, 1 failed, 2 the arguments make no sense
int run_app(CLI::App& root, const std::vector<std::string>& given, const int& code);

}  // namespace wusong::apps
