#include "client/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "client/cli/interactive.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "kvick/method.h"

namespace kvick::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Parses a command line without `kvick`; the request in protobuf's text, on one line.
std::string Parse(const std::string& line) {
  const std::vector<std::string> words = *SplitWords(line);
  const Command* command = FindCommand(words[0], words[1]);
  if (command == nullptr) return "no command";
  const auto request = command->Parse({words.begin() + 2, words.end()});
  if (!request.ok()) return absl::StrCat("error: ", request.status().message());
  return (*request)->ShortDebugString();
}

TEST(CommandTest, PositionalArgumentsFollowTheFields) {
  EXPECT_EQ(Parse("list push tasks a int:2"),
            "key: \"tasks\" side: SIDE_RIGHT values { text: \"a\" } values { integer: 2 }");
  EXPECT_EQ(Parse("list range tasks 0 -1"), "key: \"tasks\" stop: -1");
  EXPECT_EQ(Parse("string set k v"), "key: \"k\" value { text: \"v\" }");
  EXPECT_EQ(Parse("list insert tasks b x --before"),
            "key: \"tasks\" position: INSERT_POSITION_BEFORE pivot { text: \"b\" } "
            "value { text: \"x\" }");
  EXPECT_EQ(Parse("set move a b m"), "source: \"a\" destination: \"b\" member { text: \"m\" }");
  EXPECT_EQ(Parse("key delete a b c"), "keys: \"a\" keys: \"b\" keys: \"c\"");
  EXPECT_EQ(Parse("string increment n -5"), "key: \"n\" delta: -5");
  EXPECT_EQ(Parse("hash increment-number h f 0.5"), "key: \"h\" field: \"f\" delta: 0.5");
}

TEST(CommandTest, PairsFillMapsAndItems) {
  EXPECT_EQ(Parse("hash set user name=Ann"),
            "key: \"user\" fields { key: \"name\" value { text: \"Ann\" } }");
  EXPECT_EQ(Parse("hash set user eq=a=b"),
            "key: \"user\" fields { key: \"eq\" value { text: \"a=b\" } }");
  EXPECT_EQ(Parse("string batch-set a=1 b=int:2"),
            "items { key: \"a\" value { text: \"1\" } } items { key: \"b\" value { integer: 2 } }");
  EXPECT_EQ(Parse("pubsub publish ch hi from=me"),
            "channel: \"ch\" payload { text: \"hi\" } attributes { key: \"from\" value: \"me\" }");
  EXPECT_THAT(Parse("hash set user name"), HasSubstr("`name` is no"));
}

TEST(CommandTest, EveryFieldIsAFlag) {
  EXPECT_EQ(Parse("list push --key tasks --side=LEFT --values a"),
            "key: \"tasks\" side: SIDE_LEFT values { text: \"a\" }");
  EXPECT_EQ(Parse("list push tasks --left a"),
            "key: \"tasks\" side: SIDE_LEFT values { text: \"a\" }");
  EXPECT_EQ(Parse("string set k v --ttl 30s --absent"),
            "key: \"k\" value { text: \"v\" } expiry { ttl { seconds: 30 } } "
            "precondition { absent: true }");
  EXPECT_EQ(Parse("string set k v --version 5 --return-previous"),
            "key: \"k\" value { text: \"v\" } precondition { version: 5 } return_previous: true");
  EXPECT_EQ(Parse("string set k v --value-equals int:5"),
            "key: \"k\" value { text: \"v\" } precondition { value_equals { integer: 5 } }");
  EXPECT_EQ(Parse("set combine a b --union --limit 3"),
            "operation: SET_OPERATION_UNION keys: \"a\" keys: \"b\" limit: 3");
  EXPECT_EQ(Parse("key scan --prefix user: --type hash --limit 10"),
            "selector { prefix: \"user:\" } type: KEY_TYPE_HASH page { limit: 10 }");
  EXPECT_EQ(Parse("list pop-any a b --max-wait 1.5s"),
            "keys: \"a\" keys: \"b\" side: SIDE_RIGHT max_wait { seconds: 1 nanos: 500000000 }");
}

