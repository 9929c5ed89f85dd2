#include "tests/integration/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

extern char** environ;

namespace kvick::testing {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(5);
constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr int kDidNotEnd = -1000;

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  const char* parent = std::getenv("TMPDIR");
  std::string pattern = absl::StrCat(parent == nullptr ? "/tmp" : parent, "/kvick-test-XXXXXX");
  if (mkdtemp(pattern.data()) == nullptr) {
    std::cerr << "cannot make a temporary directory like " << pattern << "\n";
    std::abort();
  }
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string BinaryPath(const std::string& name) {
  const char* directory = std::getenv("KVICK_BIN_DIR");
  return absl::StrCat(directory == nullptr ? "build/release/bin" : directory, "/", name);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return std::move(content).str();
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(
    const std::vector<std::string>& flags) {
  std::unique_ptr<ServerProcess> server(new ServerProcess());
  server->flags_ = flags;
  server->addresses_ = {{"grpc", "127.0.0.1:0"}, {"http", "127.0.0.1:0"}};
  absl::Status status = server->Launch();
  if (!status.ok()) return status;
  return server;
}

ServerProcess::~ServerProcess() {
  if (!running()) return;
  Signal(SIGKILL);
  Wait();
}

absl::Status ServerProcess::Launch() {
  const std::string binary = BinaryPath("kvick-server");
  if (!std::filesystem::exists(binary)) {
    return absl::NotFoundError(absl::StrCat(binary, " is missing: build the target kvick_server"));
  }
  std::filesystem::remove(directory_.File("addresses"));
  std::vector<std::string> arguments = {
      binary, absl::StrCat("--listen=", grpc_address()),
      absl::StrCat("--http_listen=", http_address()),
      absl::StrCat("--address_file=", directory_.File("addresses"))};
  arguments.insert(arguments.end(), flags_.begin(), flags_.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, directory_.File("log").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const int error = posix_spawn(&pid_, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", binary));
  ended_ = false;
  return WaitUntilReady();
}

absl::Status ServerProcess::WaitUntilReady() {
  const absl::Time give_up = absl::Now() + kStartTimeout;
  while (absl::Now() < give_up) {
    // The file is complete once both lines end.
    const std::string content = ReadFile(directory_.File("addresses"));
    std::map<std::string, std::string> addresses;
    for (const auto line : absl::StrSplit(content, '\n', absl::SkipEmpty())) {
      addresses.insert(absl::StrSplit(line, absl::MaxSplits('=', 1)));
    }
    if (content.ends_with('\n') && addresses.contains("grpc") && addresses.contains("http")) {
      addresses_ = std::move(addresses);
      return absl::OkStatus();
    }
    if (!running()) {
      return absl::InternalError(
          absl::StrCat("kvick-server ended with code ", exit_code_, ":\n", log()));
    }
    absl::SleepFor(kPoll);
  }
  return absl::DeadlineExceededError(absl::StrCat("kvick-server is not ready:\n", log()));
}

bool ServerProcess::running() {
  int status = 0;
  if (!ended_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = true;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  return !ended_;
}

int ServerProcess::Stop(absl::Duration timeout) {
  Signal(SIGTERM);
  return Wait(timeout);
}

void ServerProcess::Signal(int signal) {
  if (!running()) return;
  kill(pid_, signal);
  // A stop takes effect some time later, of all threads.
  if (signal == SIGSTOP) waitpid(pid_, nullptr, WUNTRACED);
}

int ServerProcess::Wait(absl::Duration timeout) {
  const absl::Time give_up = absl::Now() + timeout;
  while (running()) {
    if (absl::Now() > give_up) {
      kill(pid_, SIGKILL);
      int status = 0;
      waitpid(pid_, &status, 0);
      ended_ = true;
      exit_code_ = kDidNotEnd;
      break;
    }
    absl::SleepFor(kPoll);
  }
  return exit_code_;
}

absl::Status ServerProcess::Restart() {
  if (running()) return absl::FailedPreconditionError("the server still runs");
  return Launch();
}

}  // namespace kvick::testing
