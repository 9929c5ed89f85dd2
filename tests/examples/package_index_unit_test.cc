// The parts of the example package_index that need no server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/examples/package_index/index_reader.h"
#include "client/examples/package_index/options.h"
#include "client/examples/package_index/progress.h"
#include "client/examples/package_index/version.h"

namespace kvick::package_index {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Index Parse(const std::string& text) {
  IndexParser parser;
  for (const auto line : absl::StrSplit(text, '\n')) parser.AddLine(line);
  return parser.Take();
}

TEST(VersionTest, ComparesAsDpkgDoes) {
  const std::vector<std::string> versions = {"0",         "1",
                                             "1.0",       "1.00",
                                             "1.0-0",     "1.0-1",
                                             "1.0-1+b1",  "1.0~rc1",
                                             "1.0~~",     "1.0~",
                                             "1.0a",      "1.0+git1",
                                             "1.0.1",     "1:0.1",
                                             "0:1.0",     "2",
                                             "10",        "1.0-1~",
                                             "1.0-1-2",   "1.0-a",
                                             "1.0-1.1",   "a1",
                                             "1.0-10",    "1.0-9",
                                             "01",        "1:2-3:4",
                                             "20230101",  "3.2+really3.1-1",
                                             "1.0A",      "1.0~a1",
                                             "1.0+deb12", "1.0.",
                                             "1.0-1deb1", "99999999999999999999999"};
  for (const std::string& a : versions) {
    for (const std::string& b : versions) {
      const int order = CompareVersions(a, b);
      const std::string relation = order < 0 ? "lt" : order > 0 ? "gt" : "eq";
      const std::string command =
          absl::StrCat("dpkg --compare-versions '", a, "' ", relation, " '", b, "' 2>/dev/null");
      EXPECT_EQ(std::system(command.c_str()), 0) << a << " " << relation << " " << b;
    }
  }
}

TEST(IndexParserTest, ReadsAParagraph) {
  const Index index = Parse(
      "Package: bash\nVersion: 5.2-1\nArchitecture: amd64\nMaintainer: Ann <a@b>\nSection: shells\n"
      "Installed-Size: 7164\nDescription: a shell\n and more about it\n");
  ASSERT_EQ(index.packages.size(), 1u);
  const Package& package = index.packages[0];
  EXPECT_EQ(package.Id(), "bash:amd64");
  EXPECT_EQ(package.version, "5.2-1");
  EXPECT_EQ(package.maintainer, "Ann <a@b>");
  EXPECT_EQ(package.section, "shells");
  EXPECT_EQ(package.installed_kib, 7164);
  EXPECT_EQ(package.summary, "a shell");
}

TEST(IndexParserTest, AHigherVersionArrivesAnew) {
  const Index index = Parse(
      "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n\nPackage: a\nVersion: 2\n\n"
      "Package: b\nVersion: 1~rc1\n\nVersion: 3");
  ASSERT_EQ(index.packages.size(), 2u);
  EXPECT_EQ(index.packages[0].name, "b");
  EXPECT_EQ(index.packages[1].name, "a");
  EXPECT_EQ(index.packages[1].version, "2");
  EXPECT_EQ(index.nameless, 1);
}

TEST(IndexParserTest, NothingIsNothing) {
  EXPECT_TRUE(Parse("").packages.empty());
  EXPECT_TRUE(Parse("\n \n\t\n\n").packages.empty());
  EXPECT_EQ(Parse("\n \n\t\n\n").nameless, 0);
  EXPECT_EQ(Parse(" continues nothing").nameless, 1);
}

TEST(IndexParserTest, BytesThatAreNoUtf8AreLatin1) {
  const Index index = Parse("Package: a\nMaintainer: J\xfcrgen\nSection: \xc3\xbc\xff");
  ASSERT_EQ(index.packages.size(), 1u);
  EXPECT_EQ(index.packages[0].maintainer, "J\xc3\xbcrgen");
  EXPECT_EQ(index.packages[0].section, "\xc3\x83\xc2\xbc\xc3\xbf");
}

TEST(ReadIndexTest, SaysWhatCannotBeRead) {
  EXPECT_THAT(std::string(ReadIndex({"/nowhere_Packages"}).status().message()),
              HasSubstr("/nowhere_Packages"));
  EXPECT_THAT(std::string(ReadIndex({"/nowhere_Packages.lz4"}).status().message()),
              HasSubstr("/nowhere_Packages.lz4"));
}

TEST(ProgressDisplayTest, ABarOnATerminalAndLinesElsewhere) {
  std::ostringstream terminal;
  ProgressDisplay bar(terminal, /*terminal=*/true);
  bar.Show(1, 4);
  bar.Show(4, 4);
  EXPECT_THAT(terminal.str(), HasSubstr("\r[##########..............................]  25%"));
  EXPECT_THAT(terminal.str(), HasSubstr("100%  4 of 4 packages\n"));

  std::ostringstream file;
  ProgressDisplay lines(file, /*terminal=*/false);
  for (int i = 1; i <= 100; ++i) lines.Show(i, 100);
  EXPECT_THAT(file.str(), Not(HasSubstr("\r")));
  const std::vector<std::string> shown = absl::StrSplit(file.str(), '\n', absl::SkipEmpty());
  ASSERT_EQ(shown.size(), 10u);
  EXPECT_EQ(shown[0], "loaded 10 of 100 packages");
}

absl::StatusOr<Options> ParseWords(std::vector<std::string> words) {
  words.insert(words.begin(), "package_index");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OptionsTest, AreReadAndChecked) {
  const auto options = ParseWords({"--target", "h:1", "--tls-ca", "ca.pem", "--top=3", "--json",
                                   "--view-ttl", "90s", "one_Packages", "two_Packages"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->client.target, "h:1");
  EXPECT_EQ(options->client.tls->ca_file, "ca.pem");
  EXPECT_EQ(options->top, 3);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->view_ttl, absl::Seconds(90));
  EXPECT_EQ(options->files, (std::vector<std::string>{"one_Packages", "two_Packages"}));
  EXPECT_FALSE(ParseWords({})->client.tls.has_value());
  EXPECT_FALSE(ParseWords({"--top", "0"}).ok());
  EXPECT_FALSE(ParseWords({"--bogus"}).ok());
  EXPECT_FALSE(ParseWords({"--prefix", ""}).ok());
  EXPECT_FALSE(ParseWords({"--view-ttl", "soon"}).ok());
  EXPECT_THAT(ParseWords({"--help"})->help, HasSubstr("--no-load"));
}

}  // namespace
}  // namespace kvick::package_index
