// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/tokens.hpp"

#include <algorithm>

#include "wusong/base/hash_map.hpp"

namespace wusong::portal {
namespace {

constexpr char32_t kInvalid = 0xffffffff;

/// The next code point and how far it reaches; kInvalid for one byte that begins none.
char32_t next_point(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0x80) {
    ++at;
    return first;
  }
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) {
    ++at;
    return kInvalid;
  }
  char32_t out = first & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) {
      ++at;
      return kInvalid;
    }
    out = out << 6 | (byte(at + i) & 0x3fu);
  }
  at += length;
  return out;
}

void append_point(std::string& out, char32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0 | point >> 6));
    out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | point >> 12));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | point >> 18));
    out.push_back(static_cast<char>(0x80 | (point >> 12 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  }
}

/// Latin letters U+00C0–U+017F without their marks; 0 where there is no such letter.
char latin_base(char32_t point) noexcept {
  constexpr std::string_view kOne =
      "aaaaaaaceeeeiiii"
      "dnooooo ouuuuyts"
      "aaaaaaaceeeeiiii"
      "dnooooo ouuuuyty";
  constexpr std::string_view kTwo =
      "aaaaaaccccccccdd"
      "ddeeeeeeeeeegggg"
      "gggghhhhiiiiiiii"
      "iiiijjkkklllllll"
      "lllnnnnnnnnnoooo"
      "oooorrrrrrssssss"
      "ssttttttuuuuuuuu"
      "uuuuwwyyyzzzzzzs";
  if (point >= 0xc0 && point <= 0xff) {
    const char c = kOne[point - 0xc0];
    return c == ' ' ? '\0' : c;
  }
  if (point >= 0x100 && point <= 0x17f) return kTwo[point - 0x100];
  return '\0';
}

/// Letters and digits in one form, 0 for what separates.
char32_t fold(char32_t point) noexcept {
  if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;  // full-width ASCII
  if (point < 0x80) {
    if (point >= 'A' && point <= 'Z') return point + 32;
    const bool keeps = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
    return keeps ? point : 0;
  }
  if (const char base = latin_base(point)) return static_cast<char32_t>(base);
  if (point >= 0x391 && point <= 0x3a9) return point + 32;  // Greek
  if (point >= 0x3b1 && point <= 0x3c9) return point;
  if (point >= 0x410 && point <= 0x42f) return point + 32;  // Cyrillic
  if (point >= 0x430 && point <= 0x44f) return point;
  return 0;
}

/// Written without spaces between words.
bool is_cjk(char32_t point) noexcept {
  return (point >= 0x3040 && point <= 0x30ff) || (point >= 0x3400 && point <= 0x4dbf) ||
         (point >= 0x4e00 && point <= 0x9fff) || (point >= 0xac00 && point <= 0xd7a3) ||
         (point >= 0xf900 && point <= 0xfaff) || (point >= 0x20000 && point <= 0x3134f) ||
         point == 0x3005 || point == 0x3007;
}

class Splitter {
 public:
  Splitter(std::size_t max, bool for_query) : max_{max}, for_query_{for_query} {}

  std::vector<std::string> split(std::string_view text) {
    for (std::size_t at = 0; at < text.size() && out_.size() < max_;) {
      const char32_t point = next_point(text, at);
      if (point != kInvalid && is_cjk(point)) {
        end_word();
        add_character(point);
        continue;
      }
      end_run();
      const char32_t folded = point == kInvalid ? 0 : fold(point);
      if (folded == 0) {
        end_word();
      } else if (word_.size() + 4 <= kTokenBytesMax) {
        append_point(word_, folded);
      }
    }
    end_word();
    end_run();
    if (out_.size() > max_) out_.resize(max_);
    return std::move(out_);
  }

 private:
  void add_character(char32_t point) {
    std::string character;
    append_point(character, point);
    if (!for_query_) out_.push_back(character);
    if (!last_.empty()) {
      out_.push_back(last_ + character);
      paired_ = true;
    }
    last_ = std::move(character);
  }
  void end_run() {
    if (for_query_ && !last_.empty() && !paired_) out_.push_back(last_);
    last_.clear();
    paired_ = false;
  }
  void end_word() {
    if (!word_.empty()) out_.push_back(std::move(word_));
    word_.clear();
  }

  std::size_t max_;
  bool for_query_;
  std::vector<std::string> out_;
  std::string word_;
  std::string last_;  // the character before in a run of them
  bool paired_{false};
};

}  // namespace

std::vector<std::string> tokens_of(std::string_view text, std::size_t max) {
  return Splitter{max, false}.split(text);
}

std::vector<std::string> query_tokens_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::string& token : Splitter{4 * kQueryTokensMax, true}.split(text))
    if (out.size() < kQueryTokensMax && std::ranges::find(out, token) == out.end())
      out.push_back(std::move(token));
  return out;
}

std::string index_text(std::string_view text) {
  const std::vector<std::string> tokens = tokens_of(text);
  HashSet<std::string_view, std::hash<std::string_view>> seen;
  std::string out;
  for (const std::string& token : tokens) {
    if (!seen.insert(token).second) continue;
    if (!out.empty()) out.push_back(' ');
    out += token;
  }
  return out;
}

}  // namespace wusong::portal
