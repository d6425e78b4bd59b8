// SPDX-License-Identifier: Apache-2.0
#include "wusong/tables/xlsx.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <string_view>
#include <vector>

#include "wusong/tables/source.hpp"

namespace wusong::tables {
namespace {

constexpr std::uint64_t kUnpackedMax = 512ull << 20;
/// Sheets pack to a tenth or a fiftieth; what packs to less than this part is a bomb.
constexpr std::uint64_t kRatioMax = 400;
constexpr std::uint64_t kRatioFrom = 16u << 20;
constexpr std::uint64_t kArchiveMax = 512ull << 20;

[[noreturn]] void broken(const std::string& why) {
  throw Failed{"unreadable", "the workbook is damaged: " + why};
}

/// A zip archive in memory.
class Archive {
 public:
  explicit Archive(const std::string& path) {
    std::ifstream file{path, std::ios::binary | std::ios::ate};
    const auto size = static_cast<std::uint64_t>(file.tellg());
    if (!file || size > kArchiveMax) throw Failed{"too_large", "workbooks are read up to 512 MiB"};
    bytes_.resize(size);
    file.seekg(0);
    file.read(bytes_.data(), static_cast<std::streamsize>(size));
    read_directory();
  }

  bool has(const std::string& name) const { return entries_.contains(name); }

  std::string unpack(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) broken("no " + name);
    const Entry& entry = found->second;
    constexpr std::size_t kLocalHeader = 30;
    const std::size_t start =
        entry.offset + kLocalHeader + number(entry.offset + 26, 2) + number(entry.offset + 28, 2);
    if (start > bytes_.size() || entry.packed > bytes_.size() - start) broken("cut short");
    const std::string_view packed{bytes_.data() + start, entry.packed};
    if (entry.method == 0) return std::string{packed};
    if (entry.method != 8) broken("an unknown compression");
    return inflate_all(packed);
  }

 private:
  struct Entry {
    std::size_t offset;
    std::size_t packed;
    unsigned method;
  };

  std::size_t number(std::size_t at, std::size_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) broken("cut short");
    std::size_t out = 0;
    for (std::size_t i = count; i-- > 0;)
      out = out << 8 | static_cast<std::uint8_t>(bytes_[at + i]);
    return out;
  }

  void read_directory() {
    constexpr std::string_view kEnd{"PK\x05\x06", 4};
    const std::size_t end = bytes_.rfind(kEnd);
    if (end == std::string::npos) broken("no directory");
    std::size_t at = number(end + 16, 4);
    const std::size_t count = number(end + 10, 2);
    for (std::size_t i = 0; i < count; ++i) {
      if (number(at, 4) != 0x02014b50) broken("a damaged directory");
      const std::size_t name_size = number(at + 28, 2);
      number(at + 46, name_size);  // it is all there
      entries_[bytes_.substr(at + 46, name_size)] = {number(at + 42, 4), number(at + 20, 4),
                                                     static_cast<unsigned>(number(at + 10, 2))};
      at += 46 + name_size + number(at + 30, 2) + number(at + 32, 2);
    }
  }

  /// What it says about its size is not believed: a small archive may hold a mountain.
  static std::string inflate_all(std::string_view packed) {
    z_stream stream{};
    if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) broken("zlib");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    std::vector<char> buffer(256u << 10);
    int state = Z_OK;
    const std::uint64_t most =
        std::min(kUnpackedMax, std::max(kRatioFrom, kRatioMax * packed.size()));
    while (state == Z_OK && out.size() <= most) {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      state = ::inflate(&stream, Z_NO_FLUSH);
      out.append(buffer.data(), buffer.size() - stream.avail_out);
    }
    ::inflateEnd(&stream);
    if (out.size() > most)
      throw Failed{"too_large", fmt::format("the workbook unpacks to more than {} bytes", most)};
    if (state != Z_STREAM_END) broken("a damaged part");
    return out;
  }

  std::string bytes_;
  std::map<std::string, Entry> entries_;
};

/// Tags and texts of an XML file in order. No entities of its own are defined, so none are read.
class Scanner {
 public:
  explicit Scanner(std::string_view xml) : rest_{xml} {}

