// Redis is the oracle: what it answers to the same commands is right.
//   ORACLE_SEED=N   runs the sequence of this seed alone
//   ORACLE_STEPS=N  commands in each sequence
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "kvick/method.h"
#include "tests/oracle/runner.h"

namespace kvick::oracle {
namespace {

constexpr uint64_t kStepsByDefault = 6'000;

// A number from the environment.
std::optional<uint64_t> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  uint64_t number = 0;
  if (text == nullptr || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

// Some that stay, so that a failure comes back, and one that nobody has tried yet.
std::vector<uint64_t> Seeds() {
  if (const auto seed = FromEnvironment("ORACLE_SEED"); seed.has_value()) return {*seed};
  return {1, 2, 3, 4, std::random_device()()};
}

size_t Steps() { return FromEnvironment("ORACLE_STEPS").value_or(kStepsByDefault); }

// Commands of these families that Redis 7.0 has nothing to compare with, and why.
const std::map<std::string, std::string>& WithoutTwin() {
  static const std::map<std::string, std::string> reasons = {};
  return reasons;
}

class OracleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto session = Session::Start();
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }

  std::unique_ptr<Session> session_;
};

void Print(const Statistics& statistics) {
  std::cout << statistics.operations << " operations compared (answered/refused):";
  for (const auto& [name, count] : statistics.answered) {
    const auto refused = statistics.refused.find(name);
    std::cout << " " << name << " " << count << "/"
              << (refused == statistics.refused.end() ? 0 : refused->second);
  }
  std::cout << "\n";
  for (const auto& [reason, count] : statistics.errors) {
    std::cout << "  " << count << " times " << reason << "\n";
  }
}

// The arguments reach every command, every reason and every encoding that they should.
void ExpectReach(const TwinTable& table, const Statistics& statistics) {
  for (const Twin& twin : table.twins()) {
    EXPECT_TRUE(statistics.answered.contains(twin.name)) << twin.name << " never succeeded";
  }
  for (const char* reason : {"WRONG_TYPE", "NOT_AN_INTEGER", "NOT_A_FLOAT", "OVERFLOW",
                             "INDEX_OUT_OF_RANGE", "ARGUMENT_OUT_OF_RANGE", "VALUE_TOO_LARGE"}) {
    EXPECT_TRUE(statistics.errors.contains(absl::StrCat("error ", reason))) << reason;
  }
  using Kept = std::pair<v1::KeyType, v1::Encoding>;
  for (const Kept& kept :
       {Kept{v1::KEY_TYPE_STRING, v1::ENCODING_INLINE},
        Kept{v1::KEY_TYPE_LIST, v1::ENCODING_PACKED}, Kept{v1::KEY_TYPE_LIST, v1::ENCODING_BLOCKS},
        Kept{v1::KEY_TYPE_SET, v1::ENCODING_PACKED},
        Kept{v1::KEY_TYPE_SET, v1::ENCODING_HASH_TABLE},
        Kept{v1::KEY_TYPE_HASH, v1::ENCODING_PACKED},
        Kept{v1::KEY_TYPE_HASH, v1::ENCODING_HASH_TABLE}}) {
    EXPECT_TRUE(statistics.encodings.contains(kept))
        << v1::KeyType_Name(kept.first) << " was never " << v1::Encoding_Name(kept.second);
  }
}

TEST_F(OracleTest, KvickAnswersAsRedisDoes) {
  const TwinTable table = AllTwins();
  Statistics statistics;
  for (const uint64_t seed : Seeds()) {
    std::cout << "seed " << seed << ", " << Steps() << " steps\n";
    const Sequence sequence = GenerateSequence(table, seed, Steps());
    const auto divergence = RunSequence(*session_, table, sequence, &statistics);
    ASSERT_TRUE(divergence.ok()) << "seed " << seed << ": " << divergence.status();
    if (!divergence->has_value()) continue;
    const Sequence shortest = Reduce(*session_, table, sequence, **divergence);
    const auto again = RunSequence(*session_, table, shortest);
    ADD_FAILURE() << "The sequence of seed " << seed << " diverges at operation "
                  << (*divergence)->index + 1 << ":\n  " << Describe((*divergence)->operation)
                  << "\n  Kvick answered: " << (*divergence)->kvick.substr(0, 2000)
                  << "\n  Redis answered: " << (*divergence)->redis.substr(0, 2000)
                  << "\nThe shortest sequence that does:\n"
                  << Describe(shortest, again.ok() ? *again : std::nullopt);
  }
  Print(statistics);
  if (statistics.operations >= 20'000 && !HasFailure()) ExpectReach(table, statistics);
}

TEST_F(OracleTest, TheSameSeedGivesTheSameSequence) {
  const TwinTable table = AllTwins();
  const Sequence one = GenerateSequence(table, 7, 500);
  const Sequence same = GenerateSequence(table, 7, 500);
  const Sequence other = GenerateSequence(table, 8, 500);
  const auto equal = [](const Sequence& a, const Sequence& b) {
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [](const Operation& left, const Operation& right) {
          return left.twin == right.twin &&
                 google::protobuf::util::MessageDifferencer::Equals(*left.request, *right.request);
        });
  };
  EXPECT_TRUE(equal(one, same));
  EXPECT_FALSE(equal(one, other));
}

// A wrong twin stands for a wrong Kvick: the test must be able to fail.
TEST_F(OracleTest, AWrongAnswerIsFoundAndReduced) {
  TwinTable table = AllTwins();
  for (Twin& twin : table.mutable_twins()) {
    if (twin.name != "ListPop") continue;
    twin.plan = [right = twin.plan](const Message& request, const Outcome& outcome) {
      RedisPlan plan = right(request, outcome);
      for (Call& call : plan.calls) call[0] = call[0] == "LPOP" ? "RPOP" : "LPOP";
      return plan;
    };
  }
  const Sequence sequence = GenerateSequence(table, 1, 2'000);
  const auto divergence = RunSequence(*session_, table, sequence);
  ASSERT_TRUE(divergence.ok()) << divergence.status();
  ASSERT_TRUE(divergence->has_value()) << "nobody noticed";
  const Sequence shortest = Reduce(*session_, table, sequence, **divergence);
  // One push of two values, or two of one, and the pop.
  EXPECT_LE(shortest.size(), 3u) << Describe(shortest, std::nullopt);
  EXPECT_EQ(shortest.back().twin->name, "ListPop") << Describe(shortest, std::nullopt);
  const auto again = RunSequence(*session_, table, shortest);
  EXPECT_TRUE(again.ok() && again->has_value()) << Describe(shortest, std::nullopt);
}

// A state that drifts apart without a wrong answer is found by reading it.
TEST_F(OracleTest, AWrongStateIsFound) {
  TwinTable table = AllTwins();
  for (Twin& twin : table.mutable_twins()) {
    if (twin.name != "StringAppend") continue;
    twin.plan = [right = twin.plan](const Message& request, const Outcome& outcome) {
      RedisPlan plan = right(request, outcome);
      if (outcome.response != nullptr && !plan.calls.empty()) {
        plan.after.push_back({"PEXPIREAT", plan.calls[0][1], "4102444800000"});
      }
      return plan;
    };
  }
  Sequence sequence;
  v1::StringAppendRequest append;
  append.set_key("string:0");
  append.mutable_value()->set_text("x");
  sequence.push_back(
      {&table.Of(append.GetDescriptor()), std::make_shared<const v1::StringAppendRequest>(append)});
  const auto divergence = RunSequence(*session_, table, sequence);
  ASSERT_TRUE(divergence.ok()) << divergence.status();
  ASSERT_TRUE(divergence->has_value()) << "nobody noticed";
  EXPECT_EQ((*divergence)->operation.twin->name, "KeyDescribe");
}

TEST(OracleCoverageTest, EveryCommandHasATwinOrAReason) {
  std::set<std::string> compared;
  const TwinTable table = AllTwins();
  for (const Twin& twin : table.twins()) compared.insert(twin.request->full_name());
  int requests = 0;
  for (const auto* service : AllServices()) {
    const std::set<std::string> families = {"KeyService", "StringService", "ListService",
                                            "SetService", "HashService"};
    if (!families.contains(service->name())) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string& request = service->method(i)->input_type()->full_name();
      ++requests;
      EXPECT_NE(compared.contains(request), WithoutTwin().contains(request))
          << request
          << " must be in one of the tables of twins or in WithoutTwin(), and in one only";
    }
  }
  EXPECT_EQ(requests, static_cast<int>(compared.size() + WithoutTwin().size()));
}

}  // namespace
}  // namespace kvick::oracle
