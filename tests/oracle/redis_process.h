// A real redis-server for the oracle: on a Unix socket in a directory of its own, without disk.
#ifndef KVICK_TESTS_ORACLE_REDIS_PROCESS_H_
#define KVICK_TESTS_ORACLE_REDIS_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/integration/server_process.h"

struct redisContext;

namespace kvick::oracle {

// One Redis command: its name and its arguments, any bytes.
using Call = std::vector<std::string>;

// What Redis answered.
struct RedisReply {
  enum class Kind { kNil, kInteger, kBytes, kArray, kError };
  Kind kind = Kind::kNil;
  int64_t integer = 0;               // kInteger
  std::string bytes;                 // kBytes and kError; a status is bytes too
  std::vector<RedisReply> elements;  // kArray
};

// The process and one connection to it. Not thread safe.
class RedisProcess {
 public:
  // Starts it and connects. The error says what is missing.
  static absl::StatusOr<std::unique_ptr<RedisProcess>> Start();
  // Ends the process.
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  // Sends all the calls, then reads all the replies, in order. An error means that the connection
  // broke, not that Redis refused a call.
  absl::StatusOr<std::vector<RedisReply>> Run(const std::vector<Call>& calls);

 private:
  RedisProcess() = default;
  absl::Status Launch();
  absl::Status Connect();

  testing::TemporaryDirectory directory_;
  pid_t pid_ = 0;
  redisContext* connection_ = nullptr;  // Owned.
};

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_REDIS_PROCESS_H_
