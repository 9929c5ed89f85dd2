// ChannelTable: listing goes in steps.
#include "server/pubsub/channels.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"

namespace kvick::server {
namespace {

class ChannelTableTest : public testing::Test {
 protected:
  void Subscribe(const std::string& name) {
    table_.Use(storage::HashBytes(name), name, [] { return 1; }).subscribers.insert(subscriber_);
  }
  // Lists all in steps; returns how many there were.
  int List(const std::string& glob, std::set<std::string>* names) {
    int steps = 0;
    uint64_t cursor = 0;
    do {
      std::vector<std::string> some;
      cursor = table_.ListSome(cursor, storage::Glob(glob), "", &some);
      names->insert(some.begin(), some.end());
      ++steps;
    } while (cursor != 0);
    return steps;
  }

  PubSubCounters counters_;
  MessageMemory memory_{INT64_MAX};
  SubscriberPtr subscriber_ = std::make_shared<Subscriber>(
      v1::OVERFLOW_UNSPECIFIED, 1024, [] {}, counters_, memory_);
  ChannelTable table_{10, 1000};
};

TEST_F(ChannelTableTest, AStepEndsByItsWork) {
  constexpr int kChannels = 500;
  for (int i = 0; i < kChannels; ++i) Subscribe(absl::StrCat(std::string(10'000, 'a'), i));
  const int least_steps = kChannels * 10'000 / (64 << 10) / 2;
  std::set<std::string> names;
  EXPECT_GE(List("*" + std::string(1000, 'a') + "b*", &names), least_steps);
  EXPECT_TRUE(names.empty());
  EXPECT_GE(List("*", &names), least_steps) << "what is copied is work";
  EXPECT_EQ(names.size(), kChannels);
}

TEST_F(ChannelTableTest, ManyShortNamesTakeSeveralSteps) {
  for (int i = 0; i < 20'000; ++i) Subscribe(absl::StrCat("channel", i));
  std::set<std::string> names;
  EXPECT_GE(List("nothing", &names), 5);
  EXPECT_GE(List("*9", &names), 5);
  EXPECT_EQ(names.size(), 2000u);
}

}  // namespace
}  // namespace kvick::server
