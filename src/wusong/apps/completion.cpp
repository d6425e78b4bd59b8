// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

namespace wusong::apps {
namespace {

struct Word {
  std::string text;  // "create", "--folder"
  std::string help;
  bool takes_value{false};
  bool takes_file{false};
};
/// One command and what may follow it.
struct Node {
  std::string path;  // "network create"; empty: the program itself
  std::vector<Word> words;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& out) {
  Node node{.path = path, .words = {}};
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    node.words.push_back({.text = child->get_name(), .help = child->get_description()});
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const bool value = option->get_expected_max() != 0;
      const bool file = name == "folder" || name == "config" || name == "code" ||
                        name == "keystore" || name == "password-file";
      node.words.push_back({"--" + name, option->get_description(), value, value && file});
    }
  }
  out.push_back(std::move(node));
  for (const CLI::App* child : children) {
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), out);
  }
}

std::string where(std::string_view shell) {
  if (shell == "bash")
    return "wusong completion bash > ~/.local/share/bash-completion/completions/wusong";
  if (shell == "zsh") return "wusong completion zsh > ~/.zfunc/_wusong";
  return "wusong completion fish > ~/.config/fish/completions/wusong.fish";
}

std::string header(std::string_view shell) {
  std::string out = shell == "zsh" ? "#compdef wusong\n" : "";
  out += fmt::format("# Completion of `wusong` for {}. Install, then open a new shell:\n", shell);
  if (shell == "bash") out += "#   mkdir -p ~/.local/share/bash-completion/completions\n";
  if (shell == "zsh") out += "#   mkdir -p ~/.zfunc\n";
  if (shell == "fish") out += "#   mkdir -p ~/.config/fish/completions\n";
  out += fmt::format("#   {}\n", where(shell));
  if (shell == "zsh") {
    out += "# and in ~/.zshrc: fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit\n";
  }
  if (shell == "bash") out += "# Or for this shell only: source <(wusong completion bash)\n";
  return out + "\n";
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

std::string bash(const std::vector<Node>& nodes) {
  std::string out = header("bash");
  out += "_wusong() {\n  local path= word words i cur=${COMP_WORDS[COMP_CWORD]}\n";
  out += "  for ((i = 1; i < COMP_CWORD; i++)); do\n";
  out += "    word=\"${path:+$path }${COMP_WORDS[i]}\"\n";
  out += fmt::format("    case $word in {}) path=$word ;; esac\n  done\n", known_paths(nodes));
  out += "  COMPREPLY=()\n  case ${COMP_WORDS[COMP_CWORD - 1]} in\n";
  out += "    --folder | --config | --code | --keystore | --password-file)\n";
  out += "      COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n  esac\n";
  out += "  case $path in\n";
  for (const Node& node : nodes) {
    std::string words;
    for (const Word& word : node.words) words += " " + word.text;
    out += fmt::format("    '{}') words=({} ) ;;\n", node.path, words);
  }
  out += "  esac\n  COMPREPLY=($(compgen -W \"${words[*]}\" -- \"$cur\"))\n}\n";
  return out + "complete -o default -F _wusong wusong\n";
}

std::string zsh(const std::vector<Node>& nodes) {
  std::string out = header("zsh");
  out += "_wusong() {\n  local path_= word i\n  local -a words_\n";
  out += "  for ((i = 2; i < CURRENT; i++)); do\n";
  out += "    word=\"${path_:+$path_ }${words[i]}\"\n";
  out += fmt::format("    case $word in\n      ({}) path_=$word ;;\n    esac\n  done\n",
                     known_paths(nodes));
  out += "  case ${words[CURRENT-1]} in\n";
  out += "    (--folder|--config|--code|--keystore|--password-file) _files; return ;;\n  esac\n";
  out += "  case $path_ in\n";
  for (const Node& node : nodes) {
    std::string words;
    for (const Word& word : node.words) {
      words += " " + shell_word(word.text + ":" + word.help);
    }
    out += fmt::format("    ('{}') words_=({} ) ;;\n", node.path, words);
  }
  out += "  esac\n  _describe -o 'wusong' words_ || _files\n}\n";
  return out +
         "if [ \"$funcstack[1]\" = _wusong ]; then _wusong \"$@\"; else compdef _wusong wusong; "
         "fi\n";
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

std::string fish(const std::vector<Node>& nodes) {
  std::string out = header("fish") + "complete -c wusong -f\n";
  for (const Node& node : nodes) {
    for (const Word& word : node.words) {
      const bool option = word.text.starts_with("--");
      std::string condition = fish_condition(node);
      if (!option && !node.path.empty()) {
        condition += "; and not __fish_seen_subcommand_from";
        for (const Word& other : node.words) {
          if (!other.text.starts_with("--")) condition += " " + other.text;
        }
      }
      out += fmt::format("complete -c wusong -n {} {} {}{} -d {}\n", shell_word(condition),
                         option ? "-l" : "-a", option ? word.text.substr(2) : word.text,
                         word.takes_file    ? " -rF"
                         : word.takes_value ? " -x"
                                            : "",
                         shell_word(word.help));
    }
  }
  return out;
}

}  // namespace

std::string completion_example(const std::string& shell) {
  return "Example: " + where(shell);
}

std::string completion_script(const CLI::App& root, const std::string& shell) {
  std::vector<Node> nodes;
  collect(root, "", nodes);
  if (shell == "zsh") return zsh(nodes);
  return shell == "fish" ? fish(nodes) : bash(nodes);
}

}  // namespace wusong::apps
