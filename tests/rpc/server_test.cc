#include "server/rpc/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>

#include <filesystem>

#include "kvick/v1/errors.pb.h"
#include "storage/base/strings.h"
#include "tests/rpc/grpc_fixture.h"

namespace kvick::server {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using ServerTest = GrpcFixture;

// Asks the health service, whose messages are not in a public header, in its wire format; the
// status (1: SERVING, 2: NOT_SERVING) or, when the call fails, its code, negative.
int Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  std::string request;
  if (!service.empty()) {
    request = std::string("\x0a") + static_cast<char>(service.size()) + service;
  }
  std::string answer;
  const grpc::Status status =
      CallWithBytes(channel, "/grpc.health.v1.Health/Check", request, &answer);
  if (!status.ok()) {
    return -status.error_code();
  }
  return answer.size() == 2 ? answer[1] : 0;
}

// File descriptors of this process.
size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST_F(ServerTest, ServesAndCountsConnections) {
  StartServer();
  EXPECT_TRUE(server_->serving());
  auto first = NewChannel();
  auto second = NewChannel();
  EXPECT_TRUE(Get(first).ok());
  EXPECT_TRUE(Get(second).ok());
  EXPECT_EQ(server_->connections().count(), 2u);
  bool more = true;
  const auto list = server_->connections().List(0, 10, &more);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_THAT(list[0].peer, HasSubstr("127.0.0.1:"));
  EXPECT_NE(list[0].peer, list[1].peer);
  first.reset();
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 1; }));
}

TEST_F(ServerTest, ServesOnEveryAddress) {
  config_.listen = "127.0.0.1:0,[::1]:0";
  StartServer();
  ASSERT_EQ(server_->addresses().size(), 2u);
  for (const std::string& address : server_->addresses()) {
    EXPECT_TRUE(Get(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())).ok())
        << address;
  }
}

TEST_F(ServerTest, HealthKnowsEachService) {
  StartServer();
  const auto channel = NewChannel();
  EXPECT_EQ(Health(channel, ""), 1);
  EXPECT_EQ(Health(channel, kSmallService), 1);
  EXPECT_EQ(Health(channel, "kvick.v1.NoService"), -grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, ClientsOverTheLimitAreToldWhy) {
  config_.max_connections = 1;
  StartServer();
  auto first = NewChannel();
  ASSERT_TRUE(Get(first).ok());
  const auto second = NewChannel();
  const grpc::Status status = Get(second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("max_connections"));
  v1::ErrorStatus details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 2);
  v1::ErrorInfo info;
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  ASSERT_TRUE(info.ParseFromString(details.details(0).value()));
  EXPECT_EQ(info.reason(), "TOO_MANY_CONNECTIONS");
  v1::RetryInfo retry;
  EXPECT_EQ(details.details(1).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  ASSERT_TRUE(retry.ParseFromString(details.details(1).value()));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(server_->connections().count(), 1u);
  EXPECT_EQ(server_->refused_connections(), 1u);
  EXPECT_TRUE(Get(first).ok());
  // The refused client gets in on the same channel once there is room.
  first.reset();
  EXPECT_TRUE(Eventually([&] { return Get(second).ok(); }));
}

TEST_F(ServerTest, ClientsFarOverTheLimitAreClosed) {
  config_.max_connections = 1;
  StartServer();
  const auto channel = NewChannel();
  ASSERT_TRUE(Get(channel).ok());
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(ConnectTcp(server_->addresses()[0]));
    ASSERT_TRUE(clients.back().valid());
  }
  for (const UniqueFd& client : clients) {
    EXPECT_TRUE(IsClosedByPeer(client.get()));
  }
  EXPECT_EQ(server_->refused_connections(), 200u);
  EXPECT_EQ(server_->connections().count(), 1u);
  EXPECT_TRUE(Get(channel).ok());
}

