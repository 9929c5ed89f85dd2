// The example package_index against the real server; its answers against those of oracle.py.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kvick/client.h"
#include "tests/integration/server_process.h"

namespace kvick::testing {
namespace {

using google::protobuf::Struct;
using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  std::string out;
  std::string errors;
  int code = -1;
};

Outcome RunShell(const std::string& command) {
  const TemporaryDirectory directory;
  const int status = std::system(absl::StrCat(command, " >", directory.File("out"), " 2>",
                                              directory.File("errors"), " </dev/null")
                                     .c_str());
  return {ReadFile(directory.File("out")), ReadFile(directory.File("errors")),
          WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

Struct ParseJson(const std::string& json) {
  Struct document;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &document).ok()) << json;
  return document;
}

// A file or folder of these tests.
std::string Source(const std::string& name) {
  const char* source = std::getenv("KVICK_SOURCE_DIR");
  return absl::StrCat(source == nullptr ? "." : source, "/tests/examples/", name);
}

class PackageIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = ServerProcess::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    EXPECT_EQ(server_->Stop(), 0) << server_->log();
  }

  Outcome Example(const std::string& arguments) const {
    return RunShell(absl::StrCat("KVICK_ADDRESS=", server_->grpc_address(), " ",
                                 BinaryPath("package_index"), " ", arguments));
  }
  static Struct Oracle(const std::string& arguments) {
    const Outcome outcome = RunShell(absl::StrCat("python3 ", Source("oracle.py"), " ", arguments));
    EXPECT_EQ(outcome.code, 0) << "oracle.py needs python3, dpkg and apt: " << outcome.errors;
    return ParseJson(outcome.out);
  }
  static void ExpectEqual(const Struct& answers, const Struct& expected) {
    for (const auto& [name, value] : expected.fields()) {
      const auto answer = answers.fields().find(name);
      ASSERT_NE(answer, answers.fields().end()) << "no answer " << name;
      std::string difference;
      MessageDifferencer differencer;
      differencer.ReportDifferencesToString(&difference);
      EXPECT_TRUE(differencer.Compare(value, answer->second)) << name << ": " << difference;
    }
    EXPECT_EQ(answers.fields_size(), expected.fields_size());
  }

  std::unique_ptr<ServerProcess> server_;
};

TEST_F(PackageIndexTest, TheIndexOfThisMachine) {
  const std::string question = "--like bash:amd64 --top 25";
  const Struct expected = Oracle("--lists /var/lib/apt/lists " + question);
  ASSERT_GT(expected.fields_size(), 0)
      << "this test reads the package index of apt in /var/lib/apt/lists: run apt-get update";
  const auto packages = static_cast<int64_t>(expected.fields().at("packages").number_value());
  EXPECT_GT(packages, 50'000) << "not a whole Debian";
  const Outcome outcome = Example("--json " + question);
  ASSERT_EQ(outcome.code, 0) << outcome.errors;
  ExpectEqual(ParseJson(outcome.out), expected);
  // The subscriber has heard all of it, the last announcement included.
  EXPECT_THAT(outcome.errors,
              HasSubstr(absl::StrCat("loaded ", packages, " of ", packages, " packages\n")));
  EXPECT_THAT(outcome.errors, Not(HasSubstr("\r"))) << "a bar outside a terminal";
}

// What data/ must give, worked out by hand; the oracle agrees.
// clang-format off
constexpr char kEdges[] = R"json({
  "packages": 7, "installed_kib": 9690, "maintainers": 4, "view_reused": false,
  "sections": [["utils", 5], ["(none)", 1], ["libs", 1]],
  "busiest": [["Ann <ann@example.org>", 3], ["Jürgen Müller <jm@example.org>", 2], ["(none)", 1],
              ["Bob: the builder <bob@example.org>", 1]],
  "largest": [["twice:amd64", 9000], ["latin:amd64", 250], ["odd-case:all", 250],
              ["plain:amd64", 100], ["plain:i386", 90], ["nothing-else:(none)", 0],
              ["umlaut:amd64", 0]],
  "newest": [["plain:i386", "1.0-1"], ["twice:amd64", "1.0-1"], ["latin:amd64", "3"],
             ["umlaut:amd64", "1:0"], ["nothing-else:(none)", ""], ["odd-case:all", "2~rc1"],
             ["plain:amd64", "1.0-1"]],
  "relatives": {"like": "plain:amd64", "section": "utils", "maintainer": "Ann <ann@example.org>",
                "packages": ["plain:amd64", "odd-case:all", "plain:i386"]}
})json";
// clang-format on

