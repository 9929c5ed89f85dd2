#include "server/rpc/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "absl/synchronization/mutex.h"
#include "server/rpc/connections.h"
#include "storage/base/strings.h"
#include "tests/rpc/grpc_fixture.h"

namespace kvick::server {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const absl::StatusOr<std::unique_ptr<Listener>>& listener) {
  return std::string(storage::FromAbsl(listener.status().message()));
}

// Keeps what a listener accepts.
class Accepted {
 public:
  void Add(AcceptedConnection connection) {
    absl::MutexLock lock(&mu_);
    connections_.push_back(std::move(connection));
  }
  size_t count() const {
    absl::MutexLock lock(&mu_);
    return connections_.size();
  }
  std::string peer(size_t i) const {
    absl::MutexLock lock(&mu_);
    return connections_[i].peer;
  }

 private:
  mutable absl::Mutex mu_;
  std::vector<AcceptedConnection> connections_ ABSL_GUARDED_BY(mu_);
};

TEST(ListenerTest, AcceptsOnSeveralAddresses) {
  auto listener = Listener::Open("127.0.0.1:0, 127.0.0.2:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  ASSERT_EQ((*listener)->addresses().size(), 2u);
  Accepted accepted;
  ASSERT_TRUE(
      (*listener)->Start([&](AcceptedConnection one) { accepted.Add(std::move(one)); }).ok());
  std::vector<UniqueFd> clients;
  for (const std::string& address : (*listener)->addresses()) {
    clients.push_back(ConnectTcp(address));
    EXPECT_TRUE(clients.back().valid());
  }
  EXPECT_TRUE(Eventually([&] { return accepted.count() == 2; }));
  EXPECT_THAT(accepted.peer(0), HasSubstr("127.0.0."));
}

TEST(ListenerTest, NamesAndIpv6) {
  auto name = Listener::Open("localhost:0");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ((*name)->addresses().size(), 1u);
  auto ipv6 = Listener::Open("[::1]:0");
  ASSERT_TRUE(ipv6.ok()) << ipv6.status();
  EXPECT_THAT((*ipv6)->addresses()[0], HasSubstr("[::1]:"));
}

TEST(ListenerTest, TheWildcardOfIpv6TakesIpv4AsWell) {
  auto listener = Listener::Open("[::]:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  Accepted accepted;
  ASSERT_TRUE(
      (*listener)->Start([&](AcceptedConnection one) { accepted.Add(std::move(one)); }).ok());
  const std::string port = (*listener)->addresses()[0].substr(5);
  const UniqueFd client = ConnectTcp("127.0.0.1:" + port);
  ASSERT_TRUE(client.valid()) << port;
  ASSERT_TRUE(Eventually([&] { return accepted.count() == 1; }));
  EXPECT_THAT(accepted.peer(0), testing::StartsWith("127.0.0.1:"));
  // Both wildcards on one port stand beside each other.
  (*listener)->Stop();
  EXPECT_TRUE(Listener::Open("0.0.0.0:" + port + ",[::]:" + port).ok());
}

TEST(ListenerTest, FailuresAreSentences) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  EXPECT_THAT(ErrorOf(Listener::Open((*listener)->addresses()[0])),
              HasSubstr("end the program that listens there"));
  EXPECT_THAT(ErrorOf(Listener::Open("host.invalid:0")), HasSubstr("host.invalid"));
  EXPECT_THAT(ErrorOf(Listener::Open("192.0.2.1:0")), HasSubstr("address of this machine"));
  EXPECT_FALSE(Listener::Open("").ok());
}

TEST(ListenerTest, StopRefusesClients) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  const std::string address = (*listener)->addresses()[0];
  ASSERT_TRUE((*listener)->Start([](AcceptedConnection) {}).ok());
  (*listener)->Stop();
  (*listener)->Stop();
  EXPECT_FALSE(ConnectTcp(address).valid());
}

