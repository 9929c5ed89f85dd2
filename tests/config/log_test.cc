#include "server/config/log.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

namespace kvick::server {
namespace {

using ::testing::MatchesRegex;

// Reads a JSON object of strings, as another program would.
google::protobuf::Struct ReadJson(const std::string& text) {
  google::protobuf::Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &object);
  EXPECT_TRUE(status.ok()) << text;
  return object;
}

TEST(LogTest, TextLines) {
  std::ostringstream out;
  StartLog(LogFormat::kText, LogLevel::kInfo, &out);
  Log(LogLevel::kInfo, "ready", {{"grpc", "127.0.0.1:1"}, {"note", "two words"}, {"none", ""}});
  EXPECT_THAT(out.str(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z info "
                           "ready grpc=127.0.0.1:1 note=\"two words\" none=\"\"\n"));
}

TEST(LogTest, LevelsBelowTheLeastAreNotWritten) {
  std::ostringstream out;
  StartLog(LogFormat::kText, LogLevel::kWarning, &out);
  Log(LogLevel::kDebug, "one");
  Log(LogLevel::kInfo, "two");
  EXPECT_FALSE(IsLogged(LogLevel::kInfo));
  EXPECT_EQ(out.str(), "");
  Log(LogLevel::kWarning, "three");
  Log(LogLevel::kError, "four");
  EXPECT_THAT(out.str(), MatchesRegex(".* warning three\n.* error four\n"));
}

TEST(LogTest, JsonSurvivesAnyText) {
  std::ostringstream out;
  StartLog(LogFormat::kJson, LogLevel::kDebug, &out);
  std::string every;
  for (int c = 1; c < 128; ++c) {
    every += static_cast<char>(c);
  }
  Log(LogLevel::kDebug, every, {{"uml", "Grüße, 猫, 🐈"}, {"format", "{} %v %l"}});
  const auto object = ReadJson(out.str());
  EXPECT_EQ(object.fields().at("message").string_value(), every);
  EXPECT_EQ(object.fields().at("uml").string_value(), "Grüße, 猫, 🐈");
  EXPECT_EQ(object.fields().at("format").string_value(), "{} %v %l");
  EXPECT_EQ(object.fields().at("level").string_value(), "debug");
  EXPECT_THAT(object.fields().at("time").string_value(), MatchesRegex("2[0-9-]+T[0-9:.]+Z"));
}

TEST(LogTest, BytesThatAreNotUtf8AreReplaced) {
  for (const char* bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    const auto object = ReadJson(std::string("{").append(JsonLogText(bytes, {})).append("}"));
    EXPECT_EQ(object.fields().at("message").string_value().find("\xef\xbf\xbd"), 0u);
  }
}

TEST(LogTest, ALineStaysALine) {
  EXPECT_EQ(PlainLogText("a\nb", {{"c", "d\n=\"e"}}), "\"a\\nb\" c=\"d\\n=\\\"e\"");
}

TEST(LogTest, LinesOfManyThreadsDoNotMix) {
  std::ostringstream out;
  StartLog(LogFormat::kJson, LogLevel::kInfo, &out);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        Log(LogLevel::kInfo, "tick", {{"i", std::to_string(i)}});
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::istringstream lines(out.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ReadJson(line);
  }
  EXPECT_EQ(count, 800);
}

TEST(LogTest, NamesOfLevelsAndFormats) {
  EXPECT_EQ(*ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_FALSE(ParseLogLevel("loud").ok());
  EXPECT_EQ(*ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_FALSE(ParseLogFormat("xml").ok());
}

}  // namespace
}  // namespace kvick::server
