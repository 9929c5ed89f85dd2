// The longest common subsequence against the plain quadratic table, which is also how Redis does
// it: among several longest ones it is that table's walk which decides.
#include "storage/base/common_subsequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace kvick::storage {
namespace {

// What the table gives: row by row the length for every pair of beginnings, then a walk back.
std::vector<CommonPart> PlainCommonSubsequence(std::string_view first, std::string_view second) {
  const size_t width = second.size() + 1;
  std::vector<uint32_t> lengths((first.size() + 1) * width);
  for (size_t i = 1; i <= first.size(); ++i) {
    for (size_t j = 1; j <= second.size(); ++j) {
      lengths[i * width + j] =
          first[i - 1] == second[j - 1]
              ? lengths[(i - 1) * width + j - 1] + 1
              : std::max(lengths[(i - 1) * width + j], lengths[i * width + j - 1]);
    }
  }
  std::vector<CommonPart> parts;
  size_t i = first.size();
  size_t j = second.size();
  while (i > 0 && j > 0) {
    if (first[i - 1] == second[j - 1]) {
      --i;
      --j;
      const bool joins =
          !parts.empty() && parts.back().first == i + 1 && parts.back().second == j + 1;
      if (joins) {
        parts.back() = {i, j, parts.back().length + 1};
      } else {
        parts.push_back({i, j, 1});
      }
    } else if (lengths[(i - 1) * width + j] > lengths[i * width + j - 1]) {
      --i;
    } else {
      --j;
    }
  }
  return parts;
}

std::string Show(const std::vector<CommonPart>& parts) {
  std::string text;
  for (const CommonPart& part : parts) {
    text += std::to_string(part.first) + "," + std::to_string(part.second) + "+" +
            std::to_string(part.length) + " ";
  }
  return text;
}

void ExpectSame(const std::string& first, const std::string& second) {
  ASSERT_EQ(Show(LongestCommonSubsequence(first, second)),
            Show(PlainCommonSubsequence(first, second)))
      << "of \"" << first << "\" and \"" << second << "\"";
}

std::string RandomText(std::mt19937_64& random, size_t length, uint64_t alphabet) {
  std::string text(length, ' ');
  for (char& letter : text) letter = static_cast<char>('a' + random() % alphabet);
  return text;
}

TEST(CommonSubsequenceTest, KnownOnes) {
  EXPECT_EQ(Show(LongestCommonSubsequence("ohmytext", "mynewtext")), "4,5+4 2,0+2 ");
  EXPECT_EQ(Show(LongestCommonSubsequence("", "")), "");
  EXPECT_EQ(Show(LongestCommonSubsequence("abc", "")), "");
  EXPECT_EQ(Show(LongestCommonSubsequence("", "abc")), "");
  EXPECT_EQ(Show(LongestCommonSubsequence("abc", "xyz")), "");
  EXPECT_EQ(Show(LongestCommonSubsequence("abc", "abc")), "0,0+3 ");
}

TEST(CommonSubsequenceTest, AsTheTableForShortStrings) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t alphabet = 1 + random() % 4;
    ExpectSame(RandomText(random, random() % 12, alphabet),
               RandomText(random, random() % 12, alphabet));
  }
}

// 64 bytes of the second string are one word of bits, and a carry goes from word to word.
TEST(CommonSubsequenceTest, AsTheTableAcrossWords) {
  std::mt19937_64 random(6);
  for (const size_t length : {62, 63, 64, 65, 66, 127, 128, 129, 191, 192, 193, 320}) {
    for (int i = 0; i < 30; ++i) {
      const uint64_t alphabet = 1 + random() % 5;
      ExpectSame(RandomText(random, random() % 200, alphabet),
                 RandomText(random, length, alphabet));
      ExpectSame(RandomText(random, length, alphabet),
                 RandomText(random, random() % 200, alphabet));
    }
  }
}

// Runs of one letter leave whole words without another, through which a carry must find its way.
TEST(CommonSubsequenceTest, AsTheTableForLongRuns) {
  std::mt19937_64 random(8);
  const auto runs = [&] {
    std::string text;
    for (uint64_t count = 1 + random() % 6; count > 0; --count) {
      text.append(1 + random() % 150, static_cast<char>('a' + random() % 3));
      text += RandomText(random, random() % 4, 3);
    }
    return text;
  };
  for (int i = 0; i < 300; ++i) ExpectSame(runs(), runs());
}

TEST(CommonSubsequenceTest, AsTheTableForEveryByte) {
  std::mt19937_64 random(7);
  std::string all(256, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  for (int i = 0; i < 20; ++i) {
    std::string shuffled = all;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    ExpectSame(all, shuffled);
    ExpectSame(shuffled, all.substr(0, 100 + random() % 156));
  }
}

TEST(CommonSubsequenceTest, CellsAreWholeWordsAndSaturate) {
  EXPECT_EQ(CommonSubsequenceCells(0, 100), 0u);
  EXPECT_EQ(CommonSubsequenceCells(100, 0), 0u);
  EXPECT_EQ(CommonSubsequenceCells(10, 1), 640u);
  EXPECT_EQ(CommonSubsequenceCells(10, 64), 640u);
  EXPECT_EQ(CommonSubsequenceCells(10, 65), 1280u);
  EXPECT_EQ(CommonSubsequenceCells(8192, 8192), kCommonSubsequenceCellsMax);
  EXPECT_EQ(CommonSubsequenceCells(size_t{1} << 40, size_t{1} << 40), ~size_t{0});
}

}  // namespace
}  // namespace kvick::storage
