#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "server/config/config.h"
#include "server/config/flag_table.h"

namespace kvick::server {
namespace {

TEST(ConfigurationPageTest, DocsAreWhatTheTableSays) {
  const char* source = std::getenv("KVICK_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set KVICK_SOURCE_DIR to the root of the sources";
  const std::string path = std::string(source) + "/docs/configuration.md";
  if (std::getenv("UPDATE_DOCS") != nullptr) {
    std::ofstream(path) << ConfigurationPage();
  }
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_EQ(page.str(), ConfigurationPage())
      << "run this test with UPDATE_DOCS=1 in its environment to write the page anew";
}

TEST(ConfigurationPageTest, EverySettingIsInHelpAndPage) {
  std::set<std::string_view> names;
  for (const FlagGroup& group : FlagGroups()) {
    for (const Flag& flag : group.flags) {
      EXPECT_TRUE(names.insert(flag.name).second) << flag.name << " is there twice";
      EXPECT_NE(HelpText().find("--" + std::string(flag.name) + "="), std::string::npos);
      EXPECT_NE(ConfigurationPage().find("| `--" + std::string(flag.name) + "` |"),
                std::string::npos);
    }
  }
}

TEST(ConfigurationPageTest, DefaultsAreValid) {
  const Config defaults;
  EXPECT_TRUE(ValidateConfig(defaults).ok());
  Config config;
  for (const FlagGroup& group : FlagGroups()) {
    for (const Flag& flag : group.flags) {
      const std::string text = FlagText(flag, defaults);
      EXPECT_TRUE(SetFlag(flag, text, &config).ok()) << flag.name << " " << text;
      EXPECT_EQ(FlagText(flag, config), text);
    }
  }
}

TEST(ConfigurationPageTest, HelpFitsATerminal) {
  std::istringstream lines(HelpText());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100u) << line;
  }
}

}  // namespace
}  // namespace kvick::server