TEST_F(PackageIndexTest, WhatRealIndexesSeldomHold) {
  const std::string files =
      absl::StrCat(Source("data/edges_Packages"), " ", Source("data/crlf_Packages"));
  const Struct expected = ParseJson(kEdges);
  ExpectEqual(Oracle("--like plain:amd64 " + files), expected);
  const Outcome outcome = Example("--json --like plain:amd64 " + files);
  ASSERT_EQ(outcome.code, 0) << outcome.errors;
  ExpectEqual(ParseJson(outcome.out), expected);
  EXPECT_THAT(outcome.errors, HasSubstr("left out 1 paragraphs that name no package"));
  // Loading again replaces what was there.
  const Outcome again = Example("--json --like plain:amd64 " + files);
  ASSERT_EQ(again.code, 0) << again.errors;
  ExpectEqual(ParseJson(again.out), expected);
}

TEST_F(PackageIndexTest, TheViewExpiresAndServesTheNextQuestion) {
  const auto client = Client::Create({.target = server_->grpc_address()});
  const std::string file = Source("data/edges_Packages");
  ASSERT_EQ(Example("--prefix x: --view-ttl 1h " + file).code, 0);
  const auto view = client->Keys().Describe("x:view:largest:10");
  ASSERT_TRUE(view.ok() && view->has_description());
  EXPECT_TRUE(view->description().has_expire_time());
  EXPECT_FALSE(client->Keys().Describe("x:packages")->description().has_expire_time());
  EXPECT_THAT(Example("--prefix x: --no-load").out, HasSubstr("the view of an earlier question"));
  // As when the hour is over.
  ASSERT_TRUE(client->Keys()
                  .Expire("x:view:largest:10", {.expire_time = absl::Now() - absl::Hours(1)})
                  .ok());
  const Outcome anew = Example("--prefix x: --no-load --json");
  EXPECT_THAT(anew.out, HasSubstr("\"view_reused\":false"));
  EXPECT_TRUE(client->Keys().Describe("x:view:largest:10")->has_description());
}

TEST_F(PackageIndexTest, AnswersForPeople) {
  const Outcome outcome = Example(absl::StrCat("--top 2 ", Source("data/edges_Packages")));
  ASSERT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_THAT(outcome.out, HasSubstr("6 packages"));
  EXPECT_THAT(outcome.out, HasSubstr("250  latin:amd64\n        250  odd-case:all\n"));
  EXPECT_THAT(outcome.out, HasSubstr("share the section utils and the maintainer Jürgen Müller"));
}

TEST_F(PackageIndexTest, SaysWhatIsWrong) {
  EXPECT_EQ(Example("--bogus").code, 2);
  EXPECT_THAT(Example("--help").out, HasSubstr("--target"));
  const Outcome nothing = Example("--no-load");
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("no packages are loaded"));
  const Outcome empty = Example(absl::StrCat("--lists ", server_->directory().path()));
  EXPECT_EQ(empty.code, 1);
  EXPECT_THAT(empty.errors, HasSubstr("apt-get update"));
  const Outcome away =
      Example(absl::StrCat("--target 127.0.0.1:1 ", Source("data/edges_Packages")));
  EXPECT_EQ(away.code, 1);
  EXPECT_THAT(away.errors, HasSubstr("127.0.0.1:1"));
  const Outcome unknown =
      Example(absl::StrCat("--like nobody:amd64 ", Source("data/edges_Packages")));
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.errors, HasSubstr("nobody:amd64"));
}

}  // namespace
}  // namespace kvick::testing
