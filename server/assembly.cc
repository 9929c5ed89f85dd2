#include "server/assembly.h"

#include <unistd.h>

#include <random>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "server/commands/register.h"
#include "server/config/machine.h"
#include "server/processor/admin.h"
#include "server/processor/scans.h"

namespace kvick::server {

using google::protobuf::util::TimeUtil;

namespace {

constexpr absl::Duration kTickInterval = absl::Seconds(1);

storage::StoreOptions StoreOptionsFrom(const Config& config) {
  storage::StoreOptions options;
  options.shards = static_cast<size_t>(config.shards);
  options.max_memory_bytes = static_cast<size_t>(config.memory_bytes());
  options.limits.max_key_bytes = static_cast<size_t>(config.max_key_bytes);
  options.limits.max_value_bytes = static_cast<size_t>(config.max_value_bytes);
  options.limits.max_reply_bytes = static_cast<size_t>(config.max_reply_bytes);
  return options;
}

PubSubOptions PubSubOptionsFrom(const Config& config) {
  PubSubOptions options;
  options.max_key_bytes = static_cast<size_t>(config.max_key_bytes);
  options.max_value_bytes = static_cast<size_t>(config.max_value_bytes);
  options.max_subscribers = config.max_subscribers;
  options.max_subscriber_bytes = config.max_subscriber_bytes;
  options.max_published_bytes = config.published_bytes();
  options.progress_interval = config.progress_interval;
  return options;
}

std::string NewRunId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace

Assembly::Assembly(const Config& config, const GrpcServer& grpc)
    : config_(config),
      grpc_(grpc),
      start_(absl::Now()),
      run_id_(NewRunId()),
      store_(StoreOptionsFrom(config)),
      processor_(store_, {.max_waiters = static_cast<size_t>(config.max_waiters)}),
      hub_(PubSubOptionsFrom(config)),
      rpc_context_{table_, processor_, metrics_, executor_, pipelines_, grpc.unread_replies()},
      expirer_(store_) {
  RegisterCommands();
  services_ = MakeServices(rpc_context_);
  Tick();
}

void Assembly::RegisterCommands() {
  RegisterKeys(table_);
  RegisterStrings(table_);
  RegisterLists(table_);
  RegisterSets(table_);
  RegisterHashes(table_);
  RegisterScans(table_, store_);
  RegisterPubSub();
  RegisterAdmin(table_, store_,
                {[this](v1::AdminGetServerInfoResponse* response) { FillServerInfo(response); },
                 [this](v1::AdminGetStatisticsResponse* response) { FillStatistics(response); },
                 [this](int64_t after, size_t limit) { return Connections(after, limit); }});
}

void Assembly::RegisterPubSub() {
  table_.AddCall<v1::PubSubPublishRequest, v1::PubSubPublishResponse>(
      [this](const auto& request, auto* response) { return hub_.Publish(request, response); });
  table_.AddCall<v1::PubSubListChannelsRequest, v1::PubSubListChannelsResponse>(
      [this](const auto& request, auto* response) { return hub_.ListChannels(request, response); });
  table_.AddCall<v1::PubSubCountSubscribersRequest, v1::PubSubCountSubscribersResponse>(
      [this](const auto& request, auto* response) {
        return hub_.CountSubscribers(request, response);
      });
  table_.AddStream<v1::PubSubSubscribeRequest>(
      [this](const v1::PubSubSubscribeRequest& request, WakeUp wake_up) {
        return hub_.Subscribe(request, std::move(wake_up));
      });
}

std::vector<NamedService> Assembly::services() const {
  std::vector<NamedService> named;
  for (size_t i = 0; i < services_.size(); ++i) {
    named.push_back({std::string(CommandTable::Services()[i]), services_[i].get()});
  }
  return named;
}

ServerStatistics Assembly::Gather() {
  const storage::StoreStatistics store = store_.Statistics();
  const PubSubStatistics pubsub = hub_.Statistics();
  ServerStatistics all;
  all.uptime_seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  all.keys = store.keys;
  all.keys_with_expiry = store.keys_with_expiry;
  all.data_bytes = store.data_bytes;
  all.index_bytes = store.index_bytes;
  all.unfreed_bytes = store.unfreed_bytes;
  all.resident_bytes = static_cast<uint64_t>(ResidentBytes());
  all.max_memory_bytes = static_cast<uint64_t>(config_.memory_bytes());
  all.expired = store.expired;
  all.hits = store.hits;
  all.misses = store.misses;
  all.last_version = static_cast<uint64_t>(store_.last_version());
  all.connections = grpc_.connections().count();
  all.accepted_connections = grpc_.connections().total();
  all.refused_connections = grpc_.refused_connections();
  all.unread_bytes = grpc_.unread_replies().bytes();
  all.shut_connections = grpc_.unread_replies().shut_connections();
  all.subscribers = static_cast<uint64_t>(pubsub.subscribers);
  all.channels = static_cast<uint64_t>(pubsub.channels);
  all.published_messages = static_cast<uint64_t>(pubsub.published);
  all.delivered_messages = static_cast<uint64_t>(pubsub.delivered);
  all.dropped_messages = static_cast<uint64_t>(pubsub.dropped);
  all.message_bytes = static_cast<uint64_t>(pubsub.memory_bytes);
  all.buffered_bytes = static_cast<uint64_t>(pubsub.buffered_bytes);
  all.waiters = processor_.waiting_calls();
  return all;
}

void Assembly::EndStreams() {
  processor_.StopWaiting();
  hub_.Close();
  pipelines_.EndAll();
}

void Assembly::FillServerInfo(v1::AdminGetServerInfoResponse* response) const {
  response->set_version(std::string(ServerVersion()));
  response->set_run_id(run_id_);
  *response->mutable_start_time() = TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(start_));
  response->set_process_id(getpid());
  response->set_shards(config_.shards);
  response->set_max_memory_bytes(config_.memory_bytes());
  for (const std::string& address : grpc_.addresses()) {
    response->add_listen_addresses(address);
  }
  (*response->mutable_library_versions())["grpc"] = GrpcVersion();
  (*response->mutable_library_versions())["protobuf"] = fmt::format("{}", GOOGLE_PROTOBUF_VERSION);
}

void Assembly::FillStatistics(v1::AdminGetStatisticsResponse* response) {
  const absl::Duration uptime = absl::Now() - start_;
  response->mutable_uptime()->set_seconds(absl::ToInt64Seconds(uptime));
  const PubSubStatistics pubsub = hub_.Statistics();
  response->set_resident_bytes(ResidentBytes());
  response->set_connections(static_cast<int64_t>(grpc_.connections().count()));
  response->set_subscribers(pubsub.subscribers);
  response->set_published_messages(pubsub.published);
  response->set_dropped_messages(pubsub.dropped);
  response->set_waiters(static_cast<int64_t>(processor_.waiting_calls()));
}

std::vector<v1::Connection> Assembly::Connections(int64_t after, size_t limit) const {
  bool more = false;
  std::vector<v1::Connection> connections;
  for (const ConnectionInfo& info : grpc_.connections().List(after, limit + 1, &more)) {
    v1::Connection& connection = connections.emplace_back();
    connection.set_id(info.id);
    connection.set_peer(info.peer);
    *connection.mutable_connect_time() =
        TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(info.connect_time));
  }
  return connections;
}

void Assembly::Tick() {
  hub_.Tick(absl::Now());
  timers_.Add(kTickInterval, [this] { Tick(); });
}

}  // namespace kvick::server
