#include "tests/oracle/redis_process.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

extern char** environ;

namespace kvick::oracle {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kStartTimeout = absl::Seconds(30);

RedisReply Convert(const redisReply& reply) {
  RedisReply converted;
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      break;
    case REDIS_REPLY_INTEGER:
      converted.kind = RedisReply::Kind::kInteger;
      converted.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      converted.kind = RedisReply::Kind::kArray;
      for (size_t i = 0; i < reply.elements; ++i) {
        converted.elements.push_back(Convert(*reply.element[i]));
      }
      break;
    case REDIS_REPLY_ERROR:
      converted.kind = RedisReply::Kind::kError;
      converted.bytes.assign(reply.str, reply.len);
      break;
    default:
      converted.kind = RedisReply::Kind::kBytes;
      converted.bytes.assign(reply.str, reply.len);
      break;
  }
  return converted;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RedisProcess>> RedisProcess::Start() {
  std::unique_ptr<RedisProcess> redis(new RedisProcess());
  if (absl::Status status = redis->Launch(); !status.ok()) return status;
  if (absl::Status status = redis->Connect(); !status.ok()) return status;
  return redis;
}

RedisProcess::~RedisProcess() {
  if (connection_ != nullptr) redisFree(connection_);
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

absl::Status RedisProcess::Launch() {
  // A value may be 1 MiB, as in Kvick's flags in session.cc. Nothing is kept on disk.
  std::vector<std::string> arguments = {"redis-server",
                                        "--port",
                                        "0",
                                        "--unixsocket",
                                        directory_.File("redis"),
                                        "--save",
                                        "",
                                        "--appendonly",
                                        "no",
                                        "--dir",
                                        directory_.path(),
                                        "--logfile",
                                        directory_.File("log"),
                                        "--proto-max-bulk-len",
                                        "1048576"};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, "redis-server", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return absl::ErrnoToStatus(error,
                               "cannot start redis-server: install the package of that name");
  }
  pid_ = pid;
  return absl::OkStatus();
}

absl::Status RedisProcess::Connect() {
  const absl::Time give_up = absl::Now() + kStartTimeout;
  while (absl::Now() < give_up) {
    connection_ = redisConnectUnix(directory_.File("redis").c_str());
    if (connection_ != nullptr && connection_->err == 0) return absl::OkStatus();
    if (connection_ != nullptr) redisFree(connection_);
    connection_ = nullptr;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      return absl::InternalError(
          absl::StrCat("redis-server ended at once:\n", testing::ReadFile(directory_.File("log"))));
    }
    absl::SleepFor(kPoll);
  }
  return absl::DeadlineExceededError("redis-server does not answer on its socket");
}

absl::StatusOr<std::vector<RedisReply>> RedisProcess::Run(const std::vector<Call>& calls) {
  for (const Call& call : calls) {
    std::vector<const char*> arguments;
    std::vector<size_t> sizes;
    for (const std::string& argument : call) {
      arguments.push_back(argument.data());
      sizes.push_back(argument.size());
    }
    redisAppendCommandArgv(connection_, static_cast<int>(call.size()), arguments.data(),
                           sizes.data());
  }
  std::vector<RedisReply> replies;
  replies.reserve(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    void* reply = nullptr;
    if (redisGetReply(connection_, &reply) != REDIS_OK) {
      return absl::UnavailableError(absl::StrCat("redis-server: ", connection_->errstr));
    }
    replies.push_back(Convert(*static_cast<redisReply*>(reply)));
    freeReplyObject(reply);
  }
  return replies;
}

}  // namespace kvick::oracle
