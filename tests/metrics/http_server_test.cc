#include "server/metrics/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "server/config/address.h"
#include "server/metrics/exposition.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The whole answer to a request, head and body; nothing after two seconds of silence: Civetweb
// forgets a connection that it has accepted in the moment in which it ends.
std::string Ask(const std::string& address, const std::string& request) {
  const auto target = ParseHostPort(address);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  const timeval patience{.tv_sec = 2, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  name.sin_port = htons(target->port);
  inet_pton(AF_INET, target->host.c_str(), &name.sin_addr);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0) {
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char buffer[4096];
    for (ssize_t n = recv(fd, buffer, sizeof(buffer), 0); n > 0;
         n = recv(fd, buffer, sizeof(buffer), 0)) {
      answer.append(buffer, static_cast<size_t>(n));
    }
  }
  close(fd);
  return answer;
}

std::string Get(const std::string& address, const std::string& path,
                const std::string& method = "GET") {
  return Ask(address, method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

class HttpServerTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<HttpServer>> Start(std::string_view listen) {
    return HttpServer::Start(listen,
                             std::make_shared<Exposition>(
                                 &metrics_, [] { return ServerStatistics(); },
                                 std::map<std::string, std::string>{{"version", "1"}}),
                             {[this] { return live_.load(); }, [this] { return ready_.load(); }});
  }

  CallMetrics metrics_;
  std::atomic<bool> live_{true};
  std::atomic<bool> ready_{false};
};

TEST_F(HttpServerTest, AnswersProbesAndScrapes) {
  const auto server = Start("127.0.0.1:0");
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_EQ((*server)->addresses().size(), 1u);
  const std::string address = (*server)->addresses()[0];
  EXPECT_THAT(Get(address, "/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get(address, "/livez"), HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(Get(address, "/readyz"), StartsWith("HTTP/1.1 503 "));
  ready_ = true;
  EXPECT_THAT(Get(address, "/readyz?verbose"), StartsWith("HTTP/1.1 200 "));
  live_ = false;
  EXPECT_THAT(Get(address, "/livez"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Get(address, "/metrics"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get(address, "/metrics"), HasSubstr("kvick_build_info{version=\"1\"} 1"));
}

TEST_F(HttpServerTest, NothingElseIsThere) {
  const auto server = Start("localhost:0");
  ASSERT_TRUE(server.ok()) << server.status();
  const auto port = ParseHostPort((*server)->addresses()[0])->port;
  const auto second = Start("127.0.0.1:0");
  ASSERT_TRUE(second.ok()) << second.status();
  const std::string address = (*second)->addresses()[0];
  EXPECT_NE(port, ParseHostPort(address)->port);
  for (const char* path :
       {"/", "/etc/passwd", "/../../etc/passwd", "/metrics2", "/livez/x", "//"}) {
    const std::string answer = Get(address, path);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 400 "))
        << path << answer;
  }
  EXPECT_THAT(Get(address, "/livez", "POST"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Get(address, "/metrics", "DELETE"), StartsWith("HTTP/1.1 405 "));
  const std::string head = Get(address, "/livez", "HEAD");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  Ask(address, "garbage\r\n\r\n");
  Ask(address, std::string(1 << 20, 'x'));
  EXPECT_THAT(Get(address, "/livez"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ABusyPortIsASentence) {
  const auto server = Start("127.0.0.1:0");
  ASSERT_TRUE(server.ok());
  const auto again = Start((*server)->addresses()[0]);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(std::string(storage::FromAbsl(again.status().message())),
              HasSubstr("cannot listen on " + (*server)->addresses()[0]));
  EXPECT_FALSE(Start("host.invalid:0").ok());
  EXPECT_FALSE(Start("nonsense").ok());
}

TEST_F(HttpServerTest, ListensOnSeveralAddresses) {
  const auto server = Start("127.0.0.1:0,127.0.0.2:0");
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_EQ((*server)->addresses().size(), 2u);
  for (const std::string& address : (*server)->addresses()) {
    EXPECT_THAT(Get(address, "/livez"), StartsWith("HTTP/1.1 200 ")) << address;
  }
}

TEST_F(HttpServerTest, StartsAndStopsUnderRequests) {
  for (int i = 0; i < 5; ++i) {
    auto server = Start("127.0.0.1:0");
    ASSERT_TRUE(server.ok());
    const std::string address = (*server)->addresses()[0];
    std::thread client([&] {
      for (int j = 0; j < 5; ++j) {
        Get(address, "/livez");
      }
    });
    server->reset();
    client.join();
  }
}

}  // namespace
}  // namespace kvick::server
