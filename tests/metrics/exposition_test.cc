#include "server/metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace kvick::server {
namespace {

using ::testing::HasSubstr;

class ExpositionTest : public testing::Test {
 protected:
  ExpositionTest() {
    get_ = metrics_.AddCall({"kvick.v1.StringService", "Get", CallKind::kUnary});
    metrics_.AddCall({"kvick.v1.PubSubService", "Subscribe", CallKind::kServerStream});
    metrics_.AddCall({"kvick.v1.CommandService", "Pipeline", CallKind::kBidiStream});
    metrics_.AddCommand("StringSet");
  }

  std::string Scrape() const {
    const Exposition exposition(&metrics_, [this] { return statistics_; },
                                {{"version", "1.2.3"}, {"grpc", "1.51.1"}});
    return prometheus::TextSerializer().Serialize(exposition.Collect());
  }

  CallMetrics metrics_;
  ServerStatistics statistics_;
  uint32_t get_ = 0;
};

TEST_F(ExpositionTest, CallsHaveTheCommonNames) {
  metrics_.Started(get_);
  metrics_.Handled(get_, 5, 20e-6);
  metrics_.Ran(0, 7);
  const std::string text = Scrape();
  const std::string labels =
      R"({grpc_type="unary",grpc_service="kvick.v1.StringService",grpc_method="Get")";
  EXPECT_THAT(text, HasSubstr("grpc_server_started_total" + labels + "} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total" + labels + R"(,grpc_code="OK"} 0)"));
  EXPECT_THAT(text,
              HasSubstr("grpc_server_handled_total" + labels + R"(,grpc_code="NotFound"} 1)"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_count" + labels + "} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_bucket" + labels + R"(,le="+Inf"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(,le="10"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(grpc_type="server_stream",grpc_service="kvick.v1.PubSubService")"));
  EXPECT_THAT(text, HasSubstr(R"(kvick_commands_total{command="StringSet"} 7)"));
}

TEST_F(ExpositionTest, BucketsAreCumulative) {
  metrics_.Handled(get_, 0, 5e-6);
  metrics_.Handled(get_, 0, 20e-6);
  metrics_.Handled(get_, 0, 100);
  const Exposition exposition(&metrics_, [] { return ServerStatistics(); }, {});
  for (const auto& family : exposition.Collect()) {
    if (family.name == "grpc_server_handling_seconds") {
      const auto& histogram = family.metric[get_].histogram;
      EXPECT_EQ(histogram.bucket.front().cumulative_count, 1u);
      EXPECT_DOUBLE_EQ(histogram.bucket.front().upper_bound, 10e-6);
      EXPECT_EQ(histogram.bucket[1].cumulative_count, 2u);
      EXPECT_EQ(histogram.bucket.back().cumulative_count, 2u);
      EXPECT_EQ(histogram.sample_count, 3u);
      EXPECT_NEAR(histogram.sample_sum, 100.000025, 1e-6);
    }
  }
}

TEST_F(ExpositionTest, StatisticsAreShown) {
  statistics_.keys = 3;
  statistics_.data_bytes = 400;
  statistics_.resident_bytes = int64_t{5} << 40;
  statistics_.dropped_messages = 6;
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("kvick_keys 3\n"));
  EXPECT_THAT(text, HasSubstr("kvick_memory_bytes{class=\"data\"} 400\n"));
  EXPECT_THAT(text, HasSubstr("kvick_memory_bytes{class=\"resident\"} 5497558138880\n"));
  EXPECT_THAT(text, HasSubstr("kvick_messages_dropped_total 6\n"));
  EXPECT_THAT(text, HasSubstr("kvick_build_info{grpc=\"1.51.1\",version=\"1.2.3\"} 1\n"));
}

TEST_F(ExpositionTest, PromtoolFindsNothing) {
  metrics_.Handled(get_, 0, 5e-6);
  const std::string path = testing::TempDir() + "/metrics.txt";
  std::ofstream(path) << Scrape();
  FILE* promtool = popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string output;
  for (int c = std::fgetc(promtool); c != EOF; c = std::fgetc(promtool)) {
    output += static_cast<char>(c);
  }
  EXPECT_EQ(pclose(promtool), 0) << "promtool comes with the Debian package prometheus";
  EXPECT_EQ(output, "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace kvick::server
