#include "client/cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace kvick::cli {
namespace {

using ::testing::ElementsAre;

CommandLine Parse(const std::vector<std::string>& arguments) {
  auto line = ParseCommandLine(arguments, Settings(), /*use_environment=*/false);
  EXPECT_TRUE(line.ok()) << line.status();
  return line.ok() ? *line : CommandLine();
}

absl::Status ErrorOf(const std::vector<std::string>& arguments) {
  return ParseCommandLine(arguments, Settings(), false).status();
}

TEST(SettingsTest, OptionsMayStandAnywhere) {
  const CommandLine line =
      Parse({"--address", "h:1", "string", "get", "--json", "k", "--timeout=3s"});
  EXPECT_THAT(line.words, ElementsAre("string", "get", "k"));
  EXPECT_EQ(line.settings.client.target, "h:1");
  EXPECT_TRUE(line.settings.json);
  EXPECT_EQ(line.settings.client.default_timeout, absl::Seconds(3));
}

TEST(SettingsTest, ACommandsOwnFlagsComeFirst) {
  // `--version` is an option as well as a precondition.
  EXPECT_TRUE(Parse({"--version"}).settings.version);
  const CommandLine line = Parse({"string", "set", "k", "v", "--version", "5"});
  EXPECT_FALSE(line.settings.version);
  EXPECT_THAT(line.words, ElementsAre("string", "set", "k", "v", "--version", "5"));
}

TEST(SettingsTest, AfterADoubleDashEverythingIsTheCommands) {
  EXPECT_THAT(Parse({"string", "set", "k", "--", "--json"}).words,
              ElementsAre("string", "set", "k", "--", "--json"));
}

TEST(SettingsTest, ValuesOfFlagsAreNoOptions) {
  EXPECT_THAT(Parse({"list", "push", "k", "--values", "--json"}).words,
              ElementsAre("list", "push", "k", "--values", "--json"));
}

TEST(SettingsTest, AnyTlsFileSwitchesTlsOn) {
  EXPECT_FALSE(Parse({}).settings.client.tls.has_value());
  EXPECT_TRUE(Parse({"--tls"}).settings.client.tls.has_value());
  EXPECT_EQ(Parse({"--tls-ca=ca.pem"}).settings.client.tls->ca_file, "ca.pem");
}

TEST(SettingsTest, WrongOptionsAreRefused) {
  EXPECT_FALSE(ErrorOf({"--timeout", "soon"}).ok());
  EXPECT_FALSE(ErrorOf({"--timeout", "0s"}).ok());
  EXPECT_FALSE(ErrorOf({"--color", "red"}).ok());
  EXPECT_FALSE(ErrorOf({"--address"}).ok());
}

TEST(SettingsTest, TheEnvironmentComesAfterTheCommandLine) {
  setenv("KVICK_ADDRESS", "env:1", 1);
  EXPECT_EQ(ParseCommandLine({}, Settings(), true)->settings.client.target, "env:1");
  EXPECT_EQ(ParseCommandLine({"--address", "h:1"}, Settings(), true)->settings.client.target,
            "h:1");
  EXPECT_EQ(ParseCommandLine({}, Settings(), false)->settings.client.target, "127.0.0.1:5825");
  unsetenv("KVICK_ADDRESS");
}

TEST(SettingsTest, HelpNamesTheVariables) {
  EXPECT_THAT(SettingsHelp(), ::testing::HasSubstr("KVICK_ADDRESS"));
}

}  // namespace
}  // namespace kvick::cli
