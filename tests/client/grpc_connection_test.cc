// The connection against servers that let it wait: what its bounds and stops are for.
#include "kvick/grpc_connection.h"

#include <arpa/inet.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <stop_token>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "kvick/client.h"

namespace kvick {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(20);
// Long enough for a bound of kShort to show, however busy the machine: nothing must happen in it.
constexpr auto kAWhile = std::chrono::milliseconds(200);

grpc::ByteBuffer Serialised(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// Answers any call with the same frames once it may, and then says nothing until it is cancelled.
class SilentServer {
 public:
  explicit SilentServer(std::vector<grpc::ByteBuffer> frames)
      : service_(this), frames_(std::move(frames)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~SilentServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string target() const { return absl::StrCat("127.0.0.1:", port_); }
  void AnswerAfter(absl::Notification* may_answer) { may_answer_ = may_answer; }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(const SilentServer* server) : server_(server) {
      if (server_->may_answer_ != nullptr) server_->may_answer_->WaitForNotification();
      WriteNext();
    }
    void OnWriteDone(bool ok) override {
      if (ok) WriteNext();
    }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    void WriteNext() {
      if (next_ < server_->frames_.size()) StartWrite(&server_->frames_[next_++]);
    }
    const SilentServer* const server_;
    size_t next_ = 0;
  };
  class Service : public grpc::CallbackGenericService {
   public:
    explicit Service(const SilentServer* server) : server_(server) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
      return new Reactor(server_);
    }

   private:
    const SilentServer* const server_;
  };

  Service service_;
  const std::vector<grpc::ByteBuffer> frames_;
  absl::Notification* may_answer_ = nullptr;  // Set before the first call.
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Takes connections and never says a word.
class MuteSocket {
 public:
  MuteSocket() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_, any, length), 0);
    EXPECT_EQ(listen(socket_, 10), 0);
    EXPECT_EQ(getsockname(socket_, any, &length), 0);
    target_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  }
  ~MuteSocket() { close(socket_); }
  const std::string& target() const { return target_; }

 private:
  const int socket_;
  std::string target_;
};

v1::PubSubSubscribeResponse Created() {
  v1::PubSubSubscribeResponse response;
  response.mutable_created();
  return response;
}

v1::KeyScanResponse OneKey() {
  v1::KeyScanResponse response;
  response.add_keys()->set_key("a");
  response.set_next_page_token("t");
  return response;
}

Client ClientOf(const std::string& target, absl::Duration timeout) {
  return *Client::Create({.target = target, .default_timeout = timeout});
}

