#include "storage/base/glob.h"

#include <utility>

namespace kvick::storage {
namespace {

// Matches one byte against the element of the pattern at `position`, which is not a '*'; moves
// `position` past that element.
bool MatchOne(std::string_view pattern, size_t& position, char byte) {
  const char element = pattern[position++];
  if (element == '?') {
    return true;
  }
  if (element == '\\' && position < pattern.size()) {
    return pattern[position++] == byte;
  }
  if (element != '[') {
    return element == byte;
  }
  const bool negated = position < pattern.size() && pattern[position] == '^';
  if (negated) {
    ++position;
  }
  bool found = false;
  // A class that is not closed ends with the pattern, as it does in Redis.
  while (position < pattern.size() && pattern[position] != ']') {
    if (pattern[position] == '\\' && position + 1 < pattern.size()) {
      ++position;
      found |= pattern[position++] == byte;
    } else if (position + 2 < pattern.size() && pattern[position + 1] == '-') {
      auto low = static_cast<unsigned char>(pattern[position]);
      auto high = static_cast<unsigned char>(pattern[position + 2]);
      if (low > high) {
        std::swap(low, high);
      }
      const auto code = static_cast<unsigned char>(byte);
      found |= low <= code && code <= high;
      position += 3;
    } else {
      found |= pattern[position++] == byte;
    }
  }
  if (position < pattern.size()) {
    ++position;
  }
  return found != negated;
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  size_t pattern_at = 0;
  size_t text_at = 0;
  size_t after_star = kNone;  // where the pattern goes on after the last '*'
  size_t star_text = 0;       // where in the text that '*' is taken to end
  while (text_at < text.size()) {
    if (pattern_at < pattern.size() && pattern[pattern_at] == '*') {
      after_star = ++pattern_at;
      star_text = text_at;
      continue;
    }
    if (pattern_at < pattern.size() && MatchOne(pattern, pattern_at, text[text_at])) {
      ++text_at;
      continue;
    }
    if (after_star == kNone) {
      return false;
    }
    pattern_at = after_star;
    text_at = ++star_text;
  }
  while (pattern_at < pattern.size() && pattern[pattern_at] == '*') {
    ++pattern_at;
  }
  return pattern_at == pattern.size();
}

}  // namespace kvick::storage
