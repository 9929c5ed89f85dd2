// Calls of the API as gRPC delivers them: those that wait, and pipelines.
#include <gtest/gtest.h>

#include "kvick/v1/command.grpc.pb.h"
#include "kvick/v1/list.grpc.pb.h"
#include "kvick/v1/string.grpc.pb.h"
#include "tests/rpc/api_fixture.h"

namespace kvick::server {
namespace {

using PipelineStream = grpc::ClientReaderWriter<v1::PipelineRequest, v1::PipelineResponse>;

class ApiTest : public ApiFixture {
 protected:
  static void AddPopAny(v1::PipelineRequest* frame, const std::string& key) {
    auto* pop = frame->add_operations()->mutable_command()->mutable_list_pop_any();
    pop->add_keys(key);
    pop->set_side(v1::SIDE_LEFT);
    pop->mutable_max_wait()->set_seconds(3600);
  }
  static v1::ListPushRequest PushRequest(const std::string& key) {
    v1::ListPushRequest push;
    push.set_key(key);
    push.set_side(v1::SIDE_RIGHT);
    push.add_values()->set_text("x");
    return push;
  }
  bool EventuallyWaiting(size_t calls) {
    return Eventually([&] { return assembly_->Gather().waiters == calls; });
  }
};

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

TEST_F(ApiTest, ACancelledPipelineRunsNothingBehindItsWait) {
  StartServer();
  const auto channel = NewChannel();
  const auto stub = v1::CommandService::NewStub(channel);
  grpc::ClientContext context;
  const std::unique_ptr<PipelineStream> stream = stub->Pipeline(&context);
  v1::PipelineRequest frame;
  AddPopAny(&frame, "list");
  auto* set = frame.add_operations()->mutable_command()->mutable_string_set();
  set->set_key("behind");
  set->mutable_value()->set_text("x");
  ASSERT_TRUE(stream->Write(frame));
  ASSERT_TRUE(EventuallyWaiting(1));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(EventuallyWaiting(0));
  ASSERT_TRUE(Eventually([&] { return !assembly_->metrics().HasCallsUnderWay(); }));
  EXPECT_EQ(assembly_->Gather().last_version, 0u);
}

// Pipelines whose operation has waited go on, frame after frame, beside others like them.
TEST_F(ApiTest, PipelinesThatServeEachOther) {
  constexpr int kPipelines = 20;
  constexpr int kRounds = 20;
  StartServer();
  const auto channel = NewChannel();
  const auto stub = v1::CommandService::NewStub(channel);
  std::vector<grpc::ClientContext> contexts(kPipelines);
  std::vector<std::unique_ptr<PipelineStream>> streams;
  for (int i = 0; i < kPipelines; ++i) {
    streams.push_back(stub->Pipeline(&contexts[static_cast<size_t>(i)]));
    for (int round = 0; round < kRounds; ++round) {
      v1::PipelineRequest frame;
      AddPopAny(&frame, "key" + std::to_string(i));
      *frame.add_operations()->mutable_command()->mutable_list_push() =
          PushRequest("key" + std::to_string(i + 1));
      ASSERT_TRUE(streams.back()->Write(frame));
    }
    ASSERT_TRUE(streams.back()->WritesDone());
  }
  ASSERT_TRUE(EventuallyWaiting(kPipelines));
  const auto lists = v1::ListService::NewStub(channel);
  for (int round = 0; round < kRounds; ++round) {
    grpc::ClientContext context;
    v1::ListPushResponse response;
    ASSERT_TRUE(lists->Push(&context, PushRequest("key0"), &response).ok());
  }
  for (const auto& stream : streams) {
    int results = 0;
    for (v1::PipelineResponse response; stream->Read(&response);) {
      for (const auto& result : response.results()) EXPECT_TRUE(result.has_reply());
      results += response.results_size();
    }
    EXPECT_EQ(results, 2 * kRounds);
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
}

class UnreadTest : public ApiTest {
 protected:
  static constexpr size_t kValueBytes = 1 << 20;

  void SetLargeValue() {
    v1::StringSetRequest set;
    set.set_key("large");
    set.mutable_value()->set_text(std::string(kValueBytes, 'x'));
    grpc::ClientContext context;
    v1::StringSetResponse response;
    ASSERT_TRUE(v1::StringService::NewStub(NewChannel())->Set(&context, set, &response).ok());
  }
  static v1::PipelineRequest GetLarge(int times) {
    v1::PipelineRequest frame;
    for (int i = 0; i < times; ++i) {
      frame.add_operations()->mutable_command()->mutable_string_get()->set_key("large");
    }
    return frame;
  }
  bool EventuallyUnread(size_t bytes) {
    return Eventually([&] { return assembly_->Gather().unread_bytes == bytes; });
  }
};

// Clients that ask and do not read cost no more than the limit, and others nothing.
TEST_F(UnreadTest, AnswersLeftUnreadAreBounded) {
  constexpr int kPipelines = 30;
  config_.max_unread_bytes = 8 << 20;
  StartServer();
  SetLargeValue();
  const auto good = NewChannel();
  const auto strings = v1::StringService::NewStub(good);
  EXPECT_TRUE(Get(good).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  const auto greedy = NewChannel();
  const auto stub = v1::CommandService::NewStub(greedy);
  std::vector<grpc::ClientContext> contexts(kPipelines);
  std::vector<std::unique_ptr<PipelineStream>> streams;
  for (grpc::ClientContext& context : contexts) {
    streams.push_back(stub->Pipeline(&context));
    streams.back()->Write(GetLarge(4));
  }
  ASSERT_TRUE(Eventually([&] { return assembly_->Gather().shut_connections == 1; }));
  for (const auto& stream : streams) {
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  EXPECT_TRUE(EventuallyUnread(0));
  EXPECT_EQ(assembly_->Gather().shut_connections, 1u);
  // On the connection that it had before.
  v1::StringGetRequest get;
  get.set_key("large");
  grpc::ClientContext context;
  v1::StringGetResponse response;
  ASSERT_TRUE(strings->Get(&context, get, &response).ok());
  EXPECT_EQ(response.entry().value().text().size(), kValueBytes);
}

// Whoever has read everything holds nothing, however long his calls stay open.
TEST_F(UnreadTest, WhatIsReadIsNotCounted) {
  StartServer();
  SetLargeValue();
  const auto stub = v1::CommandService::NewStub(NewChannel());
  grpc::ClientContext context;
  const auto stream = stub->Pipeline(&context);
  v1::PipelineResponse response;
  for (const int results : {3, 1}) {
    ASSERT_TRUE(stream->Write(GetLarge(results)));
    for (int read = 0; read < results; read += response.results_size()) {
      ASSERT_TRUE(stream->Read(&response));
    }
    EXPECT_TRUE(EventuallyUnread(0));
  }
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace kvick::server