TEST(CommandTest, AnOuterNameTellsTheSameNamesApart) {
  EXPECT_EQ(Parse("string increment n --ttl 1s"), "key: \"n\" expiry { ttl { seconds: 1 } }");
  EXPECT_EQ(Parse("string increment n --initial-expiry-ttl 1s"),
            "key: \"n\" initial_expiry { ttl { seconds: 1 } }");
  EXPECT_EQ(Parse("string set k v --expiry-ttl 1s"),
            "key: \"k\" value { text: \"v\" } expiry { ttl { seconds: 1 } }");
  EXPECT_EQ(Parse("list move a b --from-side left --to-side right"),
            "source: \"a\" destination: \"b\" from_side: SIDE_LEFT to_side: SIDE_RIGHT");
  EXPECT_THAT(Parse("list move a b --left"), HasSubstr("no flag `--left`"));
}

TEST(CommandTest, AnEnumThatMustBeSaidGoesByPosition) {
  EXPECT_EQ(Parse("set combine union s s2"),
            "operation: SET_OPERATION_UNION keys: \"s\" keys: \"s2\"");
  EXPECT_EQ(Parse("set combine-store to DIFFERENCE a b"),
            "destination: \"to\" operation: SET_OPERATION_DIFFERENCE keys: \"a\" keys: \"b\"");
  EXPECT_EQ(Parse("list insert tasks before b x"), Parse("list insert tasks b x --before"));
  EXPECT_EQ(Parse("set combine a b"),
            "error: operation: `a` is none of intersection, union, difference");
  EXPECT_EQ(Parse("set combine"), "error: <operation> is missing");
  EXPECT_EQ(Parse("list push k left"), "key: \"k\" side: SIDE_RIGHT values { text: \"left\" }")
      << "a side need not be said";
  EXPECT_THAT(FindCommand("list", "insert")->Usage(),
              HasSubstr("list insert <key> <before|after> <pivot> <value>"));
  EXPECT_THAT(FindCommand("key", "expire")->Usage(), HasSubstr("[--condition "));
}

TEST(CommandTest, APatternGoesByPositionWhereItIsAllThereIs) {
  EXPECT_EQ(Parse("key scan 'a*'"), "selector { glob: \"a*\" }");
  EXPECT_EQ(Parse("key scan 'a*' --type list"), "selector { glob: \"a*\" } type: KEY_TYPE_LIST");
  EXPECT_EQ(Parse("key delete-matching 'a*'"), "selector { glob: \"a*\" }");
  EXPECT_EQ(Parse("key scan --all"), "selector { all: true }");
}

TEST(CommandTest, WhatHasItsFlagIsNotExpectedByPosition) {
  EXPECT_EQ(Parse("string set --key k v"), "key: \"k\" value { text: \"v\" }");
  EXPECT_EQ(Parse("string set v --key k"), "key: \"k\" value { text: \"v\" }");
  EXPECT_EQ(Parse("list range k --start 2 5"), "key: \"k\" start: 2 stop: 5");
  EXPECT_EQ(Parse("list push k a --values b c"),
            "key: \"k\" side: SIDE_RIGHT values { text: \"a\" } values { text: \"b\" } "
            "values { text: \"c\" }");
}

TEST(CommandTest, ContradictionsAreWrong) {
  EXPECT_EQ(Parse("string set a 1 --absent --present"),
            "error: `--absent` and `--present` exclude each other");
  EXPECT_EQ(Parse("string set a 1 --ttl 5s --persist"),
            "error: `--ttl` and `--persist` exclude each other");
  EXPECT_EQ(Parse("key expire k 5s --persist"),
            "error: `--ttl` and `--persist` exclude each other");
  EXPECT_EQ(Parse("key scan 'a*' --prefix a"), "error: `--glob` and `--prefix` exclude each other");
  EXPECT_EQ(Parse("list push k a --left --side right"), "error: `--side` is given twice");
  EXPECT_EQ(Parse("string get --key a --key b"), "error: `--key` is given twice");
  EXPECT_EQ(Parse("string increment n --ttl 1s --initial-expiry-persist"),
            "key: \"n\" expiry { ttl { seconds: 1 } } initial_expiry { persist: true }")
      << "two of the same type are two things";
}

