#include "server/rpc/channel_settings.h"

#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <climits>

#include "server/config/machine.h"

namespace kvick::server {
namespace {

// What a client may send on one stream before we have read it.
constexpr int kStreamWindowBytes = 1 << 20;
// Pings that come too early before the connection is closed for it.
constexpr int kPingStrikesMax = 2;

// gRPC's limits are ints.
int ClampToInt(int64_t number) { return static_cast<int>(std::clamp<int64_t>(number, 0, INT_MAX)); }

int Milliseconds(absl::Duration duration) {
  return ClampToInt(absl::ToInt64Milliseconds(duration));
}

// 0 stands for no limit.
int MillisecondsOrNever(absl::Duration duration) {
  return duration == absl::ZeroDuration() ? INT_MAX : Milliseconds(duration);
}

size_t MemoryQuota(const Config& config) {
  const int64_t bytes = config.grpc_memory_quota != 0
                            ? config.grpc_memory_quota
                            : std::max(MachineMemoryBytes() / 4, 4 * config.message_bytes());
  return static_cast<size_t>(bytes);
}

}  // namespace

void ApplyChannelSettings(const Config& config, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(ClampToInt(config.message_bytes()));
  // What we send, we bound ourselves, with an error that says what to do.
  builder->SetMaxSendMessageSize(-1);
  // The quota's limit of threads is for gRPC's synchronous services. Ours use callbacks, which run
  // on a fixed number of threads however many calls there are.
  builder->SetResourceQuota(grpc::ResourceQuota("kvick").Resize(MemoryQuota(config)));
  // A compressed message is inflated before its size is looked at: a small one would take all
  // memory.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  const auto set = [builder](const char* name, int value) {
    builder->AddChannelArgument(name, value);
  };
  set(GRPC_ARG_MAX_METADATA_SIZE, ClampToInt(config.max_metadata_bytes));
#ifdef GRPC_ARG_ABSOLUTE_MAX_METADATA_SIZE
  // Newer ones take the former for a wish, and refuse only some of what lies between the two.
  set(GRPC_ARG_ABSOLUTE_MAX_METADATA_SIZE, ClampToInt(config.max_metadata_bytes));
#endif
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, ClampToInt(config.max_concurrent_streams));
  // A fixed window in place of one that probes for bandwidth: pings and early window updates are
  // writes of their own, which cost a pipeline a quarter of its speed.
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(config.handshake_timeout));
  set(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(config.keepalive_time));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(config.keepalive_timeout));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      Milliseconds(config.keepalive_min_client_interval));
  set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS, MillisecondsOrNever(config.max_connection_age));
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(config.max_connection_age_grace));
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, MillisecondsOrNever(config.max_connection_idle));
}

}  // namespace kvick::server
