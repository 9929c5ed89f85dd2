#include "tests/oracle/session.h"

#include <utility>

namespace kvick::oracle {

absl::StatusOr<std::unique_ptr<Session>> Session::Start() {
  std::unique_ptr<Session> session(new Session());
  auto kvick = testing::ServerProcess::Start({"--max_value_bytes=1Mi"});
  if (!kvick.ok()) return kvick.status();
  session->kvick_ = *std::move(kvick);
  auto redis = RedisProcess::Start();
  if (!redis.ok()) return redis.status();
  session->redis_ = *std::move(redis);
  auto client = Client::Create({.target = session->kvick_->grpc_address()});
  if (!client.ok()) return client.status();
  session->client_ = std::make_unique<Client>(*std::move(client));
  session->pipeline_ = session->client_->OpenPipeline();
  return session;
}

absl::Status Session::Flush() {
  if (const auto flush = client_->Call(v1::AdminFlushRequest()); !flush.ok()) return flush.status();
  return redis_->Run({{"FLUSHALL", "SYNC"}}).status();
}

}  // namespace kvick::oracle