  /// The next tag, without brackets: "c r=\"A1\"", "/c". Its preceding text is in `text`.
  bool next() {
    const auto open = rest_.find('<');
    if (open == std::string_view::npos) return false;
    text = rest_.substr(0, open);
    const auto close = rest_.find('>', open);
    if (close == std::string_view::npos) return false;
    tag = rest_.substr(open + 1, close - open - 1);
    rest_.remove_prefix(close + 1);
    empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    name = tag.substr(0, tag.find_first_of(" \t\r\n"));
    if (const auto colon = name.find(':'); colon != std::string_view::npos)
      name = name.starts_with('/') ? name : name.substr(colon + 1);
    return true;
  }

  std::string_view attribute(std::string_view key) const {
    const std::string mark = " " + std::string{key} + "=\"";
    const auto found = tag.find(mark);
    if (found == std::string_view::npos) return {};
    const auto from = found + mark.size();
    return tag.substr(from, tag.find('"', from) - from);
  }

  std::string_view tag;
  std::string_view name;
  std::string_view text;
  bool empty{false};

 private:
  std::string_view rest_;
};

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 63));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 63));
    out += static_cast<char>(0x80 | (point & 63));
  } else if (point < 0x110000) {
    out += static_cast<char>(0xf0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 63));
    out += static_cast<char>(0x80 | (point >> 6 & 63));
    out += static_cast<char>(0x80 | (point & 63));
  }
}

std::string plain(std::string_view xml) {
  std::string out;
  while (!xml.empty()) {
    const auto mark = xml.find('&');
    out += xml.substr(0, mark);
    if (mark == std::string_view::npos) break;
    xml.remove_prefix(mark);
    const auto end = xml.find(';');
    if (end == std::string_view::npos) return out += xml;
    const std::string_view entity = xml.substr(1, end - 1);
    if (entity == "lt")
      out += '<';
    else if (entity == "gt")
      out += '>';
    else if (entity == "amp")
      out += '&';
    else if (entity == "quot")
      out += '"';
    else if (entity == "apos")
      out += '\'';
    else if (entity.starts_with('#')) {
      const bool hex = entity.size() > 1 && entity[1] == 'x';
      std::uint32_t point = 0;
      std::from_chars(entity.data() + (hex ? 2 : 1), entity.data() + entity.size(), point,
                      hex ? 16 : 10);
      append_utf8(out, point);
    }
    xml.remove_prefix(end + 1);
  }
  return out;
}

std::vector<std::string> shared_strings(const Archive& archive) {
  std::vector<std::string> out;
  if (!archive.has("xl/sharedStrings.xml")) return out;
  const std::string xml = archive.unpack("xl/sharedStrings.xml");
  Scanner scanner{xml};
  bool phonetic = false;
  while (scanner.next()) {
    if (scanner.name == "si")
      out.emplace_back();
    else if (scanner.name == "rPh")
      phonetic = !scanner.empty;
    else if (scanner.name == "/rPh")
      phonetic = false;
    else if (scanner.name == "/t" && !phonetic && !out.empty())
      out.back() += plain(scanner.text);
  }
  return out;
}

/// For each cell format, whether its numbers are days since 1899-12-30.
std::vector<bool> date_formats(const Archive& archive) {
  std::vector<bool> out;
  if (!archive.has("xl/styles.xml")) return out;
  const std::string xml = archive.unpack("xl/styles.xml");
  std::map<std::string, bool, std::less<>> custom;
  Scanner scanner{xml};
  bool inside = false;
  while (scanner.next()) {
    if (scanner.name == "numFmt") {
      std::string code = plain(scanner.attribute("formatCode"));
      // Text in quotes and colours in brackets are no part of the format.
      std::string bare;
      char skip = 0;
      for (const char c : code) {
        if (skip != 0) {
          if (c == skip) skip = 0;
        } else if (c == '"')
          skip = '"';
        else if (c == '[')
          skip = ']';
        else
          bare += c;
      }
      custom[std::string{scanner.attribute("numFmtId")}] =
          bare.find_first_of("ydYDhH") != std::string::npos || bare.find("mm") != std::string::npos;
    } else if (scanner.name == "cellXfs") {
      inside = true;
    } else if (scanner.name == "/cellXfs") {
      inside = false;
    } else if (scanner.name == "xf" && inside) {
      const std::string_view id = scanner.attribute("numFmtId");
      int number = 0;
      std::from_chars(id.data(), id.data() + id.size(), number);
      const auto found = custom.find(id);
      out.push_back(found != custom.end()
                        ? found->second
                        : (number >= 14 && number <= 22) || (number >= 27 && number <= 36) ||
                              (number >= 45 && number <= 47) || (number >= 50 && number <= 58));
    }
  }
  return out;
}