TEST(ListenerTest, GoesOnAfterFileDescriptorsRanOut) {
  auto listener = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  const std::string address = (*listener)->addresses()[0];
  Accepted accepted;
  ASSERT_TRUE(
      (*listener)->Start([&](AcceptedConnection one) { accepted.Add(std::move(one)); }).ok());
  std::vector<UniqueFd> fillers;
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  // All descriptors but one, with which the client connects: none is left to accept with.
  rlimit low = limit;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  for (UniqueFd fd(dup(0)); fd.valid(); fd.Reset(dup(0))) {
    fillers.push_back(std::move(fd));
  }
  fillers.pop_back();
  const UniqueFd refused = ConnectTcp(address);
  EXPECT_TRUE(refused.valid());
  EXPECT_TRUE(IsClosedByPeer(refused.get()));
  EXPECT_EQ(accepted.count(), 0u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  fillers.clear();
  const UniqueFd client = ConnectTcp(address);
  EXPECT_TRUE(Eventually([&] { return accepted.count() == 1; }));
}

// Sockets and the like that the epolls of this process watch.
size_t WatchedFiles() {
  size_t watched = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(file.path());
    for (std::string line; std::getline(info, line);) {
      watched += line.starts_with("tfd:") ? 1 : 0;
    }
  }
  return watched;
}

class ConnectionRegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto registry = ConnectionRegistry::Create(3);
    ASSERT_TRUE(registry.ok());
    registry_ = *std::move(registry);
  }
  // A connected socket whose other end is in `others_`.
  UniqueFd Connect() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    others_.emplace_back(ends[1]);
    return UniqueFd(ends[0]);
  }

  std::unique_ptr<ConnectionRegistry> registry_;
  std::vector<UniqueFd> others_;
};

TEST_F(ConnectionRegistryTest, CountsUpToItsLimit) {
  std::vector<UniqueFd> sockets;
  for (int i = 0; i < 4; ++i) {
    sockets.push_back(Connect());
    EXPECT_EQ(registry_->Add(sockets.back().get(), "peer" + std::to_string(i)), i < 3);
  }
  EXPECT_EQ(registry_->count(), 3u);
  EXPECT_EQ(registry_->total(), 3u);
}

TEST_F(ConnectionRegistryTest, ForgetsWhatIsShut) {
  const UniqueFd first = Connect();
  const UniqueFd second = Connect();
  ASSERT_TRUE(registry_->Add(first.get(), "a"));
  ASSERT_TRUE(registry_->Add(second.get(), "b"));
  shutdown(first.get(), SHUT_RDWR);
  EXPECT_TRUE(Eventually([&] { return registry_->count() == 1; }));
  others_.clear();
  EXPECT_TRUE(Eventually([&] { return registry_->count() == 0; }));
  EXPECT_EQ(registry_->total(), 2u);
}

// Otherwise its thread would be told of it for ever.
TEST_F(ConnectionRegistryTest, DoesNotWatchWhatIsShutAndStillOpenElsewhere) {
  const UniqueFd socket = Connect();
  const size_t before = WatchedFiles();
  ASSERT_TRUE(registry_->Add(socket.get(), "a"));
  EXPECT_EQ(WatchedFiles(), before + 1);
  shutdown(socket.get(), SHUT_RDWR);
  EXPECT_TRUE(Eventually([&] { return registry_->count() == 0; }));
  EXPECT_EQ(WatchedFiles(), before);
}

TEST_F(ConnectionRegistryTest, ListsByPages) {
  std::vector<UniqueFd> sockets;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(Connect());
    ASSERT_TRUE(registry_->Add(sockets.back().get(), "peer" + std::to_string(i)));
  }
  bool more = false;
  auto page = registry_->List(0, 2, &more);
  ASSERT_EQ(page.size(), 2u);
  EXPECT_TRUE(more);
  EXPECT_EQ(page[0].id, 1);
  EXPECT_EQ(page[1].peer, "peer1");
  page = registry_->List(page[1].id, 2, &more);
  ASSERT_EQ(page.size(), 1u);
  EXPECT_FALSE(more);
  EXPECT_EQ(page[0].peer, "peer2");
}

TEST_F(ConnectionRegistryTest, WhatIsNoSocketIsNotAdded) {
  EXPECT_FALSE(registry_->Add(-1, "x"));
  EXPECT_EQ(registry_->count(), 0u);
  EXPECT_EQ(registry_->total(), 0u);
}

}  // namespace
}  // namespace kvick::server
