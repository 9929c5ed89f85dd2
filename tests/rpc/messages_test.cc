// Calls whose message is not one: what a client library never sends.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>

#include "kvick/v1/errors.pb.h"
#include "kvick/v1/string.grpc.pb.h"
#include "tests/integration/server_process.h"

namespace kvick::server {
namespace {

class MessagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = kvick::testing::ServerProcess::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->grpc_address(), grpc::InsecureChannelCredentials());
    stub_ = v1::StringService::NewStub(channel_);
    ASSERT_TRUE(Set(GRPC_COMPRESS_NONE).ok());
  }

  grpc::Status Set(grpc_compression_algorithm compression) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.set_compression_algorithm(compression);
    v1::StringSetRequest request;
    request.set_key("key");
    request.mutable_value()->set_text(std::string(10'000, 'x'));
    v1::StringSetResponse response;
    return stub_->Set(&context, request, &response);
  }
  bool KeyIsThere() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::StringGetRequest request;
    request.set_key("key");
    v1::StringGetResponse response;
    const grpc::Status status = stub_->Get(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.has_entry();
  }
  // Calls a method and ends the call without a message.
  grpc::Status CallWithoutMessage(const std::string& path) {
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    auto call = grpc::GenericStub(channel_).PrepareCall(&context, path, &queue);
    grpc::Status status;
    void* tag = nullptr;
    bool ok = false;
    call->StartCall(nullptr);
    queue.Next(&tag, &ok);
    call->WritesDone(nullptr);
    queue.Next(&tag, &ok);
    call->Finish(&status, nullptr);
    queue.Next(&tag, &ok);
    return status;
  }

  std::unique_ptr<kvick::testing::ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StringService::Stub> stub_;
};

// An empty request would be a good one for Flush, and empty everything.
TEST_F(MessagesTest, ACallWithoutAMessageIsMalformed) {
  for (const char* path : {"/kvick.v1.AdminService/Flush", "/kvick.v1.StringService/Get",
                           "/kvick.v1.KeyService/Scan", "/kvick.v1.ListService/PopAny"}) {
    const grpc::Status status = CallWithoutMessage(path);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << path;
    v1::ErrorStatus details;
    v1::ErrorInfo info;
    ASSERT_TRUE(details.ParseFromString(status.error_details()) && details.details_size() > 0);
    ASSERT_TRUE(info.ParseFromString(details.details(0).value()));
    EXPECT_EQ(info.reason(), "MALFORMED_REQUEST") << path;
  }
  EXPECT_TRUE(KeyIsThere());
}

// A small compressed message may be a huge one, and gRPC inflates it before it looks at the size.
TEST_F(MessagesTest, CompressedMessagesAreRefusedUnseen) {
  for (const auto compression : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    EXPECT_EQ(Set(compression).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_TRUE(KeyIsThere());
}

}  // namespace
}  // namespace kvick::server
