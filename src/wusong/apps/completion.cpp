// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "wusong/apps/keys.hpp"
#include "wusong/suite/scheme.hpp"

namespace wusong::apps {
namespace {

/// What stands after an option, or where a word without dashes does.
enum class Takes { nothing, value, choice, file, folder };

struct Value {
  Takes takes{Takes::nothing};
  std::string choices{};  // with spaces between them
};
struct Word {
  std::string text;  // "create", "--folder"
  std::string help;
  Value value{};

  bool is_option() const { return text.starts_with("--"); }
};
/// One command and what may follow it.
struct Node {
  std::string path;  // "network create"; empty: the program itself
  std::vector<Word> words;
  Value positional{};
};

/// Names of what a crypto command works with.
std::string schemes_for(std::string_view path) {
  using suite::Kind;
  const bool all = path == "crypto speed";
  std::string out;
  for (const suite::Scheme& each : suite::schemes()) {
    const bool fits = path == "crypto digest"   ? each.kind == Kind::digest
                      : path.ends_with("crypt") ? each.kind == Kind::cipher
                                                : each.kind < Kind::cipher;
    if (all || fits) out += (out.empty() ? "" : " ") + std::string{each.name};
  }
  return out;
}

/// What an option or positional of that name takes.
Value value_named(std::string_view name, const std::string& path) {
  static const std::map<std::string_view, Value> kKnown{
      {"folder", {Takes::folder}},
      {"keystore", {Takes::folder}},
      {"config", {Takes::file}},
      {"code", {Takes::file}},
      {"password-file", {Takes::file}},
      {"genesis", {Takes::file}},
      {"certificate", {Takes::file}},
      {"key-file", {Takes::file}},
      {"secret-file", {Takes::file}},
      {"signature", {Takes::file}},
      {"kind", {Takes::choice, "signature encapsulation agreement cipher digest"}},
      {"proof", {Takes::file}},
      {"trust", {Takes::file}},
      {"file", {Takes::file}},
      {"wan", {Takes::file}},
      {"organisations", {Takes::file}},
      {"dev-account", {Takes::choice, "0 1 2 3 4 5 6 7 8 9"}},
      {"block", {Takes::choice, "latest finalized safe earliest"}},
      {"scenario",
       {Takes::choice,
        "calm network crashes byzantine forks dispersal disks clocks restored members joins swarm "
        "leaders soak"}},
      {"scheme", {Takes::choice, scheme_names(" ")}},
      {"profile", {Takes::choice, "standard guomi hybrid-pq"}},
  };
  if (path.starts_with("crypto ")) {
    if (name == "scheme" || name == "cipher") return {Takes::choice, schemes_for(path)};
    if (name == "out" || name == "public-out" || name == "to" || name == "with")
      return {Takes::file};
  }
  if (name == "from" && path == "sample") return {Takes::file};
  if (name == "to" && path == "node backup") return {Takes::folder};
  if (name == "from" && path == "node restore") return {Takes::folder};
  if (name == "fork") {
    const bool chain = path.starts_with("network");
    return {Takes::choice,
            chain ? "Cancun Prague Osaka" : "Berlin London Paris Shanghai Cancun Prague Osaka"};
  }
  const auto found = kKnown.find(name);
  return found == kKnown.end() ? Value{Takes::value} : found->second;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& out) {
  Node node{.path = path, .words = {}};
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    node.words.push_back({.text = child->get_name(), .help = child->get_description()});
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) node.positional = value_named(option->get_name(), path);
    for (const std::string& name : option->get_lnames()) {
      const bool value = option->get_expected_max() != 0;
      node.words.push_back(
          {"--" + name, option->get_description(), value ? value_named(name, path) : Value{}});
    }
  }
  out.push_back(std::move(node));
  for (const CLI::App* child : children) {
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), out);
  }
}

std::string where(const std::string& program, std::string_view shell) {
  if (shell == "bash") {
    return fmt::format("{0} completion bash > ~/.local/share/bash-completion/completions/{0}",
                       program);
  }
  if (shell == "zsh") return fmt::format("{0} completion zsh > ~/.zfunc/_{0}", program);
  return fmt::format("{0} completion fish > ~/.config/fish/completions/{0}.fish", program);
}

