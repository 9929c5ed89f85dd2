#include "client/bench/workload.h"

#include <gtest/gtest.h>

#include "kvick/v1/command.pb.h"

namespace kvick::bench {
namespace {

TEST(WorkloadTest, KeysHaveTheSizeThatWasAskedForOrWhatTheirNumberTakes) {
  LoadOptions options;
  EXPECT_EQ(KeyOf(42, options), "key:000000000042");
  options.key_bytes = 5;
  EXPECT_EQ(KeyOf(42, options), "key:42");
}

TEST(WorkloadTest, UnaryRequestsFollowTheMix) {
  LoadOptions options;
  options.set_ratio = 0.25;
  options.keys = 10;
  const auto requests = PrepareUnary(options);
  ASSERT_GT(requests.size(), 1000u);
  int sets = 0;
  for (const PreparedRequest& request : requests) {
    if (request.is_set) {
      ++sets;
      v1::StringSetRequest set;
      ASSERT_TRUE(set.ParseFromString(request.bytes));
      EXPECT_EQ(set.value().data().size(), 64u);
    } else {
      v1::StringGetRequest get;
      ASSERT_TRUE(get.ParseFromString(request.bytes));
      EXPECT_EQ(get.key().size(), 16u);
      EXPECT_LE(get.key(), "key:000000000009");
    }
  }
  EXPECT_NEAR(sets / static_cast<double>(requests.size()), 0.25, 0.02);
}

TEST(WorkloadTest, TheExtremesOfTheMixAreExact) {
  LoadOptions options;
  options.value_bytes = 1 << 20;
  options.set_ratio = 1;
  for (const PreparedRequest& request : PrepareUnary(options)) EXPECT_TRUE(request.is_set);
  options.set_ratio = 0;
  for (const PreparedRequest& request : PrepareUnary(options)) EXPECT_FALSE(request.is_set);
}

TEST(WorkloadTest, FramesHaveTheirDepth) {
  LoadOptions options;
  options.depth = 7;
  options.keys = 100;
  for (const PreparedRequest& frame : PrepareFrames(options)) {
    v1::PipelineRequest request;
    ASSERT_TRUE(request.ParseFromString(frame.bytes));
    EXPECT_EQ(request.operations_size(), 7);
  }
}

TEST(WorkloadTest, SummaryCountsResultsAndErrors) {
  v1::PipelineResponse response;
  response.add_results()->mutable_reply()->mutable_string_get();
  response.add_results()->set_id(500);
  response.mutable_results(1)->mutable_status()->set_code(9);
  response.add_results()->set_id(3);
  response.add_results()->mutable_status();
  const std::string bytes = response.SerializeAsString();
  const FrameSummary summary = SummarizeFrame(bytes.data(), bytes.size());
  EXPECT_TRUE(summary.valid);
  EXPECT_EQ(summary.results, 4);
  EXPECT_EQ(summary.errors, 2);
}

TEST(WorkloadTest, SetsCarryTheExpiryThatIsAskedFor) {
  LoadOptions options;
  options.set_ratio = 1;
  const auto first_set = [&options] {
    v1::StringSetRequest set;
    EXPECT_TRUE(set.ParseFromString(PrepareUnary(options).front().bytes));
    return set;
  };
  EXPECT_FALSE(first_set().has_expiry());
  options.expiry = absl::Milliseconds(90'250);
  EXPECT_EQ(first_set().expiry().ttl().seconds(), 90);
  EXPECT_EQ(first_set().expiry().ttl().nanos(), 250'000'000);
}

TEST(WorkloadTest, SummaryOfCutOrForeignBytesIsInvalid) {
  v1::PipelineResponse response;
  response.add_results()->set_id(3);
  const std::string bytes = response.SerializeAsString();
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(SummarizeFrame(bytes.data(), size).valid) << size;
  }
  const std::string garbage(100, '\xFF');
  EXPECT_FALSE(SummarizeFrame(garbage.data(), garbage.size()).valid);
  EXPECT_TRUE(SummarizeFrame(nullptr, 0).valid);
}

TEST(LoadOptionsTest, EveryRangeIsChecked) {
  EXPECT_TRUE(LoadOptions().Check().ok());
  const auto refused = [](auto change) {
    LoadOptions options;
    change(options);
    return !options.Check().ok();
  };
  EXPECT_TRUE(refused([](LoadOptions& o) { o.connections = 0; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.concurrency = 0; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.depth = 10'001; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.frames = 0; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.threads = 0; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.set_ratio = 1.1; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.keys = 0; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.value_bytes = -1; }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.expiry = absl::Seconds(-1); }));
  EXPECT_TRUE(refused([](LoadOptions& o) { o.duration = absl::ZeroDuration(); }));
}

}  // namespace
}  // namespace kvick::bench
