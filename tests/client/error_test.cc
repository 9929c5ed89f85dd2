#include "kvick/error.h"

#include <gtest/gtest.h>

#include "kvick/internal/wire_status.h"

namespace kvick {
namespace {

std::string WireDetails(const std::string& reason, const std::string& domain, int retry_seconds) {
  v1::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(domain);
  (*info.mutable_metadata())["limit"] = "10";
  v1::ErrorStatus status;
  status.set_code(8);
  google::protobuf::Any* any = status.add_details();
  any->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any->set_value(info.SerializeAsString());
  if (retry_seconds > 0) {
    v1::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_seconds);
    any = status.add_details();
    any->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
    any->set_value(retry.SerializeAsString());
  }
  return status.SerializeAsString();
}

TEST(ErrorTest, DecodesReasonMetadataAndDelay) {
  const absl::Status status =
      internal::StatusFromWire(8, "full", WireDetails("MEMORY_LIMIT", "kvick", 3));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "full");
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, v1::ERROR_REASON_MEMORY_LIMIT);
  EXPECT_EQ(details.reason_name, "MEMORY_LIMIT");
  EXPECT_EQ(details.metadata.at("limit"), "10");
  EXPECT_EQ(details.retry_delay, absl::Seconds(3));
}

TEST(ErrorTest, KeepsTheNameOfAReasonThatItDoesNotKnow) {
  const absl::Status status =
      internal::StatusFromWire(9, "", WireDetails("FROM_THE_FUTURE", "kvick", 0));
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(DetailsOf(status).reason_name, "FROM_THE_FUTURE");
  EXPECT_FALSE(DetailsOf(status).retry_delay.has_value());
}

TEST(ErrorTest, AnotherDomainsReasonIsNotOurs) {
  const absl::Status status =
      internal::StatusFromWire(9, "", WireDetails("WRONG_TYPE", "elsewhere", 0));
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_UNSPECIFIED);
}

TEST(ErrorTest, GarbageInTheDetailsIsIgnored) {
  const absl::Status status = internal::StatusFromWire(3, "bad", "\xFF\xFF\xFF garbage");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(DetailsOf(status).reason_name.empty());
}

TEST(ErrorTest, CodesOutsideTheCanonicalOnesBecomeUnknown) {
  EXPECT_TRUE(internal::StatusFromWire(0, "", "").ok());
  EXPECT_EQ(internal::StatusFromWire(99, "", "").code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(internal::StatusFromWire(-1, "", "").code(), absl::StatusCode::kUnknown);
}

TEST(ErrorTest, AnOperationFailsAsACallWould) {
  v1::OperationStatus operation;
  operation.set_code(9);
  operation.set_message("a list");
  operation.set_reason(v1::ERROR_REASON_WRONG_TYPE);
  (*operation.mutable_metadata())["type"] = "list";
  operation.mutable_retry_delay()->set_seconds(1);
  const absl::Status status = StatusFromOperation(operation);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, v1::ERROR_REASON_WRONG_TYPE);
  EXPECT_EQ(details.domain, "kvick");
  EXPECT_EQ(details.metadata.at("type"), "list");
  EXPECT_EQ(details.retry_delay, absl::Seconds(1));
}

TEST(ErrorTest, OnlyTheServersWordOrAnUnsentCallProvesThatNothingWasExecuted) {
  EXPECT_TRUE(
      NothingExecuted(internal::StatusFromWire(14, "", WireDetails("SHUTTING_DOWN", "kvick", 0))));
  EXPECT_TRUE(NothingExecuted(NotConnectedError("host:1", "refused")));
  EXPECT_FALSE(NothingExecuted(absl::UnavailableError("Socket closed")));
  EXPECT_FALSE(
      NothingExecuted(internal::StatusFromWire(13, "", WireDetails("MEMORY_LIMIT", "kvick", 0))));
  EXPECT_FALSE(NothingExecuted(absl::OkStatus()));
}

TEST(ErrorTest, NotConnectedNamesTheTarget) {
  const absl::Status status = NotConnectedError("host:1", "refused");
  EXPECT_EQ(DetailsOf(status).metadata.at("target"), "host:1");
  EXPECT_EQ(DetailsOf(status).domain, "kvick.client");
}

}  // namespace
}  // namespace kvick
