// SPDX-License-Identifier: Apache-2.0
// Completion scripts made from the command line's own definition, so they never lag behind it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace wusong::apps {

/// `shell` is bash, zsh or fish. The first lines of the script say how to install it.
std::string completion_script(const CLI::App& root, const std::string& shell);
/// The footer of `PROGRAM completion SHELL --help`.
std::string completion_example(const CLI::App& root, const std::string& shell);

}  // namespace wusong::apps