TEST(GrpcConnectionTest, AScanWaitsForTheFirstAnswerAsLongAsForACall) {
  SilentServer server({});
  auto range = ClientOf(server.target(), kShort).Keys().Scan();
  EXPECT_EQ(range.Next()->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(range.Next().has_value());
}

TEST(GrpcConnectionTest, AScanWaitsForEveryNextAnswerToo) {
  SilentServer server({Serialised(OneKey())});
  const Client client =
      ClientOf(server.target(), absl::Hours(1)).With({.read_timeout = absl::Milliseconds(300)});
  auto range = client.Keys().Scan();
  // The server may be slow to answer at all on a busy machine: then the first wait is the one.
  auto next = range.Next();
  if (next->ok()) next = range.Next();
  EXPECT_EQ(next->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(next->status().message(), "no answer from the server for 300ms");
}

TEST(GrpcConnectionTest, OnlyTheServersTimeCounts) {
  constexpr absl::Duration kTimeout = absl::Milliseconds(500);
  SilentServer server({Serialised(OneKey()), Serialised(OneKey())});
  const Client client = ClientOf(server.target(), absl::Hours(1)).With({.read_timeout = kTimeout});
  auto range = client.Keys().Scan();
  EXPECT_TRUE(range.Next()->ok());
  absl::SleepFor(3 * kTimeout);  // Whoever reads takes longer than that.
  EXPECT_TRUE(range.Next()->ok());
}

TEST(GrpcConnectionTest, ASubscriptionIsRegisteredInTime) {
  SilentServer server({});
  const auto subscription =
      ClientOf(server.target(), kShort).PubSub().Subscribe({.channels = {"x"}});
  EXPECT_EQ(subscription.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(GrpcConnectionTest, ASubscriptionMayBeSilent) {
  SilentServer server({Serialised(Created())});
  const Client client = ClientOf(server.target(), absl::Seconds(1));
  auto subscription = client.PubSub().Subscribe({.channels = {"x"}});
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  auto next = std::async(std::launch::async, [&] { return subscription->Next().has_value(); });
  EXPECT_EQ(next.wait_for(std::chrono::milliseconds(1500)), std::future_status::timeout);
  subscription->Cancel();
  EXPECT_FALSE(next.get());
}

TEST(GrpcConnectionTest, AnInfiniteTimeoutWaits) {
  SilentServer server({Serialised(Created())});
  absl::Notification may_answer;
  server.AnswerAfter(&may_answer);
  for (const CallOptions& options : std::vector<CallOptions>{
           {.timeout = absl::InfiniteDuration()}, {.read_timeout = absl::InfiniteDuration()}}) {
    const Client client = ClientOf(server.target(), kShort).With(options);
    auto created = std::async(std::launch::async, [&] {
      return client.PubSub().Subscribe({.channels = {"x"}}).status();
    });
    if (!may_answer.HasBeenNotified()) {
      EXPECT_EQ(created.wait_for(kAWhile), std::future_status::timeout);
      may_answer.Notify();
    }
    EXPECT_TRUE(created.get().ok());
  }
}

TEST(GrpcConnectionTest, AStopEndsACall) {
  SilentServer server({});
  std::stop_source stop;
  const Client client = ClientOf(server.target(), absl::Hours(1)).With({.stop = stop.get_token()});
  auto call = std::async(std::launch::async, [&] { return client.Strings().Get("k").status(); });
  auto scan = std::async(std::launch::async, [&] { return client.Keys().Scan().Next()->status(); });
  EXPECT_EQ(call.wait_for(kAWhile), std::future_status::timeout);
  stop.request_stop();
  EXPECT_EQ(call.get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(scan.get().code(), absl::StatusCode::kCancelled);
  // Whoever comes later gets nowhere.
  EXPECT_EQ(client.Strings().Get("k").status().code(), absl::StatusCode::kCancelled);
}

TEST(GrpcConnectionTest, AStopEndsTheWaitForAConnection) {
  const MuteSocket server;
  std::stop_source stop;
  const auto client = Client::Create({.target = server.target(),
                                      .default_timeout = absl::InfiniteDuration(),
                                      .connect_timeout = absl::InfiniteDuration()});
  auto call = std::async(std::launch::async, [&] {
    return client->With({.stop = stop.get_token()}).Strings().Set("k", "v").status();
  });
  EXPECT_EQ(call.wait_for(kAWhile), std::future_status::timeout);
  stop.request_stop();
  EXPECT_EQ(call.get().code(), absl::StatusCode::kCancelled);
}

TEST(GrpcConnectionTest, APipelineOnItsWayUpIsDestroyedInTime) {
  const MuteSocket server;
  const auto client =
      Client::Create({.target = server.target(), .connect_timeout = absl::InfiniteDuration()});
  auto pipeline = client->OpenPipeline({.close_timeout = kShort});
  v1::StringLengthRequest request;
  request.set_key("k");
  auto outcome = pipeline->Run(request);
  pipeline.reset();
  EXPECT_EQ(outcome.get().status().code(), absl::StatusCode::kCancelled);
}

TEST(GrpcConnectionTest, APipelineWithoutAnswersIsDestroyedInTime) {
  SilentServer server({});
  const Client client = ClientOf(server.target(), absl::Hours(1));
  auto pipeline = client.OpenPipeline({.close_timeout = absl::Milliseconds(200)});
  v1::StringLengthRequest request;
  request.set_key("k");
  auto outcome = pipeline->Run(request);
  pipeline.reset();
  EXPECT_EQ(outcome.get().status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace kvick
