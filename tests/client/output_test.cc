#include "client/cli/output.h"

#include <gtest/gtest.h>

#include <sstream>

#include "kvick/error.h"
#include "kvick/v1/command.pb.h"

namespace kvick::cli {
namespace {

struct Printed {
  std::string out;
  std::string errors;
  ExitCode code;
};

Printed Print(const google::protobuf::Message& response, const Style& style = {}) {
  std::ostringstream out;
  std::ostringstream errors;
  const ExitCode code = PrintResponse(response, style, out, errors);
  return {out.str(), errors.str(), code};
}

TEST(OutputTest, AValueIsItsBytesAlone) {
  v1::StringGetResponse response;
  response.mutable_entry()->mutable_value()->set_data("\x01\xFF");
  EXPECT_EQ(Print(response).out, "\x01\xFF\n");
  EXPECT_EQ(Print(response, {.terminal = true}).out, "hex:01ff\n(version 0)\n");
  response.mutable_entry()->mutable_value()->set_text("a\x1b");
  EXPECT_EQ(Print(response, {.terminal = true}).out, "a\\x1b\n(version 0)\n");
}

TEST(OutputTest, NothingThereIsSaidOnTheErrorStreamAndByTheCode) {
  const Printed printed = Print(v1::StringGetResponse());
  EXPECT_EQ(printed.out, "");
  EXPECT_EQ(printed.errors, "(none)\n");
  EXPECT_EQ(printed.code, kNothingThere);
  EXPECT_EQ(Print(v1::StringGetResponse(), {.json = true}).code, kNothingThere);
  EXPECT_EQ(Print(v1::KeySampleResponse()).code, kNothingThere);
}

TEST(OutputTest, AnAnswerOfSeveralFieldsMaySayNothingToo) {
  v1::ListPopAnyResponse pop;
  pop.mutable_mutation()->set_applied(true);
  EXPECT_EQ(Print(pop).errors, "(none)\n");
  EXPECT_EQ(Print(pop).code, kNothingThere);
  EXPECT_EQ(Print(pop, {.json = true}).code, kNothingThere);
  EXPECT_EQ(Print(v1::ListRangeResponse()).code, kSuccess) << "an empty list is an answer";
  pop.set_key("k");
  pop.add_values()->set_text("a");
  EXPECT_EQ(Print(pop).code, kSuccess);
}

TEST(OutputTest, NothingTakenOrFoundIsNothingToo) {
  v1::ListPopResponse list_pop;
  list_pop.mutable_mutation()->set_applied(true);
  v1::SetPopResponse set_pop;
  set_pop.mutable_mutation()->set_applied(true);
  const v1::SetSampleResponse set_sample;
  const v1::HashSampleResponse hash_sample;
  const v1::ListFindResponse find;
  const v1::HashGetAllResponse all;
  const std::vector<const google::protobuf::Message*> nothings = {
      &list_pop, &set_pop, &set_sample, &hash_sample, &find, &all};
  for (const google::protobuf::Message* nothing : nothings) {
    EXPECT_EQ(Print(*nothing).code, kNothingThere) << nothing->GetTypeName();
    EXPECT_EQ(Print(*nothing).out, "") << nothing->GetTypeName();
    EXPECT_EQ(Print(*nothing).errors, "(none)\n") << nothing->GetTypeName();
    EXPECT_EQ(Print(*nothing, {.json = true}).code, kNothingThere) << nothing->GetTypeName();
  }
  list_pop.mutable_mutation()->set_applied(false);
  EXPECT_EQ(Print(list_pop).code, kNotApplied);
  EXPECT_EQ(Print(v1::SetCombineResponse()).code, kSuccess);
  EXPECT_EQ(Print(v1::HashScanResponse()).code, kSuccess) << "a page";
}

TEST(OutputTest, ItemsThatAreAllMissingAreNothing) {
  v1::HashGetResponse get;
  get.add_items();
  get.add_items();
  EXPECT_EQ(Print(get).code, kNothingThere);
  EXPECT_EQ(Print(get).out, "");
  EXPECT_EQ(Print(get).errors, "(none)\n");
  get.mutable_items(1)->mutable_value()->set_text("");
  EXPECT_EQ(Print(get).code, kSuccess);
  EXPECT_EQ(Print(get).out, "(none)\n\n");
  v1::StringBatchGetResponse batch;
  batch.add_items();
  EXPECT_EQ(Print(batch).code, kNothingThere);
}

TEST(OutputTest, ATextIsToldFromWhatIsMissing) {
  v1::HashGetResponse get;
  get.add_items()->mutable_value()->set_text("(none)");
  EXPECT_EQ(Print(get).out, "(none)\n")
      << "one alone is on the standard output only if it is there";
  get.add_items();
  get.add_items()->mutable_value()->set_text("\"(none)\"");
  get.add_items()->mutable_value()->set_text("\"none\"");
  get.add_items()->mutable_value()->set_data("(none)");
  EXPECT_EQ(Print(get).out, "\"(none)\"\n(none)\n\"\"(none)\"\"\n\"none\"\n\"(none)\"\n");
}

TEST(OutputTest, AWriteIsOkOrItsResult) {
  v1::StringSetResponse set;
  set.mutable_mutation()->set_applied(true);
  EXPECT_EQ(Print(set).out, "OK\n");
  set.mutable_previous()->mutable_value()->set_text("old");
  EXPECT_EQ(Print(set).out, "old\n");
  v1::ListPushResponse push;
  push.mutable_mutation()->set_applied(true);
  push.set_length(3);
  EXPECT_EQ(Print(push).out, "3\n");
}

TEST(OutputTest, AWriteThatWasNotAppliedHasACodeOfItsOwn) {
  v1::StringSetResponse set;
  set.mutable_mutation()->set_version(7);
  const Printed printed = Print(set);
  EXPECT_EQ(printed.code, kNotApplied);
  EXPECT_EQ(printed.errors, "not applied: the precondition did not hold; the key's version is 7\n");
  EXPECT_EQ(Print(set, {.json = true}).code, kNotApplied);
}

TEST(OutputTest, ListsAreALineAnItem) {
  v1::StringBatchGetResponse batch;
  batch.add_items()->mutable_entry()->mutable_value()->set_integer(1);
  batch.add_items();
  EXPECT_EQ(Print(batch).out, "1\n(none)\n");
  v1::HashGetAllResponse all;
  (*all.mutable_fields())["b"].set_text("2");
  (*all.mutable_fields())["a"].set_number(0.5);
  EXPECT_EQ(Print(all).out, "fields:\n  a\t0.5\n  b\t2\nversion: 0\n");
  v1::KeyScanResponse scan;
  scan.add_keys()->set_key("k");
  scan.mutable_keys(0)->set_type(v1::KEY_TYPE_HASH);
  scan.set_next_page_token("t");
  EXPECT_EQ(Print(scan).out, "k\thash\n");
}

TEST(OutputTest, SeveralFieldsAreNamed) {
  v1::KeyDescribeResponse response;
  response.mutable_description()->set_type(v1::KEY_TYPE_LIST);
  response.mutable_description()->mutable_idle_time()->set_seconds(5);
  const std::string text = Print(response).out;
  EXPECT_NE(text.find("type: list\n"), std::string::npos);
  EXPECT_NE(text.find("idle_time: 5s\n"), std::string::npos);
  EXPECT_EQ(text.find("expire_time"), std::string::npos) << "what is not there is not shown";
}

TEST(OutputTest, JsonIsProtobufs) {
  v1::StringLengthResponse response;
  response.set_length(3);
  EXPECT_EQ(Print(response, {.json = true}).out, "{\"length\":\"3\"}\n");
}

TEST(OutputTest, JsonHasZerosButNothingThatIsMissing) {
  EXPECT_EQ(ToJson(v1::StringLengthResponse()), "{\"length\":\"0\"}");
  v1::StringIncrementResponse increment;
  increment.mutable_mutation()->set_applied(false);
  EXPECT_EQ(ToJson(increment),
            "{\"mutation\":{\"applied\":false,\"version\":\"0\"},\"value\":\"0\"}");
  EXPECT_EQ(ToJson(v1::ListPopAnyResponse()), "{\"values\":[]}") << "no key, which is optional";
  EXPECT_EQ(ToJson(v1::Value()), "{}") << "one of several kinds";
  EXPECT_EQ(ToJson(v1::PubSubSubscribeResponse()), "{}");
  EXPECT_EQ(ToJson(v1::HashGetItem()), "{}");
}

TEST(OutputTest, ErrorsHaveCodeReasonDetailsAndHint) {
  v1::OperationStatus operation;
  operation.set_code(8);
  operation.set_message("memory is full");
  operation.set_reason(v1::ERROR_REASON_MEMORY_LIMIT);
  (*operation.mutable_metadata())["max_memory"] = "64";
  operation.mutable_retry_delay()->set_seconds(2);
  std::ostringstream errors;
  EXPECT_EQ(PrintError(StatusFromOperation(operation), "", {}, errors), kFailed);
  EXPECT_EQ(errors.str(),
            "RESOURCE_EXHAUSTED MEMORY_LIMIT: memory is full\n  max_memory: 64\n"
            "hint: try again in 2s\n");
}

TEST(OutputTest, ErrorsHaveTheirExitCodes) {
  std::ostringstream errors;
  EXPECT_EQ(PrintError(absl::UnavailableError(""), "", {}, errors), kUnavailable);
  EXPECT_EQ(PrintError(absl::DeadlineExceededError(""), "", {}, errors), kTimeout);
  EXPECT_EQ(PrintError(absl::InvalidArgumentError(""), "kvick x", {}, errors), kFailed);
  EXPECT_NE(errors.str().find("usage: kvick x"), std::string::npos);
}

TEST(OutputTest, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(Style{}.Red("x"), "x");
  EXPECT_EQ(Style{.color = true}.Red("x"), "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace kvick::cli
