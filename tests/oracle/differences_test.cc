// The page, the twins and both servers agree about where Kvick is not Redis.
#include "tests/oracle/differences.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {
namespace {

std::set<std::string> Names() {
  std::set<std::string> names;
  for (const Difference& difference : Differences()) names.insert(difference.name);
  return names;
}

TEST(DifferencesTest, ThePageNamesTheSame) {
  const char* source = std::getenv("KVICK_SOURCE_DIR");
  const std::string page = testing::ReadFile(
      absl::StrCat(source == nullptr ? "." : source, "/docs/differences-from-redis.md"));
  ASSERT_FALSE(page.empty()) << "docs/differences-from-redis.md cannot be read";
  std::set<std::string> names;
  const std::regex row(R"(^\| `([a-z0-9-]+)` \|.*)");
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(page, '\n'))) {
    std::smatch match;
    if (std::regex_match(line, match, row)) names.insert(match[1]);
  }
  EXPECT_EQ(names, Names());
}

TEST(DifferencesTest, TheTwinsNameOnlyKnownOnes) {
  const std::set<std::string> names = Names();
  const TwinTable table = AllTwins();
  for (const Twin& twin : table.twins()) {
    for (const Adapted& adapted : twin.adapted) {
      EXPECT_TRUE(names.contains(adapted.difference)) << twin.name << ": " << adapted.difference;
    }
    for (const std::string& name : twin.differences) {
      EXPECT_TRUE(names.contains(name)) << twin.name << ": " << name;
    }
  }
}

TEST(DifferencesTest, EachIsStillThere) {
  const auto session = Session::Start();
  ASSERT_TRUE(session.ok()) << session.status();
  for (const Difference& difference : Differences()) {
    ASSERT_TRUE((*session)->Flush().ok());
    const Contrast contrast = difference.ask(**session);
    EXPECT_EQ(contrast.kvick, difference.expected.kvick) << difference.name << ", Kvick";
    EXPECT_EQ(contrast.redis, difference.expected.redis) << difference.name << ", Redis";
    EXPECT_NE(contrast.kvick, contrast.redis) << difference.name << " is none any more";
  }
}

}  // namespace
}  // namespace kvick::oracle
