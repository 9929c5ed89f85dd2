#include "server/config/units.h"

#include <gtest/gtest.h>

#include "server/config/address.h"

namespace kvick::server {
namespace {

TEST(UnitsTest, SizesHaveUnits) {
  EXPECT_EQ(*ParseBytes("0"), 0);
  EXPECT_EQ(*ParseBytes("1000"), 1000);
  EXPECT_EQ(*ParseBytes("64Mi"), 64 << 20);
  EXPECT_EQ(*ParseBytes("64MiB"), 64 << 20);
  EXPECT_EQ(*ParseBytes("64mi"), 64 << 20);
  EXPECT_EQ(*ParseBytes("64m"), 64'000'000);
  EXPECT_EQ(*ParseBytes("64MB"), 64'000'000);
  EXPECT_EQ(*ParseBytes("3g"), 3'000'000'000);
  EXPECT_EQ(*ParseBytes("2Ti"), int64_t{2} << 40);
  EXPECT_EQ(*ParseBytes("17B"), 17);
}

TEST(UnitsTest, WhatIsNoSizeIsRefused) {
  for (const char* text : {"", "k", "-1", "1x", "1 k", "1kk", "1ii", "1KiBi", "1.5g", "0x10",
                           "9223372036854775808", "9223372036854775807k", "99999999Ti"}) {
    EXPECT_FALSE(ParseBytes(text).ok()) << text;
  }
  EXPECT_NE(ParseBytes("1x").status().message().find("like 64Mi"), std::string::npos);
}

TEST(UnitsTest, SizesAreWrittenAsTheyAreRead) {
  for (const int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{1000}, int64_t{1024},
                              int64_t{16} << 10, int64_t{3} << 40, (int64_t{2} << 30) - 1}) {
    EXPECT_EQ(*ParseBytes(BytesText(bytes)), bytes);
  }
  EXPECT_EQ(BytesText(64 << 20), "64Mi");
}

TEST(UnitsTest, Durations) {
  EXPECT_EQ(*ParseDuration("10s"), absl::Seconds(10));
  EXPECT_EQ(*ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("0"), absl::ZeroDuration());
  for (const char* text : {"", "10", "s", "-1s", "10 s x"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
  EXPECT_EQ(DurationText(absl::Hours(2)), "2h");
}

TEST(AddressTest, HostsAndPorts) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:5825")->port, 5825);
  EXPECT_EQ(ParseHostPort("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseHostPort("db.example:65535")->host, "db.example");
  EXPECT_EQ(HostPortText({"::1", 7}), "[::1]:7");
  EXPECT_EQ(HostPortText({"h", 7}), "h:7");
  EXPECT_EQ(ParseHostPorts("a:1, b:2")->size(), 2u);
  for (const char* text :
       {"", ":1", "a", "a:", "a:65536", "a:-1", "a:1x", "::1:5", "[::1]", "[]:1", "a:b:1"}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
  EXPECT_FALSE(ParseHostPorts("").ok());
  EXPECT_FALSE(ParseHostPorts("a:1,").ok());
}

TEST(AddressTest, Loopback) {
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "localhost"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost.evil", ""}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace kvick::server
