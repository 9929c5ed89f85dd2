#include "client/cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "kvick/v1/key.pb.h"

namespace kvick::cli {
namespace {

using ::testing::ElementsAre;

TEST(ParseValueTest, IsTextUnlessItSaysOtherwise) {
  EXPECT_EQ(ParseValue("5")->text(), "5");
  EXPECT_EQ(ParseValue("")->text(), "");
  EXPECT_EQ(ParseValue("int:-5")->integer(), -5);
  EXPECT_EQ(ParseValue("num:1.5")->number(), 1.5);
  EXPECT_EQ(ParseValue("hex:00fF")->data(), std::string("\0\xFF", 2));
  EXPECT_EQ(ParseValue("text:int:5")->text(), "int:5");
  EXPECT_EQ(ParseValue("text:@x")->text(), "@x");
  EXPECT_EQ(ParseValue("\xFF")->data(), "\xFF") << "what is no UTF-8 cannot be text";
}

TEST(ParseValueTest, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(ParseValue("int:1.5").ok());
  EXPECT_FALSE(ParseValue("int:9223372036854775808").ok());
  EXPECT_FALSE(ParseValue("num:x").ok());
  EXPECT_FALSE(ParseValue("hex:0").ok());
  EXPECT_FALSE(ParseValue("hex:zz").ok());
  EXPECT_FALSE(ParseValue("@/does/not/exist").ok());
}

TEST(ParseValueTest, ReadsFiles) {
  const std::string path = ::testing::TempDir() + "/kvick_text_test";
  std::ofstream(path, std::ios::binary) << "line\n";
  EXPECT_EQ(ParseValue("@" + path)->text(), "line\n");
  std::ofstream(path, std::ios::binary) << "\xFF\x01";
  EXPECT_EQ(ParseValue("@" + path)->data(), "\xFF\x01");
  std::remove(path.c_str());
}

TEST(ParseDurationTest, TakesUnitsAndSeconds) {
  EXPECT_EQ(ParseDuration("30s")->seconds(), 30);
  EXPECT_EQ(ParseDuration("1h30m")->seconds(), 5400);
  EXPECT_EQ(ParseDuration("250ms")->nanos(), 250'000'000);
  EXPECT_EQ(ParseDuration("1.5")->nanos(), 500'000'000);
  EXPECT_FALSE(ParseDuration("soon").ok());
  EXPECT_FALSE(ParseDuration("inf").ok());
  EXPECT_FALSE(ParseDuration("").ok());
  EXPECT_FALSE(ParseDuration("1e300").ok());
}

TEST(ParseTimestampTest, TakesRfc3339AndDays) {
  EXPECT_EQ(ParseTimestamp("2030-01-31T12:00:00Z")->seconds(), 1896091200);
  EXPECT_EQ(ParseTimestamp("2030-01-31")->seconds(), 1896048000);
  EXPECT_FALSE(ParseTimestamp("tomorrow").ok());
}

TEST(ParseEnumTest, TakesShortAndFullNamesWhateverTheCase) {
  const auto* type = v1::ExpireCondition_descriptor();
  EXPECT_EQ((*ParseEnum(type, "if-none"))->number(), v1::EXPIRE_CONDITION_IF_NONE);
  EXPECT_EQ((*ParseEnum(type, "IF_NONE"))->number(), v1::EXPIRE_CONDITION_IF_NONE);
  EXPECT_EQ((*ParseEnum(type, "EXPIRE_CONDITION_IF_LATER"))->number(),
            v1::EXPIRE_CONDITION_IF_LATER);
  EXPECT_EQ(ParseEnum(v1::Side_descriptor(), "up").status().message(),
            "`up` is none of left, right");
}

TEST(KebabTest, TakesBothStyles) {
  EXPECT_EQ(Kebab("GetAndDelete"), "get-and-delete");
  EXPECT_EQ(Kebab("max_buffered_bytes"), "max-buffered-bytes");
}

TEST(SplitWordsTest, IsAShells) {
  EXPECT_THAT(*SplitWords("  a  'b c' \"d\\\"e\" f\\ g '' "),
              ElementsAre("a", "b c", "d\"e", "f g", ""));
  EXPECT_THAT(*SplitWords("'a\\b'"), ElementsAre("a\\b"));
  EXPECT_THAT(*SplitWords(""), ElementsAre());
  EXPECT_FALSE(SplitWords("'open").ok());
}

TEST(IsUtf8Test, FollowsTheStandard) {
  EXPECT_TRUE(IsUtf8("plain"));
  EXPECT_TRUE(IsUtf8("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_FALSE(IsUtf8("\xC0\x80"));          // Overlong.
  EXPECT_FALSE(IsUtf8("\xE0\x80\x80"));      // Overlong.
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));      // A surrogate.
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));  // Beyond Unicode.
  EXPECT_FALSE(IsUtf8("\xE2\x82"));          // Cut.
  EXPECT_FALSE(IsUtf8("\x80"));
}

TEST(PrintableTest, EscapesControlCharacters) {
  EXPECT_EQ(Printable("a\n\t\x1b[31m\x7f"), "a\\n\\t\\x1b[31m\\x7f");
}

}  // namespace
}  // namespace kvick::cli
