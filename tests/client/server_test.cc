// The client and the load generator against a real server that goes, comes and misbehaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/bench/load.h"
#include "kvick/client.h"
#include "tests/integration/server_process.h"

namespace kvick {
namespace {

using testing::ServerProcess;

std::unique_ptr<ServerProcess> StartServer(const std::vector<std::string>& flags = {}) {
  auto server = ServerProcess::Start(flags);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

TEST(ClientServerTest, AServerThatIsAwayIsUnavailableAndNothingWasSent) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  ASSERT_EQ(server->Stop(), 0) << server->log();
  const absl::Status status = client->Strings().Set("k", "v").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(NothingExecuted(status));
}

TEST(ClientServerTest, WritesWaitForAServerThatComesBack) {
  const auto server = StartServer();
  const auto client =
      Client::Create({.target = server->grpc_address(), .retry = {.max_attempts = 50}});
  ASSERT_TRUE(client->Strings().Set("k", "v").ok());
  ASSERT_EQ(server->Stop(), 0) << server->log();
  // A client that rested: the server's goodbye waits in its socket, unread.
  absl::SleepFor(absl::Milliseconds(600));
  std::thread restarter([&] {
    absl::SleepFor(absl::Milliseconds(300));
    EXPECT_TRUE(server->Restart().ok());
  });
  const auto set = client->Strings().Set("k", "v");
  EXPECT_TRUE(set.ok()) << set.status();
  restarter.join();
}

TEST(ClientServerTest, APipelineGoesOnAfterARestart) {
  const auto server = StartServer();
  const auto client =
      Client::Create({.target = server->grpc_address(), .retry = {.max_attempts = 50}});
  const auto pipeline = client->OpenPipeline();
  v1::StringIncrementRequest increment;
  increment.set_key("n");
  EXPECT_EQ(pipeline->Run(increment).get()->value(), 1);
  server->Signal(SIGKILL);
  server->Wait();
  ASSERT_TRUE(server->Restart().ok()) << server->log();
  // The first may still meet the broken stream; then a new one is there.
  pipeline->Run(increment).get().IgnoreError();
  const auto again = pipeline->Run(increment).get();
  EXPECT_TRUE(again.ok()) << again.status();
}

TEST(ClientServerTest, AHundredThousandOperationsArriveInOrder) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  const auto pipeline = client->OpenPipeline();
  std::atomic<int64_t> next = 1;
  std::atomic<int64_t> wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    v1::StringIncrementRequest increment;
    increment.set_key("n");
    pipeline->Run(std::move(increment), [&](absl::StatusOr<v1::StringIncrementResponse> response) {
      if (!response.ok() || response->value() != next++) ++wrong;
    });
  }
  ASSERT_TRUE(pipeline->Wait().ok());
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(client->Strings().Get("n")->entry().value().integer(), 100'000);
}

TEST(ClientServerTest, OneClientServesManyThreads) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(client->Strings().Increment("n").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(client->Strings().Get("n")->entry().value().integer(), 1600);
  EXPECT_LE(client->Admin().GetStatistics()->connections(), 5) << "channels are re-used";
}

TEST(ClientServerTest, AStoppedServerMeetsTheDeadline) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  ASSERT_TRUE(client->Strings().Get("k").ok());
  server->Signal(SIGSTOP);
  const auto get = client->With({.timeout = absl::Milliseconds(200)}).Strings().Get("k");
  EXPECT_EQ(get.status().code(), absl::StatusCode::kDeadlineExceeded) << get.status();
  server->Signal(SIGCONT);
  EXPECT_TRUE(client->Strings().Get("k").ok());
}

TEST(ClientServerTest, AWaitingCallOutlivesTheDefaultTimeout) {
  const auto server = StartServer();
  const auto client = Client::Create(
      {.target = server->grpc_address(), .default_timeout = absl::Milliseconds(500)});
  const absl::Time start = absl::Now();
  const auto pop = client->Lists().PopAny({"empty"}, v1::SIDE_LEFT, absl::Seconds(1));
  ASSERT_TRUE(pop.ok()) << pop.status();
  EXPECT_FALSE(pop->has_key());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(900));
}

TEST(ClientServerTest, ASubscriptionEndsWithItsServer) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  auto subscription = client->PubSub().Subscribe({.channels = {"x"}});
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  ASSERT_TRUE(client->PubSub().Publish("x", "last").ok());
  EXPECT_EQ((*subscription->NextMessage())->payload().text(), "last");
  EXPECT_EQ(server->Stop(), 0) << server->log();
  const auto end = subscription->NextMessage();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->status().code(), absl::StatusCode::kUnavailable) << end->status();
}