TEST(CommandTest, ADoubleDashEndsTheFlags) {
  EXPECT_EQ(Parse("string set k -- --ttl"), "key: \"k\" value { text: \"--ttl\" }");
  EXPECT_EQ(Parse("string set -- -- v"), "key: \"--\" value { text: \"v\" }");
}

TEST(CommandTest, WrongArgumentsAreNamed) {
  EXPECT_EQ(Parse("list range tasks x 1"), "error: start: `x` is no whole number of 64 bits");
  EXPECT_EQ(Parse("string get a b"), "error: `b` is one argument too many");
  EXPECT_THAT(Parse("string get a --ttl 1s"), HasSubstr("has no flag `--ttl`"));
  EXPECT_THAT(Parse("string set k v --ttl"), HasSubstr("needs a value"));
  EXPECT_THAT(Parse("string set k v --ttl soon"), HasSubstr("ttl: `soon` is no duration"));
  EXPECT_THAT(Parse("list push k --side up"), HasSubstr("none of left, right"));
  EXPECT_EQ(Parse("string get '\xFF'"), "error: key: the text is not UTF-8");
}

TEST(CommandTest, WhatMustBeThereIsMissed) {
  EXPECT_EQ(Parse("string get"), "error: <key> is missing");
  EXPECT_EQ(Parse("string set k"), "error: <value> is missing");
  EXPECT_EQ(Parse("list push k"), "error: <values> is missing");
  EXPECT_EQ(Parse("list get-at k"), "error: <index> is missing");
  EXPECT_EQ(Parse("hash set h"), "error: <fields> is missing");
  EXPECT_EQ(Parse("string set --key k --value v"), "key: \"k\" value { text: \"v\" }");
}

TEST(CommandTest, WhatMayBeLeftOutIsNot) {
  EXPECT_EQ(Parse("list range k"), "key: \"k\" stop: -1") << "a range is all of it";
  EXPECT_EQ(Parse("list range k 2"), "key: \"k\" start: 2 stop: -1");
  EXPECT_EQ(Parse("list range k 0 0"), "key: \"k\"");
  EXPECT_EQ(Parse("list range k --stop 1"), "key: \"k\" stop: 1");
  EXPECT_EQ(Parse("string get-range k"), "key: \"k\" end: -1");
  EXPECT_EQ(Parse("list remove k v"), "key: \"k\" value { text: \"v\" }");
  EXPECT_EQ(Parse("set scan s"), "key: \"s\"");
  EXPECT_EQ(Parse("hash get-all h"), "key: \"h\"");
  EXPECT_EQ(Parse("pubsub publish c hi"), "channel: \"c\" payload { text: \"hi\" }");
  EXPECT_EQ(Parse("pubsub subscribe --patterns 'a*'"), "patterns: \"a*\"");
  EXPECT_EQ(Parse("list find k v 2 --max-length 9"),
            "key: \"k\" value { text: \"v\" } rank: 2 max_length: 9");
}

TEST(CommandTest, ATimeToLiveGoesByPositionWhereItIsAllThereIs) {
  EXPECT_EQ(Parse("key expire k 10s"), "key: \"k\" expiry { ttl { seconds: 10 } }");
  EXPECT_EQ(Parse("string get-and-expire k 1m"), "key: \"k\" expiry { ttl { seconds: 60 } }");
  EXPECT_EQ(Parse("key expire k --persist"), "key: \"k\" expiry { persist: true }");
  EXPECT_THAT(FindCommand("key", "expire")->Usage(), HasSubstr("key expire <key> [<ttl>]"));
}

TEST(CommandTest, NamesAreFoundWhateverTheirStyle) {
  EXPECT_NE(FindCommand("string", "get-and-delete"), nullptr);
  EXPECT_EQ(FindCommand("String", "GetAndDelete"), FindCommand("string", "get_and_delete"));
  EXPECT_NE(FindCommand("pubsub", "publish"), nullptr);
  EXPECT_EQ(FindCommand("string", "nothing"), nullptr);
}

