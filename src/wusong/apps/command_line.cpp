// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "wusong/apps/completion.hpp"
#include "wusong/apps/config.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/version.hpp"

namespace wusong::apps {
namespace {

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    out.push_back(child->get_name());
  }
  return out;
}

const CLI::App* child_of(const CLI::App& app, const std::string& name) {
  const auto children =
      app.get_subcommands([&](const CLI::App* child) { return child->get_name() == name; });
  return children.empty() ? nullptr : children.front();
}

struct Place {
  const CLI::App* app;
  std::string path;      // "wusong network create"
  std::size_t words{0};  // of the arguments that lead there
};

/// The deepest subcommand that the leading words name.
Place deepest(const CLI::App& root, const std::vector<std::string>& arguments) {
  Place place{.app = &root, .path = root.get_name()};
  for (const std::string& word : arguments) {
    const CLI::App* child = child_of(*place.app, word);
    if (child == nullptr) break;
    place = {child, place.path + " " + word, place.words + 1};
  }
  return place;
}

/// CLI11's messages name types of C++ and bounds of doubles.
std::string in_our_words(const CLI::ParseError& error) {
  std::string what = error.what();
  std::ranges::replace(what, '\n', ' ');
  const std::string kind = error.get_name();
  const auto colon = what.find(": ");
  const std::string subject = what.substr(0, colon);
  const std::string rest = colon == std::string::npos ? what : what.substr(colon + 2);
  if (kind == "ConversionError" && subject == "Could not convert") {
    const auto equals = rest.find(" = ");
    if (equals != std::string::npos) {
      return fmt::format("{} \"{}\" is not a number that fits here", rest.substr(0, equals),
                         rest.substr(equals + 3));
    }
  }
  if (kind == "ArgumentMismatch" && rest.ends_with(" missing")) {
    return fmt::format("{} needs a value", subject);
  }
  if (kind == "ArgumentMismatch" && rest.starts_with("At Most")) {
    return fmt::format("{} is given twice", subject);
  }
  if (kind == "ValidationError" && rest.find("not in range") != std::string::npos) {
    return fmt::format("{} must be a number that is not negative", subject);
  }
  if (kind == "ExcludesError") {
    const auto middle = what.find(" excludes ");
    if (middle != std::string::npos) {
      return fmt::format("{} and {} exclude each other: give one of them", what.substr(0, middle),
                         what.substr(middle + 10));
    }
  }
  if (subject.starts_with("The following argument")) return fmt::format("unexpected: {}", rest);
  return what;
}

/// A group shows the examples of its commands; without one it would show the program's.
void add_group_examples(CLI::App& group) {
  std::string examples;
  for (CLI::App* child : group.get_subcommands([](const CLI::App*) { return true; })) {
    add_group_examples(*child);
    std::string footer = child->get_footer();
    if (footer.starts_with("Example: ")) footer.erase(0, 9);
    if (footer.starts_with("Examples:\n  ")) footer.erase(0, 12);
    examples += fmt::format("\n  {}", footer.substr(0, footer.find('\n')));
  }
  if (!examples.empty()) group.footer("Examples:" + examples);
}

/// What CLI11 found wrong, in our words where it is an option nobody knows.
std::string describe(const CLI::App& root, const std::vector<std::string>& arguments,
                     const CLI::ParseError& error) {
  const Place place = deepest(root, arguments);
  std::vector<std::string> known;
  for (const CLI::Option* option : place.app->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (std::size_t i = place.words; i < arguments.size(); ++i) {
    const std::string name = arguments[i].substr(0, arguments[i].find('='));
    if (!name.starts_with("--") || name == "--" || std::ranges::find(known, name) != known.end()) {
      continue;
    }
    return fmt::format("unknown option {}; did you mean {}? See `{} --help`", name,
                       nearest(name, known), place.path);
  }
  return fmt::format("{}; see `{} --help`", in_our_words(error), place.path);
}

void add_other_commands(CLI::App& root, int& code) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* version = root.add_subcommand("version", "Version, commit and compiler");
  version->add_flag("--json", *json, "As one JSON object");
  version->footer(fmt::format("Example: {} version --json", root.get_name()));
  version->callback([json, &code] { code = show_version(*json); });

  CLI::App& completion = add_group(root, "completion", "Scripts that complete commands with Tab");
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CLI::App* leaf = completion.add_subcommand(shell, fmt::format("For {}", shell));
    leaf->footer(completion_example(root, shell));
    leaf->callback([&root, shell = std::string{shell}, &code] {
      say(completion_script(root, shell));
      code = 0;
    });
  }
}

}  // namespace

CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& what) {
  CLI::App* group = parent.add_subcommand(name, what);
  group->require_subcommand(1);
  return *group;
}

void finish_cli(CLI::App& root, int& code) {
  root.require_subcommand(1);
  root.set_version_flag("--version", fmt::format("{} {}", root.get_name(), kVersion));
  add_other_commands(root, code);
  for (CLI::App* group : root.get_subcommands([](const CLI::App*) { return true; })) {
    add_group_examples(*group);
  }
}

std::string unknown_subcommand(const CLI::App& root, const std::vector<std::string>& arguments) {
  const Place place = deepest(root, arguments);
  const auto names = names_of(*place.app);
  if (names.empty()) return {};
  if (place.words == arguments.size()) {
    return fmt::format("{} needs a command: {}", place.path, fmt::join(names, ", "));
  }
  const std::string& word = arguments[place.words];
  if (word.starts_with('-')) return {};
  return fmt::format("unknown command \"{}\"; did you mean `{} {}`?", word, place.path,
                     nearest(word, names));
}

int run_app(CLI::App& app, const std::vector<std::string>& given, const int& code) {
  std::vector<std::string> arguments = given;
  if (!arguments.empty() && arguments.front() == "help") {  // "help network" is "network --help"
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  if (const std::string fault = unknown_subcommand(app, arguments); !fault.empty()) {
    return complain({err::bad_argument, fault});
  }
  // CLI11 would take "[1,2]" apart; contracts take arrays as one argument.
  std::vector<std::string> words{arguments.rbegin(), arguments.rend()};
  for (std::string& word : words) {
    if (word.starts_with('[') && word.ends_with(']')) word.push_back(' ');
  }
  try {
    app.parse(std::move(words));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return complain({err::bad_argument, describe(app, arguments, error)});
  }
  return code;
}

}  // namespace wusong::apps