std::string header(const std::string& program, std::string_view shell) {
  std::string out = shell == "zsh" ? fmt::format("#compdef {}\n", program) : "";
  out +=
      fmt::format("# Completion of `{}` for {}. Install, then open a new shell:\n", program, shell);
  if (shell == "bash") out += "#   mkdir -p ~/.local/share/bash-completion/completions\n";
  if (shell == "zsh") out += "#   mkdir -p ~/.zfunc\n";
  if (shell == "fish") out += "#   mkdir -p ~/.config/fish/completions\n";
  out += fmt::format("#   {}\n", where(program, shell));
  if (shell == "zsh") {
    out += "# and in ~/.zshrc: fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit\n";
  }
  if (shell == "bash") {
    out += fmt::format("# Or for this shell only: source <({} completion bash)\n", program);
  }
  return out + "\n";
}

/// The name of a program's shell function: "_wusong_portal".
std::string function_of(std::string program) {
  std::ranges::replace(program, '-', '_');
  return "_" + program;
}

/// 'text' as one word of a shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

/// "path" of the words already typed: only those that name a subcommand count.
std::string known_paths(const std::vector<Node>& nodes) {
  std::string out;
  for (const Node& node : nodes) {
    if (!node.path.empty()) out += fmt::format("{}'{}'", out.empty() ? "" : "|", node.path);
  }
  return out;
}

/// Options that take a value: "path --option" of each, grouped by what the value is.
std::map<std::pair<Takes, std::string>, std::string> options_by_value(
    const std::vector<Node>& nodes) {
  std::map<std::pair<Takes, std::string>, std::string> out;
  for (const Node& node : nodes) {
    for (const Word& word : node.words) {
      if (word.value.takes == Takes::nothing) continue;
      std::string& patterns = out[{word.value.takes, word.value.choices}];
      patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : "|", node.path, word.text);
    }
  }
  return out;
}

std::string bash_action(const std::string& name, const Value& value) {
  switch (value.takes) {
    case Takes::file:
      return name + "_paths -f";
    case Takes::folder:
      return name + "_paths -d";
    case Takes::choice:
      return fmt::format("{}_words {}", name, shell_word(value.choices));
    default:
      return ":";
  }
}

std::string bash(const std::string& program, const std::vector<Node>& nodes) {
  const std::string name = function_of(program);
  std::string out = header(program, "bash");
  // Names with spaces stay one word each: a line each, and readline quotes them.
  out += name + "_paths() {\n  compopt -o filenames 2>/dev/null\n";
  out += "  mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n}\n";
  out += name + "_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n";
  out += name + "() {\n  local path= word words= plain=: i cur=${COMP_WORDS[COMP_CWORD]}\n";
  out += "  for ((i = 1; i < COMP_CWORD; i++)); do\n";
  out += "    word=\"${path:+$path }${COMP_WORDS[i]}\"\n";
  out += fmt::format("    case $word in {}) path=$word ;; esac\n  done\n", known_paths(nodes));
  out += "  COMPREPLY=()\n  case \"$path ${COMP_WORDS[COMP_CWORD - 1]}\" in\n";
  for (const auto& [value, patterns] : options_by_value(nodes)) {
    out += fmt::format("    {}) {}; return ;;\n", patterns,
                       bash_action(name, {.takes = value.first, .choices = value.second}));
  }
  out += "  esac\n  case $path in\n";
  for (const Node& node : nodes) {
    std::string words;
    for (const Word& word : node.words) words += (words.empty() ? "" : " ") + word.text;
    out += fmt::format("    '{}') words={}", node.path, shell_word(words));
    if (node.positional.takes != Takes::nothing) {
      out += fmt::format(" plain={}", shell_word(bash_action(name, node.positional)));
    } else {
      out += " plain=";
    }
    out += " ;;\n";
  }
  out += "  esac\n";
  out += "  if [[ -n $plain && $cur != -* ]]; then eval \"$plain\"; else " + name +
         "_words \"$words\"; fi\n";
  return out + fmt::format("}}\ncomplete -F {} {}\n", name, program);
}

std::string zsh_action(const Value& value) {
  switch (value.takes) {
    case Takes::file:
      return "_files";
    case Takes::folder:
      return "_files -/";
    case Takes::choice:
      return fmt::format("compadd -- {}", value.choices);
    default:
      return "_message value";
  }
}