TEST(ClientServerTest, AScanGivesEveryKeyOfManyBatches) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  const auto pipeline = client->OpenPipeline();
  for (int i = 0; i < 20'000; ++i) {
    v1::StringSetRequest set;
    set.set_key(absl::StrCat("scan:", i));
    set.mutable_value()->set_integer(i);
    pipeline->Send(std::move(set));
  }
  ASSERT_TRUE(pipeline->Wait().ok());
  std::set<std::string> keys;
  std::string token;
  do {  // Pages, as a web page would show them.
    auto range = client->Keys().Scan({.prefix = "scan:", .limit = 3000, .page_token = token});
    for (const auto& key : range) {
      ASSERT_TRUE(key.ok()) << key.status();
      keys.insert(key->key());
    }
    token = range.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(keys.size(), 20'000u);
}

// Certificates for one server and one client, made by the openssl program.
struct Certificates {
  testing::TemporaryDirectory directory;
  std::string File(const std::string& name) const { return directory.File(name); }
  bool Make() const {
    const std::string d = directory.path();
    const std::string script = absl::StrCat(
        "cd ", d, " && exec >/dev/null 2>&1 && ",
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem",
        " && for n in server client; do ",
        "openssl req -newkey rsa:2048 -nodes -subj /CN=$n -keyout $n.key -out $n.csr && ",
        "printf 'subjectAltName=DNS:kvick.test' > ext && ",
        "openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 ",
        "-extfile ext -out $n.pem || exit 1; done");
    return std::system(script.c_str()) == 0;
  }
};

TEST(ClientServerTest, SpeaksMutualTls) {
  const Certificates certificates;
  ASSERT_TRUE(certificates.Make()) << "the openssl program is needed";
  const auto server = StartServer({"--tls_cert=" + certificates.File("server.pem"),
                                   "--tls_key=" + certificates.File("server.key"),
                                   "--tls_client_ca=" + certificates.File("ca.pem")});
  ASSERT_NE(server, nullptr);
  TlsOptions tls{.ca_file = certificates.File("ca.pem"),
                 .cert_file = certificates.File("client.pem"),
                 .key_file = certificates.File("client.key"),
                 .server_name = "kvick.test"};
  const auto client = Client::Create({.target = server->grpc_address(), .tls = tls});
  ASSERT_TRUE(client.ok());
  const auto set = client->Strings().Set("k", "v");
  EXPECT_TRUE(set.ok()) << set.status();
  // Without a certificate of its own, under another name, or in plain text there is no way in.
  const ClientOptions quick{.target = server->grpc_address(), .retry = {.max_attempts = 1}};
  ClientOptions anonymous = quick;
  anonymous.tls = TlsOptions{.ca_file = tls.ca_file, .server_name = "kvick.test"};
  EXPECT_FALSE(Client::Create(anonymous)->Strings().Get("k").ok());
  ClientOptions misnamed = quick;
  misnamed.tls = tls;
  misnamed.tls->server_name = "other.test";
  EXPECT_FALSE(Client::Create(misnamed)->Strings().Get("k").ok());
  EXPECT_FALSE(Client::Create(quick)->Strings().Get("k").ok());
}

bench::LoadOptions SmallLoad(const ServerProcess& server) {
  bench::LoadOptions load;
  load.client.target = server.grpc_address();
  load.connections = 4;
  load.concurrency = 2;
  load.threads = 2;
  load.keys = 100;
  load.duration = absl::Milliseconds(200);
  load.warmup = absl::Milliseconds(50);
  return load;
}

TEST(LoadServerTest, UnaryAndPipelineLoadsAreCounted) {
  const auto server = StartServer();
  for (const auto& [pipeline, spin] :
       {std::pair(false, false), {false, true}, {true, false}, {true, true}}) {
    bench::LoadOptions load = SmallLoad(*server);
    load.pipeline = pipeline;
    load.spin = spin;
    const auto result = bench::RunLoad(load);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_GT(result->operations, 0);
    EXPECT_EQ(result->errors, 0) << result->first_error;
    EXPECT_EQ(result->latency.count(), result->operations);
    EXPECT_EQ(result->elapsed, load.duration);
  }
}

TEST(LoadServerTest, ACountIsMetExactly) {
  const auto server = StartServer();
  const auto client = Client::Create({.target = server->grpc_address()});
  for (const bool pipeline : {false, true}) {
    bench::LoadOptions load = SmallLoad(*server);
    load.pipeline = pipeline;
    load.prefill = false;
    load.count = 2000;
    load.depth = 10;
    const int64_t before = client->Admin().GetStatistics()->commands();
    const auto result = bench::RunLoad(load);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->operations, 2000);
    EXPECT_GE(client->Admin().GetStatistics()->commands() - before, 2000);
  }
}

TEST(LoadServerTest, PrefilledReadsAllHit) {
  const auto server = StartServer();
  bench::LoadOptions load = SmallLoad(*server);
  load.set_ratio = 0;
  ASSERT_TRUE(bench::RunLoad(load).ok());
  const auto client = Client::Create({.target = server->grpc_address()});
  EXPECT_EQ(client->Admin().GetStatistics()->misses(), 0);
}

TEST(LoadServerTest, AServerThatDiesEndsTheLoad) {
  for (const bool pipeline : {false, true}) {
    const auto server = StartServer();
    bench::LoadOptions load = SmallLoad(*server);
    load.pipeline = pipeline;
    load.count = 1'000'000'000;
    absl::StatusOr<bench::LoadResult> result;
    std::thread running([&] { result = bench::RunLoad(load); });
    const auto client = Client::Create({.target = server->grpc_address()});
    while (client->Admin().GetStatistics()->commands() < 1000) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    server->Signal(SIGKILL);
    running.join();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_LT(result->operations, load.count);
    EXPECT_GT(result->errors, 0);
  }
}

TEST(LoadServerTest, FailedOperationsAreErrors) {
  const auto server = StartServer({"--max_value_bytes=32"});
  for (const bool pipeline : {false, true}) {
    bench::LoadOptions load = SmallLoad(*server);
    load.pipeline = pipeline;
    load.prefill = false;
    load.set_ratio = 1;
    const auto result = bench::RunLoad(load);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->errors, result->operations);
    EXPECT_FALSE(result->first_error.empty());
  }
}

}  // namespace
}  // namespace kvick