TEST_F(ServerTest, ClientsThatNeverGetToTheirCallAreClosed) {
  config_.handshake_timeout = absl::Milliseconds(300);
  StartServer();
  const UniqueFd silent = ConnectTcp(server_->addresses()[0]);
  const UniqueFd half = ConnectTcp(server_->addresses()[0]);
  const std::string preface = "PRI * HTTP/2.0\r\n";
  ASSERT_EQ(send(half.get(), preface.data(), preface.size(), 0),
            static_cast<ssize_t>(preface.size()));
  const UniqueFd http1 = ConnectTcp(server_->addresses()[0]);
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(send(http1.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  EXPECT_TRUE(Eventually([&] { return server_->connections().total() == 3; }));
  EXPECT_TRUE(IsClosedByPeer(silent.get()));
  EXPECT_TRUE(IsClosedByPeer(half.get()));
  EXPECT_TRUE(IsClosedByPeer(http1.get()));
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
  EXPECT_TRUE(Get(NewChannel()).ok());
}

TEST_F(ServerTest, ConnectionsThatAreResetAreForgotten) {
  StartServer();
  const size_t files_before = OpenFiles();
  for (int i = 0; i < 20; ++i) {
    const UniqueFd client = ConnectTcp(server_->addresses()[0]);
    const linger reset{1, 0};
    setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  EXPECT_TRUE(Get(NewChannel()).ok());
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
  EXPECT_TRUE(Eventually([&] { return OpenFiles() <= files_before; })) << OpenFiles();
}

TEST_F(ServerTest, MessagesHaveALimit) {
  config_.max_value_bytes = 1024;
  config_.max_message_bytes = 4096;
  StartServer();
  const auto channel = NewChannel();
  v1::StringGetRequest request;
  request.set_key(std::string(4000, 'k'));
  EXPECT_TRUE(Get(channel, request).ok());
  request.set_key(std::string(5000, 'k'));
  EXPECT_EQ(Get(channel, request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServerTest, MetadataHasALimit) {
  config_.max_metadata_bytes = 1024;
  StartServer();
  const auto channel = NewChannel();
  grpc::ClientContext context;
  context.AddMetadata("x", std::string(4000, 'x'));
  v1::StringGetResponse response;
  const auto status = v1::StringService::NewStub(channel)->Get(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // gRPC may close the connection of such a client, but serves it again on another.
  EXPECT_TRUE(Eventually([&] { return Get(channel).ok(); }));
}

TEST_F(ServerTest, ConnectionsAgeAndIdleOut) {
  config_.max_connection_age = absl::Milliseconds(200);
  config_.max_connection_age_grace = absl::Milliseconds(100);
  StartServer();
  const auto channel = NewChannel();
  EXPECT_TRUE(Get(channel).ok());
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
  EXPECT_TRUE(Get(channel).ok());
  EXPECT_EQ(server_->connections().total(), 2u);
}

TEST_F(ServerTest, PingsThatComeTooOftenEndAConnection) {
  config_.keepalive_min_client_interval = absl::Hours(1);
  StartServer();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 100);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt("grpc.http2.min_time_between_pings_ms", 100);
  const auto channel = NewChannel(grpc::InsecureChannelCredentials(), arguments);
  EXPECT_TRUE(Get(channel).ok());
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
}

TEST_F(ServerTest, DrainLetsCallsFinish) {
  StartServer();
  const auto channel = NewChannel();
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::StringLengthResponse response;
    status = v1::StringService::NewStub(channel)->Length(&context, {}, &response);
  });
  service_.WaitForCall();
  bool told = false;
  const std::string address = server_->addresses()[0];
  int health = 0;
  server_->Drain(
      absl::Seconds(30),
      [&] {
        told = true;
        EXPECT_FALSE(server_->serving());
        health = Health(channel, "");
        EXPECT_FALSE(ConnectTcp(address).valid());
        service_.Release();
      },
      nullptr);
  caller.join();
  EXPECT_TRUE(told);
  EXPECT_EQ(health, 2);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
}

TEST_F(ServerTest, DrainCancelsWhatDoesNotFinish) {
  StartServer();
  const auto channel = NewChannel();
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::StringLengthResponse response;
    status = v1::StringService::NewStub(channel)->Length(&context, {}, &response);
  });
  service_.WaitForCall();
  server_->Drain(absl::Milliseconds(100), nullptr, nullptr);
  caller.join();
  EXPECT_FALSE(status.ok());
}

TEST_F(ServerTest, DrainDoesNotWaitForIdleOrHalfOpenConnections) {
  config_.handshake_timeout = absl::Minutes(5);
  StartServer();
  const auto channel = NewChannel();
  EXPECT_TRUE(Get(channel).ok());
  const UniqueFd silent = ConnectTcp(server_->addresses()[0]);
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 2; }));
  server_->Drain(absl::Minutes(5), nullptr, [] { return false; });
  EXPECT_TRUE(IsClosedByPeer(silent.get()));
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
}

TEST_F(ServerTest, DrainUnderLoad) {
  StartServer();
  std::vector<std::thread> callers;
  std::atomic<int> answered{0};
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const auto channel = NewChannel();
      grpc::Status status = Get(channel);
      for (; status.ok(); status = Get(channel)) {
        ++answered;
      }
      // gRPC answers calls that cross its GOAWAY with CANCELLED, without having begun them.
      EXPECT_THAT(status.error_code(),
                  AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED))
          << status.error_message();
    });
  }
  EXPECT_TRUE(Eventually([&] { return answered > 100; }));
  std::thread connecting([&, address = server_->addresses()[0]]() mutable {
    for (UniqueFd fd = ConnectTcp(address); fd.valid(); fd = ConnectTcp(address)) {
    }
  });
  server_->Drain(absl::Seconds(30), nullptr, nullptr);
  for (std::thread& caller : callers) {
    caller.join();
  }
  connecting.join();
}

TEST_F(ServerTest, ABusyAddressIsASentence) {
  StartServer();
  config_.listen = server_->addresses()[0];
  const auto second = GrpcServer::Create(config_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(storage::FromAbsl(second.status().message())), HasSubstr(config_.listen));
}

TEST_F(ServerTest, AServerThatNeverStartedEndsQuietly) {
  const auto server = GrpcServer::Create(config_);
  ASSERT_TRUE(server.ok());
  EXPECT_FALSE((*server)->serving());
  EXPECT_EQ((*server)->refused_connections(), 0u);
}

}  // namespace
}  // namespace kvick::server
