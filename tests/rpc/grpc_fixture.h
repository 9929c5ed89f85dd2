// A GrpcServer with a small real service, and clients of it.
#ifndef KVICK_TESTS_RPC_GRPC_FIXTURE_H_
#define KVICK_TESTS_RPC_GRPC_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "kvick/v1/string.grpc.pb.h"
#include "server/config/log.h"
#include "server/rpc/library_log.h"
#include "server/rpc/server.h"
#include "server/rpc/unique_fd.h"

namespace kvick::server {

// Get answers at once, and Length once Release() is called; a cancelled Length ends too.
class SmallService : public v1::StringService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const v1::StringGetRequest*,
                                v1::StringGetResponse*) override {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* Length(grpc::CallbackServerContext*, const v1::StringLengthRequest*,
                                   v1::StringLengthResponse*) override;

  // Finishes the calls of Length that wait, and lets later ones finish at once.
  void Release() {
    if (!released_.HasBeenNotified()) {
      released_.Notify();
    }
  }
  // Returns once a call of Length has begun.
  void WaitForCall() { called_.WaitForNotification(); }

 private:
  class LengthReactor;

  absl::Notification called_;
  absl::Notification released_;
};

class SmallService::LengthReactor : public grpc::ServerUnaryReactor {
 public:
  explicit LengthReactor(SmallService* service)
      : thread_([this, service] {
          while (!cancelled_ && !service->released_.HasBeenNotified()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
          Finish(cancelled_ ? grpc::Status::CANCELLED : grpc::Status::OK);
        }) {}
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override {
    thread_.detach();
    delete this;
  }

 private:
  std::atomic<bool> cancelled_{false};
  std::thread thread_;
};

inline grpc::ServerUnaryReactor* SmallService::Length(grpc::CallbackServerContext*,
                                                      const v1::StringLengthRequest*,
                                                      v1::StringLengthResponse*) {
  if (!called_.HasBeenNotified()) {
    called_.Notify();
  }
  return new LengthReactor(this);
}

inline constexpr char kSmallService[] = "kvick.v1.StringService";

// Waits until something is so, at most ten seconds; returns whether it is.
inline bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

class GrpcFixture : public ::testing::Test {
 protected:
  GrpcFixture() {
    config_.listen = "127.0.0.1:0";
    config_.max_connections = 1000;
    // What clients do wrong here would fill pages.
    StartLog(LogFormat::kText, LogLevel::kError);
    RouteLibraryLogs();
  }

  void StartServer() {
    auto server = GrpcServer::Create(config_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    const absl::Status status = server_->Start({{kSmallService, &service_}});
    ASSERT_TRUE(status.ok()) << status;
  }

  // A channel with connections of its own.
  std::shared_ptr<grpc::Channel> NewChannel(
      std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials(),
      grpc::ChannelArguments arguments = {}) const {
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    return grpc::CreateCustomChannel(server_->addresses()[0], credentials, arguments);
  }

  static grpc::Status Get(const std::shared_ptr<grpc::Channel>& channel,
                          const v1::StringGetRequest& request = {}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::StringGetResponse response;
    return v1::StringService::NewStub(channel)->Get(&context, request, &response);
  }

  Config config_;
  SmallService service_;
  std::unique_ptr<GrpcServer> server_;
};

// Calls a unary method ("/kvick.v1.ListService/Push") with these bytes. Waits at most ten seconds.
grpc::Status CallWithBytes(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                           const std::string& request, std::string* answer = nullptr);

// A TCP connection to an address of the server's; not valid when it is refused.
UniqueFd ConnectTcp(const std::string& address);
// True when the other end closes the connection within ten seconds. Reads what comes before.
bool IsClosedByPeer(int socket);

}  // namespace kvick::server

#endif  // KVICK_TESTS_RPC_GRPC_FIXTURE_H_
