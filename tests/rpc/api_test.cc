// Calls of the API as gRPC delivers them: those that wait, and pipelines.
#include <gtest/gtest.h>

#include "tests/rpc/api_fixture.h"

namespace kvick::server {
namespace {

using ApiTest = ApiFixture;

// A call that is refused before it can wait must be freed: the leak checker tells.
TEST_F(ApiTest, MalformedCallsThatMayWaitAreFreed) {
  StartServer();
  const auto channel = NewChannel();
  for (const char* method : {"/kvick.v1.ListService/PopAny", "/kvick.v1.ListService/Move"}) {
    for (int i = 0; i < 20; ++i) {
      const grpc::Status status = CallWithBytes(channel, method, "\x0A\x01\xFF");
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
    }
  }
}

}  // namespace
}  // namespace kvick::server
