#include "server/metrics/http_server.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <thread>
#include <utility>

#include "CivetServer.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "prometheus/exposer.h"
#include "server/config/address.h"
#include "server/config/log.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

// Threads of HTTP: a request that comes slowly holds one up, and a probe must find another.
constexpr const char* kThreads = "32";
// How long one may be held up, milliseconds.
constexpr const char* kRequestTimeoutMs = "2000";
constexpr auto kVisitInterval = std::chrono::milliseconds(10);

void Answer(mg_connection* connection, std::string_view method, int code, std::string_view reason,
            std::string_view body) {
  const std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\n{}Connection: close\r\n\r\n{}",
      code, reason, body.size(), code == 405 ? "Allow: GET, HEAD\r\n" : "",
      method == "HEAD" ? std::string_view() : body);
  mg_write(connection, text.data(), text.size());
}

class ExposerServer;

// The exposer passes no data of ours to Civetweb's callbacks. It begins while its constructor runs,
// and Civetweb tells the new context to the thread that made it; from then on the context names the
// server.
class Contexts {
 public:
  static Contexts& Get() {
    static Contexts* const contexts = new Contexts;
    return *contexts;
  }

  void Add(const mg_context* context, ExposerServer* server) {
    absl::MutexLock lock(&mu_);
    servers_[context] = server;
  }
  void Remove(ExposerServer* server) {
    absl::MutexLock lock(&mu_);
    std::erase_if(servers_, [server](const auto& item) { return item.second == server; });
  }
  ExposerServer* Find(const mg_context* context) {
    absl::ReaderMutexLock lock(&mu_);
    const auto it = servers_.find(context);
    return it == servers_.end() ? nullptr : it->second;
  }

 private:
  absl::Mutex mu_;
  std::map<const mg_context*, ExposerServer*> servers_ ABSL_GUARDED_BY(mu_);
};

thread_local ExposerServer* starting = nullptr;

class ExposerServer : public HttpServer {
 public:
  ExposerServer(std::shared_ptr<prometheus::Collectable> metrics, Probes probes)
      : metrics_(std::move(metrics)), probes_(std::move(probes)) {}

  ~ExposerServer() override;

  absl::Status Listen(const std::vector<HostPort>& addresses);

  const std::vector<std::string>& addresses() const override { return addresses_; }

  // Answers all but /metrics; 0 leaves a request to the exposer.
  int Handle(mg_connection* connection) const;

 private:
  const std::shared_ptr<prometheus::Collectable> metrics_;
  const Probes probes_;
  std::unique_ptr<prometheus::Exposer> exposer_;  // constant once listening
  std::vector<std::string> addresses_;            // constant once listening
};

int BeginRequest(mg_connection* connection) {
  const ExposerServer* server = Contexts::Get().Find(mg_get_context(connection));
  if (server == nullptr) {  // a request in the moment before the context is known
    Answer(connection, "GET", 503, "Service Unavailable", "starting\n");
    return 503;
  }
  return server->Handle(connection);
}

void InitContext(const mg_context* context) {
  if (starting != nullptr) {
    Contexts::Get().Add(context, starting);
  }
}

int LogMessage(const mg_connection*, const char* message) {
  Log(LogLevel::kDebug, "http", {{"detail", message}});
  return 1;
}

// Connects to an address of ours and leaves again.
void Visit(const std::string& text) {
  const auto address = ParseHostPort(text);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (!address.ok() || getaddrinfo(address->host.c_str(), std::to_string(address->port).c_str(),
                                   &hints, &found) != 0) {
    return;
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    connect(fd, found->ai_addr, found->ai_addrlen);
    close(fd);
  }
  freeaddrinfo(found);
}

// A numeric address for a host, since Civetweb knows no names.
absl::StatusOr<std::string> Resolve(const HostPort& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(fmt::format(
        "http_listen: cannot find the host {} ({}); give a name or address of this machine",
        address.host, gai_strerror(error)));
  }
  char host[NI_MAXHOST];
  getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof(host), nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return std::string(host);
}

absl::Status ExposerServer::Listen(const std::vector<HostPort>& addresses) {
  std::string ports;
  std::vector<std::string> hosts;
  for (const HostPort& address : addresses) {
    ASSIGN_OR_RETURN(hosts.emplace_back(), Resolve(address));
    if (!ports.empty()) {
      ports += ',';
    }
    ports += HostPortText({hosts.back(), address.port});
  }
  CivetCallbacks callbacks;
  callbacks.begin_request = BeginRequest;
  callbacks.init_context = InitContext;
  callbacks.log_message = LogMessage;
  const std::vector<std::string> options = {"listening_ports",
                                            ports,
                                            "num_threads",
                                            kThreads,
                                            "request_timeout_ms",
                                            kRequestTimeoutMs,
                                            "enable_keep_alive",
                                            "no",
                                            "enable_directory_listing",
                                            "no"};
  starting = this;
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(options, &callbacks);
  } catch (const std::exception&) {
    starting = nullptr;
    return absl::UnavailableError(
        fmt::format("http_listen: cannot listen on {}; it may be in use or not an address of this "
                    "machine: free "
                    "it, or give another (port 0 takes a free one)",
                    ports));
  }
  starting = nullptr;
  exposer_->RegisterCollectable(metrics_);
  const std::vector<int> chosen = exposer_->GetListeningPorts();
  for (size_t i = 0; i < hosts.size() && i < chosen.size(); ++i) {
    addresses_.push_back(HostPortText({hosts[i], static_cast<uint16_t>(chosen[i])}));
  }
  return absl::OkStatus();
}

// Civetweb looks whether to end every two seconds, or when somebody connects; so somebody does.
ExposerServer::~ExposerServer() {
  std::atomic<bool> ended = false;
  std::thread visitor([this, &ended] {
    while (!addresses_.empty() && !ended) {
      Visit(addresses_[0]);
      std::this_thread::sleep_for(kVisitInterval);
    }
  });
  exposer_.reset();
  ended = true;
  visitor.join();
  Contexts::Get().Remove(this);
}

int ExposerServer::Handle(mg_connection* connection) const {
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string_view path = request->local_uri;
  const std::string_view method = request->request_method;
  const bool known = path == "/metrics" || path == "/livez" || path == "/readyz";
  if (!known) {
    Answer(connection, method, 404, "Not Found", "There are /metrics, /livez and /readyz.\n");
    return 404;
  }
  if (method != "GET" && method != "HEAD") {
    Answer(connection, method, 405, "Method Not Allowed", "Use GET.\n");
    return 405;
  }
  if (path == "/metrics") {
    return 0;
  }
  const bool good = path == "/livez" ? probes_.live() : probes_.ready();
  if (good) {
    Answer(connection, method, 200, "OK", "ok\n");
    return 200;
  }
  Answer(connection, method, 503, "Service Unavailable",
         path == "/livez" ? "not live\n" : "not ready\n");
  return 503;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    std::string_view listen, std::shared_ptr<prometheus::Collectable> metrics, Probes probes) {
  ASSIGN_OR_RETURN(const std::vector<HostPort> addresses, ParseHostPorts(listen));
  auto server = std::make_unique<ExposerServer>(std::move(metrics), std::move(probes));
  RETURN_IF_ERROR(server->Listen(addresses));
  return server;
}

}  // namespace kvick::server
