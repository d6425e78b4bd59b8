// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/licences.hpp"

#include <algorithm>
#include <array>

namespace wusong::portal {
namespace {

constexpr std::array kLicences{
    Licence{"CC0-1.0",
            {"知识共享 CC0 1.0 公共领域贡献", "Creative Commons Zero 1.0"},
            "https://creativecommons.org/publicdomain/zero/1.0/"},
    Licence{"CC-BY-4.0",
            {"知识共享 署名 4.0", "Creative Commons Attribution 4.0"},
            "https://creativecommons.org/licenses/by/4.0/"},
    Licence{"CC-BY-SA-4.0",
            {"知识共享 署名-相同方式共享 4.0", "Creative Commons Attribution Share-Alike 4.0"},
            "https://creativecommons.org/licenses/by-sa/4.0/"},
    Licence{"CC-BY-NC-4.0",
            {"知识共享 署名-非商业性使用 4.0", "Creative Commons Attribution Non-Commercial 4.0"},
            "https://creativecommons.org/licenses/by-nc/4.0/",
            false},
    Licence{"ODC-By-1.0",
            {"开放数据公用 署名 1.0", "Open Data Commons Attribution 1.0"},
            "https://opendatacommons.org/licenses/by/1-0/"},
    Licence{"ODbL-1.0",
            {"开放数据公用 开放数据库许可 1.0", "Open Data Commons Open Database License 1.0"},
            "https://opendatacommons.org/licenses/odbl/1-0/"}};

}  // namespace

std::span<const Licence> licences() noexcept {
  return kLicences;
}

const Licence* find_licence(std::string_view id) noexcept {
  const auto found = std::ranges::find(kLicences, id, &Licence::id);
  return found == kLicences.end() ? nullptr : &*found;
}

}  // namespace wusong::portal
