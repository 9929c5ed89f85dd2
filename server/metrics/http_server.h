// HTTP for those who watch the server: /metrics for Prometheus, /livez and /readyz for probes.
#ifndef KVICK_SERVER_METRICS_HTTP_SERVER_H_
#define KVICK_SERVER_METRICS_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "prometheus/collectable.h"

namespace kvick::server {

// What the probes are told. Called from any thread.
struct Probes {
  // Whether the server should go on at all; /livez answers 200 or 503.
  std::function<bool()> live;
  // Whether it serves calls now; /readyz answers 200 or 503.
  std::function<bool()> ready;
};

// Serves GET and HEAD until it is destroyed.
class HttpServer {
 public:
  // Listens on `listen`: host:port, several by commas, port 0 for a free one. The error says which
  // address could not be taken and what to do.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      std::string_view listen, std::shared_ptr<prometheus::Collectable> metrics, Probes probes);

  virtual ~HttpServer() = default;
  // Where it listens, with the chosen ports.
  virtual const std::vector<std::string>& addresses() const = 0;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_METRICS_HTTP_SERVER_H_
