// A real kvick-server for tests: started on free ports of the loopback, stopped in good order.
#ifndef KVICK_TESTS_INTEGRATION_SERVER_PROCESS_H_
#define KVICK_TESTS_INTEGRATION_SERVER_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kvick::testing {

// A directory that is removed with all that is in it when the object goes.
class TemporaryDirectory {
 public:
  // Makes it, under TMPDIR or /tmp; ends the process when that is not possible.
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  // Its path.
  const std::string& path() const { return path_; }
  // The path of something in it.
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The path of a program that was built: in KVICK_BIN_DIR, which ctest sets.
std::string BinaryPath(const std::string& name);

// The content of a file; empty when it cannot be read.
std::string ReadFile(const std::string& path);

// Runs `kvick-server` as a process of its own:
//
//   auto server = kvick::testing::ServerProcess::Start({"--max_memory=64Mi"});
//   ASSERT_TRUE(server.ok()) << server.status();
//   ... (*server)->grpc_address() ...
//   EXPECT_EQ((*server)->Stop(), 0) << (*server)->log();
//
// Not thread safe.
class ServerProcess {
 public:
  // Starts the server with these flags besides the ones for free ports, and waits until it is
  // ready. The error has the log when it ends early or takes more than a minute.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const std::vector<std::string>& flags = {});
  // Kills the server if it still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Where it answers gRPC, `127.0.0.1:40000`.
  const std::string& grpc_address() const { return addresses_.at("grpc"); }
  // Where it answers HTTP.
  const std::string& http_address() const { return addresses_.at("http"); }
  // Its process.
  pid_t pid() const { return pid_; }
  // What it wrote to its standard output and error so far.
  std::string log() const { return ReadFile(directory_.File("log")); }
  // A place for files of this test; removed with the object.
  const TemporaryDirectory& directory() const { return directory_; }
  // True while the process runs.
  bool running();

  // Sends SIGTERM and waits: the exit code, -signal when a signal ended it, -1000 when it did not
  // end in time and was killed. Once it has ended, the same code again.
  int Stop(absl::Duration timeout = absl::Seconds(30));
  // Sends a signal, for instance SIGKILL or SIGSTOP.
  void Signal(int signal);
  // Waits until the process ends by itself; the same codes as Stop.
  int Wait(absl::Duration timeout = absl::Seconds(30));
  // Starts it again on the same addresses after it has ended.
  absl::Status Restart();

 private:
  ServerProcess() = default;
  absl::Status Launch();
  absl::Status WaitUntilReady();

  TemporaryDirectory directory_;
  std::vector<std::string> flags_;
  std::map<std::string, std::string> addresses_;
  pid_t pid_ = 0;
  bool ended_ = true;
  int exit_code_ = 0;
};

}  // namespace kvick::testing

#endif  // KVICK_TESTS_INTEGRATION_SERVER_PROCESS_H_
