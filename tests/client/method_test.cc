#include "kvick/method.h"

#include <gtest/gtest.h>

#include <set>

namespace kvick {
namespace {

TEST(MethodTest, KnowsItsPath) {
  EXPECT_EQ(MethodFor<v1::StringGetRequest>().path, "/kvick.v1.StringService/Get");
}

TEST(MethodTest, ResponsesAreThoseOfTheService) {
  EXPECT_EQ(MethodFor<v1::ListMoveRequest>().descriptor->output_type(),
            ResponseFor<v1::ListMoveRequest>::descriptor());
}

TEST(MethodTest, OnlyWhatChangesNothingIsRepeatable) {
  EXPECT_TRUE(MethodFor<v1::StringGetRequest>().repeatable);
  EXPECT_TRUE(MethodFor<v1::AdminGetStatisticsRequest>().repeatable);
  EXPECT_TRUE(MethodFor<v1::SetScanRequest>().repeatable);
  EXPECT_FALSE(MethodFor<v1::StringSetRequest>().repeatable);
  EXPECT_FALSE(MethodFor<v1::ListPopAnyRequest>().repeatable);
  EXPECT_FALSE(MethodFor<v1::PubSubPublishRequest>().repeatable);
  EXPECT_FALSE(MethodFor<v1::KeyDeleteMatchingRequest>().repeatable);
  EXPECT_FALSE(MethodFor<v1::AdminFlushRequest>().repeatable);
}

// A service that is missing here would be missing in the command line as well.
TEST(MethodTest, KnowsAllServicesOnce) {
  std::multiset<std::string> names;
  for (const auto* service : AllServices()) names.insert(service->name());
  EXPECT_EQ(names, (std::multiset<std::string>{"AdminService", "CommandService", "HashService",
                                               "KeyService", "ListService", "PubSubService",
                                               "SetService", "StringService"}));
}

TEST(MethodTest, FindsNoMethodForWhatIsNoRequest) {
  EXPECT_EQ(FindMethod(v1::Value::descriptor()), nullptr);
}

}  // namespace
}  // namespace kvick
