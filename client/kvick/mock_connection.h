// A connection for the tests of programs that use the client. Needs GoogleMock.
//
//   auto connection = std::make_shared<kvick::MockConnection>();
//   kvick::v1::StringGetResponse response;
//   EXPECT_CALL(*connection, Call).WillOnce(kvick::RespondWith(response));
//   EXPECT_TRUE(UseTheClient(kvick::Client(connection)).ok());
#ifndef KVICK_CLIENT_KVICK_MOCK_CONNECTION_H_
#define KVICK_CLIENT_KVICK_MOCK_CONNECTION_H_

#include <gmock/gmock.h>

#include <memory>
#include <utility>

#include "kvick/connection.h"

namespace kvick {

// A connection whose answers a test sets.
class MockConnection : public Connection {
 public:
  MOCK_METHOD(absl::Status, Call,
              (const Method& method, const google::protobuf::Message& request,
               const CallOptions& options, google::protobuf::Message* response),
              (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<ReadStream>>, OpenStream,
              (const Method& method, const google::protobuf::Message& request,
               const CallOptions& options),
              (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<PipelineStream>>, OpenPipeline,
              (const CallOptions& options), (override));
};

// An action for MockConnection::Call that answers a call with `response`, whose type must be that
// of the call.
template <class Response>
auto RespondWith(Response response) {
  return [response = std::move(response)](const Method&, const google::protobuf::Message&,
                                          const CallOptions&, google::protobuf::Message* target) {
    target->CopyFrom(response);
    return absl::OkStatus();
  };
}

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_MOCK_CONNECTION_H_
