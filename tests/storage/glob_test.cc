// Patterns: what they match, and how much work that is.
#include "storage/base/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "storage/base/error.h"

namespace kvick::storage {
namespace {

TEST(GlobTest, MatchesAsRedisDoes) {
  const auto matches = [](const char* pattern, const char* text) {
    return Glob(pattern).Matches(text);
  };
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("h?llo", "hello"));
  EXPECT_FALSE(matches("h?llo", "hllo"));
  EXPECT_TRUE(matches("h*llo", "heeeello"));
  EXPECT_TRUE(matches("h[ae]llo", "hallo"));
  EXPECT_FALSE(matches("h[ae]llo", "hillo"));
  EXPECT_TRUE(matches("h[^e]llo", "hallo"));
  EXPECT_FALSE(matches("h[^e]llo", "hello"));
  EXPECT_TRUE(matches("h[a-c]llo", "hbllo"));
  EXPECT_TRUE(matches("h[c-a]llo", "hbllo")) << "a range may be written backwards";
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "x"));
  EXPECT_TRUE(matches("[\\]]", "]"));
  EXPECT_TRUE(matches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(matches("a*b*c", "aXbYbZ"));
  EXPECT_TRUE(matches("[abc", "b")) << "a class that is not closed ends with the pattern";
}

// What a pattern means, as plainly as it can be said: `byte` against the element at `position`.
bool Takes(std::string_view pattern, size_t* position, char byte) {
  const char first = pattern[(*position)++];
  if (first == '?') return true;
  if (first == '\\' && *position < pattern.size()) return pattern[(*position)++] == byte;
  if (first != '[') return first == byte;
  const bool negated = *position < pattern.size() && pattern[*position] == '^';
  *position += negated ? 1 : 0;
  bool found = false;
  while (*position < pattern.size() && pattern[*position] != ']') {
    const std::string_view rest = pattern.substr(*position);
    if (rest[0] == '\\' && rest.size() > 1) {
      found |= rest[1] == byte;
      *position += 2;
    } else if (rest.size() > 2 && rest[1] == '-') {
      found |= std::min(rest[0], rest[2]) <= byte && byte <= std::max(rest[0], rest[2]);
      *position += 3;
    } else {
      found |= rest[0] == byte;
      *position += 1;
    }
  }
  *position += *position < pattern.size() ? 1 : 0;
  return found != negated;
}

bool Means(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return Means(pattern.substr(1), text) || (!text.empty() && Means(pattern, text.substr(1)));
  }
  size_t position = 0;
  return !text.empty() && Takes(pattern, &position, text[0]) &&
         Means(pattern.substr(position), text.substr(1));
}

TEST(GlobTest, MatchesWhatItsPatternMeans) {
  std::mt19937 random(7);
  const auto draw = [&](std::string_view alphabet, size_t size_max) {
    std::string drawn;
    for (size_t size = random() % (size_max + 1); drawn.size() < size;) {
      drawn += alphabet[random() % alphabet.size()];
    }
    return drawn;
  };
  int matches = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string pattern = draw("aaabbc**??[[]]^-\\", 10);
    const std::string text = draw("aaabbc*[]^-\\", 10);
    const bool means = Means(pattern, text);
    ASSERT_EQ(Glob(pattern).Matches(text), means) << pattern << " and " << text;
    matches += means ? 1 : 0;
  }
  EXPECT_GT(matches, 5'000);
}

TEST(GlobTest, LongPiecesWithClassesAreFoundWhereverTheyStand) {
  // Pieces that lie across the words of 64 elements, and longer than one.
  for (const size_t before : {0, 1, 50, 63, 64, 65}) {
    for (const size_t size : {1, 2, 63, 64, 65, 130}) {
      const std::string piece = "[xy]" + std::string(size - 1, 'b');
      const Glob glob("*?" + std::string(before, 'q') + "*" + piece + "*");
      const std::string filler = "aq" + std::string(before, 'q') + "xbb" + std::string(200, 'b');
      EXPECT_EQ(glob.Matches(filler.substr(0, before + 2) + std::string(99, 'b')), false);
      EXPECT_TRUE(glob.Matches(filler + "y" + std::string(size - 1, 'b')));
      EXPECT_EQ(glob.Matches(filler.substr(0, before + 2) + "zx" + std::string(size - 1, 'b')),
                true);
    }
  }
}

// Every byte of a text costs a few steps at most, whatever the pattern: nothing is tried again.
TEST(GlobTest, WorkIsLinearInTheText) {
  const auto repeat = [](const std::string& text, int times) {
    std::string repeated;
    for (int i = 0; i < times; ++i) repeated += text;
    return repeated;
  };
  const std::string text(60'000, 'a');
  for (const std::string& pattern :
       {"*" + repeat("a", 1000) + "b", "*" + repeat("a", 1000) + "b*", repeat("a*", 300) + "b",
        "*" + repeat("a?", 500) + "b*", "*" + repeat("[ab]", 250) + "c*", repeat("*a?", 300) + "*b",
        "*" + repeat("[^b]", 200) + "b*", repeat("*[^b]", 200), repeat("*", 1024)}) {
    const Glob glob(pattern);
    size_t work = 0;
    glob.Matches(text, &work);
    EXPECT_LE(work, text.size() * glob.steps_per_byte() + pattern.size()) << pattern;
    EXPECT_LE(work, text.size() * 16) << pattern;
  }
  EXPECT_EQ(Glob("*" + repeat("a", 1000) + "b*").steps_per_byte(), 1u);
  EXPECT_EQ(Glob("user:*[0-9][0-9]:??").steps_per_byte(), 1u);
  EXPECT_EQ(Glob(repeat("?", 1024)).steps_per_byte(), 16u);
}

TEST(GlobTest, TextsAreNotWalkedOverWhenAnEndDecides) {
  const std::string text(60'000, 'a');
  for (const char* pattern : {"b*a*", "*a*b", "a*", "*a", "b"}) {
    size_t work = 0;
    Glob(pattern).Matches(text, &work);
    EXPECT_LE(work, 2u) << pattern;
  }
}

TEST(GlobTest, OverLongPatternsAreRefused) {
  EXPECT_TRUE(CheckGlob(std::string(1024, '?')).ok());
  EXPECT_EQ(ErrorReasonOf(CheckGlob(std::string(1025, '?'))), "PATTERN_INVALID");
}

}  // namespace
}  // namespace kvick::storage
