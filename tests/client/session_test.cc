#include "client/cli/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace kvick::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What needs no server.
class SessionTest : public ::testing::Test {
 protected:
  ExitCode Run(const std::vector<std::string>& words) {
    Settings settings;
    settings.client.target = "127.0.0.1:1";  // Nobody listens there.
    settings.client.retry.max_attempts = 1;
    const auto line = ParseCommandLine(words, settings, false);
    EXPECT_TRUE(line.ok());
    Session session(settings, false, out_, errors_);
    return session.Run(*line);
  }

  std::ostringstream out_;
  std::ostringstream errors_;
};

TEST_F(SessionTest, UnknownCommandsAreWrongUse) {
  EXPECT_EQ(Run({"bogus"}), kUsage);
  EXPECT_THAT(errors_.str(), HasSubstr("there is no command `bogus`"));
  EXPECT_EQ(Run({"list", "bogus"}), kUsage);
  EXPECT_EQ(Run({"list", "range", "k", "x"}), kUsage);
  EXPECT_THAT(errors_.str(), HasSubstr("usage: kvick list range <key> [<start>] [<stop>]"));
}

TEST_F(SessionTest, AServerThatIsAwayHasItsCodeAndHint) {
  EXPECT_EQ(Run({"string", "get", "k"}), kUnavailable);
  EXPECT_THAT(errors_.str(), HasSubstr("UNAVAILABLE NOT_CONNECTED"));
  EXPECT_THAT(errors_.str(), HasSubstr("hint: start it with `kvick-server`"));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(SessionTest, HelpIsThereForEverything) {
  EXPECT_EQ(Run({"--help"}), kSuccess);
  EXPECT_EQ(Run({"help"}), kSuccess);
  for (const Program& program : AllPrograms()) {
    if (!program.summary.empty()) {
      EXPECT_THAT(out_.str(), HasSubstr(program.name));
    }
    EXPECT_EQ(Run({"help", program.name}), kSuccess);
  }
  for (const Command& command : AllCommands()) {
    out_.str("");
    EXPECT_EQ(Run({"help", command.family(), command.name()}), kSuccess);
    EXPECT_THAT(out_.str(), HasSubstr(command.Usage()));
    EXPECT_THAT(out_.str(), Not(HasSubstr("\n\n\n"))) << "a method without a comment";
  }
  EXPECT_EQ(Run({"help", "bogus"}), kUsage);
}

TEST_F(SessionTest, HelpHasTheCommentsOfTheProtos) {
  Run({"list", "push", "--help"});
  EXPECT_THAT(out_.str(), HasSubstr("Adds values at one end, one after the other."));
  EXPECT_THAT(out_.str(), HasSubstr("--ttl"));
}

TEST_F(SessionTest, AFamilyAloneShowsItsCommands) {
  EXPECT_EQ(Run({"list"}), kSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("pop-any"));
}

TEST_F(SessionTest, ProgramsCheckTheirArguments) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"subscribe"},
                                             {"subscribe", "a", "--bogus"},
                                             {"subscribe", "a", "--overflow", "up"},
                                             {"subscribe", "a", "--pattern"},
                                             {"scan", "a", "b"},
                                             {"scan", "--type", "bogus"},
                                             {"scan", "a*", "--prefix", "a"},
                                             {"scan", "--limit", "-1"},
                                             {"stat", "--interval", "0s"},
                                             {"stat", "bogus"},
                                             {"bench", "--connections", "0"},
                                             {"bench", "--bogus"},
                                             {"call"},
                                             {"call", "ListService/Bogus"},
                                             {"call", "ListService/Push", "{not json"},
                                             {"call", "ListService/Push", "{\"bogus\": 1}"},
                                             {"completion", "dos"}}) {
    EXPECT_EQ(Run(words), kUsage) << words[0] << " " << (words.size() > 1 ? words.back() : "");
  }
  EXPECT_EQ(out_.str(), "");
}

TEST_F(SessionTest, CompletionScriptsArePrinted) {
  EXPECT_EQ(Run({"completion", "bash"}), kSuccess);
  EXPECT_EQ(Run({"completion", "zsh"}), kSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("complete -o default -F _kvick kvick"));
}

}  // namespace
}  // namespace kvick::cli