/// Days since 1899-12-30 as a date, with the time of day where there is one.
std::string date_text(std::string_view serial) {
  double days = 0;
  const auto [end, error] = std::from_chars(serial.data(), serial.data() + serial.size(), days);
  if (error != std::errc{} || end != serial.data() + serial.size() || !(days >= 0) || days > 3e6)
    return std::string{serial};
  auto seconds = static_cast<std::int64_t>(std::llround(days * 86'400));
  const std::int64_t day = seconds / 86'400;
  seconds %= 86'400;
  constexpr std::int64_t kEpoch = 25'569;  // 1970-01-01
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day - kEpoch}}};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (seconds != 0)
    out += fmt::format(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return out;
}

std::size_t column_of(std::string_view reference) {
  std::size_t out = 0;
  for (const char c : reference) {
    if (c < 'A' || c > 'Z') break;
    out = out * 26 + static_cast<std::size_t>(c - 'A' + 1);
    if (out > kColumnsMax) throw Failed{"too_many_columns", "the workbook has too many columns"};
  }
  return out;
}

std::string first_sheet(const Archive& archive) {
  for (int i = 1; i <= 64; ++i) {
    const std::string name = fmt::format("xl/worksheets/sheet{}.xml", i);
    if (archive.has(name)) return name;
  }
  broken("no sheet");
}

void append_csv(std::string& line, std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"') line += c;
    line += c;
  }
  line += '"';
}

}  // namespace

void xlsx_to_csv(const std::string& from, const std::string& to) {
  const Archive archive{from};
  const auto strings = shared_strings(archive);
  const auto dates = date_formats(archive);
  const std::string xml = archive.unpack(first_sheet(archive));
  std::ofstream out{to, std::ios::binary};
  Scanner scanner{xml};
  std::vector<std::string> row;
  std::size_t width = 0;
  std::size_t at = 0;
  std::string_view kind;
  bool is_date = false;
  std::string value;
  while (scanner.next()) {
    if (scanner.name == "row") {
      row.assign(width, {});
      at = 0;
    } else if (scanner.name == "c") {
      const auto place = column_of(scanner.attribute("r"));
      at = place == 0 ? at + 1 : place;
      kind = scanner.attribute("t");
      std::size_t style = 0;
      const std::string_view id = scanner.attribute("s");
      std::from_chars(id.data(), id.data() + id.size(), style);
      is_date = style < dates.size() && dates[style];
      value.clear();
    } else if (scanner.name == "/v") {
      value = plain(scanner.text);
    } else if (scanner.name == "/t" && kind == "inlineStr") {
      value += plain(scanner.text);
    } else if (scanner.name == "/c") {
      if (kind == "s") {
        std::size_t index = strings.size();
        std::from_chars(value.data(), value.data() + value.size(), index);
        value = index < strings.size() ? strings[index] : std::string{};
      } else if (kind == "b") {
        value = value == "1" ? "true" : "false";
      } else if (is_date && kind.empty()) {
        value = date_text(value);
      }
      if (at > row.size()) row.resize(at);
      if (at > kColumnsMax) throw Failed{"too_many_columns", "the workbook has too many columns"};
      row[at - 1] = value;
    } else if (scanner.name == "/row") {
      width = std::max(width, row.size());
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i != 0) line += ',';
        append_csv(line, row[i]);
      }
      out << line << '\n';
    }
  }
  if (!out.flush()) throw Failed{"disk_full", "the workbook could not be unpacked"};
}

}  // namespace wusong::tables