std::string zsh(const std::string& program, const std::vector<Node>& nodes) {
  const std::string name = function_of(program);
  std::string out = header(program, "zsh");
  out += name + "() {\n  local path_= word i\n  local -a words_\n";
  out += "  for ((i = 2; i < CURRENT; i++)); do\n";
  out += "    word=\"${path_:+$path_ }${words[i]}\"\n";
  out += fmt::format("    case $word in\n      ({}) path_=$word ;;\n    esac\n  done\n",
                     known_paths(nodes));
  out += "  case \"$path_ ${words[CURRENT-1]}\" in\n";
  for (const auto& [value, patterns] : options_by_value(nodes)) {
    out += fmt::format("    ({}) {}; return ;;\n", patterns,
                       zsh_action({.takes = value.first, .choices = value.second}));
  }
  out += "  esac\n  if [[ ${words[CURRENT]} != -* ]]; then\n    case $path_ in\n";
  for (const Node& node : nodes) {
    if (node.positional.takes == Takes::nothing) continue;
    out += fmt::format("      ('{}') {}; return ;;\n", node.path, zsh_action(node.positional));
  }
  out += "    esac\n  fi\n  case $path_ in\n";
  for (const Node& node : nodes) {
    std::string words;
    for (const Word& word : node.words) {
      words += " " + shell_word(word.text + ":" + word.help);
    }
    out += fmt::format("    ('{}') words_=({} ) ;;\n", node.path, words);
  }
  out += fmt::format("  esac\n  _describe '{}' words_\n}}\n", program);
  return out + fmt::format(
                   "if [ \"$funcstack[1]\" = _{1} ]; then {0} \"$@\"; else compdef {0} {1}; "
                   "fi\n",
                   name, program);
}

std::string fish_condition(const Node& node) {
  if (node.path.empty()) return "__fish_use_subcommand";
  std::string out;
  std::string rest = node.path;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    out += fmt::format("{}__fish_seen_subcommand_from {}", out.empty() ? "" : "; and ",
                       rest.substr(0, space));
    rest = space == std::string::npos ? std::string{} : rest.substr(space + 1);
  }
  return out;
}

std::string fish_value(const Value& value) {
  switch (value.takes) {
    case Takes::nothing:
      return "";
    case Takes::file:
      return " -rF";
    case Takes::folder:
      return " -x -a '(__fish_complete_directories)'";
    case Takes::choice:
      return fmt::format(" -x -a {}", shell_word(value.choices));
    default:
      return " -x";
  }
}

std::string fish(const std::string& program, const std::vector<Node>& nodes) {
  const std::string complete = "complete -c " + program;
  std::string out = header(program, "fish") + complete + " -f\n";
  for (const Node& node : nodes) {
    const std::string place = fish_condition(node);
    if (node.positional.takes == Takes::file) {
      out += fmt::format("{} -n {} -F\n", complete, shell_word(place));
    } else if (node.positional.takes == Takes::choice) {
      out += fmt::format("{} -n {} -a {}\n", complete, shell_word(place),
                         shell_word(node.positional.choices));
    }
    for (const Word& word : node.words) {
      std::string condition = place;
      if (!word.is_option() && !node.path.empty()) {
        condition += "; and not __fish_seen_subcommand_from";
        for (const Word& other : node.words) {
          if (!other.is_option()) condition += " " + other.text;
        }
      }
      out += fmt::format("{} -n {} {} {}{} -d {}\n", complete, shell_word(condition),
                         word.is_option() ? "-l" : "-a",
                         word.is_option() ? word.text.substr(2) : word.text, fish_value(word.value),
                         shell_word(word.help));
    }
  }
  return out;
}

}  // namespace

std::string completion_example(const CLI::App& root, const std::string& shell) {
  return "Example: " + where(root.get_name(), shell);
}

std::string completion_script(const CLI::App& root, const std::string& shell) {
  std::vector<Node> nodes;
  collect(root, "", nodes);
  const std::string& program = root.get_name();
  if (shell == "zsh") return zsh(program, nodes);
  return shell == "fish" ? fish(program, nodes) : bash(program, nodes);
}

}  // namespace wusong::apps