// Nothing of the API is out of reach: every method is a command, every leaf of its request a flag.
TEST(CommandTest, EveryMethodAndFieldIsReachable) {
  std::set<std::string> methods;
  for (const Command& command : AllCommands()) {
    methods.insert(command.method()->full_name());
    std::set<std::string> names;
    for (const Parameter& parameter : command.parameters()) {
      EXPECT_TRUE(names.insert(parameter.short_name).second)
          << command.Usage() << ": " << parameter.short_name << " twice";
      EXPECT_TRUE(command.HasFlag("--" + parameter.short_name)) << command.Usage();
      EXPECT_TRUE(command.HasFlag("--" + parameter.name)) << command.Usage();
    }
  }
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const bool pipeline = service->method(i)->client_streaming();
      EXPECT_EQ(methods.contains(service->method(i)->full_name()), !pipeline);
    }
  }
}

TEST(CommandTest, UsageSaysItAll) {
  EXPECT_EQ(FindCommand("list", "range")->Usage(), "list range <key> [<start>] [<stop>]");
  EXPECT_THAT(FindCommand("list", "push")->Usage(),
              HasSubstr("list push <key> <values>... [--side left|right]"));
  EXPECT_THAT(FindCommand("list", "pop")->Usage(), HasSubstr("<key> [<count>]"));
}

TEST(HintTest, FollowsWhatIsTyped) {
  EXPECT_EQ(HintFor(""), "");
  EXPECT_EQ(HintFor("list"), "");
  EXPECT_THAT(HintFor("list push "), HasSubstr("<key> <values>..."));
  EXPECT_EQ(HintFor("list push tasks"), "<values>...");
  EXPECT_EQ(HintFor("list push tasks a"), "<values>...");
  EXPECT_EQ(HintFor("list push --side"), "left|right");
  EXPECT_EQ(HintFor("list push --side "), "left|right");
  EXPECT_EQ(HintFor("string get k "), "");
  EXPECT_EQ(HintFor("list push tasks -- --side"), "<values>...");
  EXPECT_THAT(HintFor("set combine "), HasSubstr("<intersection|union|difference> <keys>..."));
  EXPECT_EQ(HintFor("set combine --union "), "<keys>...");
  EXPECT_EQ(HintFor("string set k v "), "[--flags]");
  EXPECT_THAT(HintFor("scan "), HasSubstr("<pattern>"));
}

TEST(CompletionTest, FollowsWhatIsTyped) {
  EXPECT_THAT(Completions({"li"}), ElementsAre("list"));
  EXPECT_THAT(Completions({""}), Contains("subscribe"));
  EXPECT_THAT(Completions({""}), Not(Contains("__complete")));
  EXPECT_THAT(Completions({"list", "po"}), ElementsAre("pop", "pop-any"));
  EXPECT_THAT(Completions({"help", "list", "tri"}), ElementsAre("trim"));
  EXPECT_THAT(Completions({"string", "set", "--tt"}), ElementsAre("--ttl"));
  EXPECT_THAT(Completions({"list", "push", "--le"}), ElementsAre("--left"));
  EXPECT_THAT(Completions({"list", "push", "--side", ""}), ElementsAre("left", "right"));
  EXPECT_THAT(Completions({"set", "combine", "un"}), ElementsAre("union"));
  EXPECT_THAT(Completions({"set", "combine", "union", "un"}), ElementsAre());
  EXPECT_THAT(Completions({"nothing", "x", "y"}), ElementsAre());
  EXPECT_THAT(Completions({"subscribe", "--m"}), ElementsAre("--max-buffered-bytes"));
  EXPECT_THAT(Completions({"subscribe", "news", "--"}), Contains("--pattern"));
  EXPECT_THAT(Completions({"scan", "--"}), Contains("--prefix"));
  EXPECT_THAT(Completions({"stat", "--"}), ElementsAre("--interval", "--count"));
  EXPECT_THAT(Completions({"bench", "--"}), AllOf(Contains("--pipeline"), Contains("--depth")));
  EXPECT_THAT(Completions({"bench", "--keys", "5", "--see"}), ElementsAre("--seed"));
  EXPECT_THAT(Completions({"bench", ""}), ElementsAre());
}

}  // namespace
}  // namespace kvick::cli
