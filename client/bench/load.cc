#include "client/bench/load.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "client/bench/worker.h"
#include "client/bench/workload.h"
#include "kvick/client.h"
#include "kvick/internal/credentials.h"
#include "storage/base/status_macros.h"

namespace kvick::bench {
namespace {

absl::Status CheckRange(const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " is ", value, ", not from ", least, " to ", most));
}

absl::StatusOr<Channels> Connect(const LoadOptions& options) {
  // A server that is away shows at once, and says why.
  ASSIGN_OR_RETURN(const Client client, Client::Create(options.client));
  RETURN_IF_ERROR(client.Admin().GetServerInfo().status());
  ASSIGN_OR_RETURN(const auto credentials, internal::MakeCredentials(options.client.tls));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (options.client.tls.has_value() && !options.client.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.client.tls->server_name);
  }
  Channels channels;
  for (int i = 0; i < options.connections; ++i) {
    channels.push_back(grpc::CreateCustomChannel(options.client.target, credentials, arguments));
    channels.back()->GetState(/*try_to_connect=*/true);
  }
  // Many connections take a server a moment, each after the other.
  const absl::Duration patience =
      options.client.connect_timeout + absl::Milliseconds(5) * options.connections;
  const auto give_up = absl::ToChronoTime(absl::Now() + patience);
  for (const auto& channel : channels) {
    if (!channel->WaitForConnected(give_up)) {
      return NotConnectedError(options.client.target, "it takes too few connections at a time");
    }
  }
  return channels;
}

absl::Status Prefill(const LoadOptions& options) {
  ASSIGN_OR_RETURN(const Client client, Client::Create(options.client));
  const auto pipeline = client.OpenPipeline();
  const std::string value = ValueOf(options);
  for (int64_t i = 0; i < options.keys; ++i) {
    v1::StringSetRequest set;
    set.set_key(KeyOf(i, options));
    set.mutable_value()->set_data(value);
    FillExpiry(options, &set);
    pipeline->Send(std::move(set));
  }
  return pipeline->Wait();
}

std::vector<Request> ToBuffers(const std::vector<PreparedRequest>& prepared) {
  std::vector<Request> requests;
  requests.reserve(prepared.size());
  for (const PreparedRequest& request : prepared) {
    const grpc::Slice slice(request.bytes);
    requests.push_back({request.is_set, grpc::ByteBuffer(&slice, 1)});
  }
  return requests;
}

LoadResult Collect(std::vector<Meter>* meters, const Schedule& schedule) {
  LoadResult total;
  auto end = schedule.measure_from;
  for (Meter& meter : *meters) {
    const LoadResult& part = meter.result();
    total.operations += part.operations;
    total.errors += part.errors;
    if (total.first_error.empty()) total.first_error = part.first_error;
    total.latency.Merge(part.latency);
    end = std::max(end, meter.last_end());
  }
  if (schedule.count == 0) end = schedule.measure_to;
  total.elapsed = absl::FromChrono(end - schedule.measure_from);
  return total;
}

}  // namespace

bool NextEvent(grpc::CompletionQueue& queue, bool spin, void** tag, bool* ok) {
  if (!spin) return queue.Next(tag, ok);
  const gpr_timespec at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  auto status = grpc::CompletionQueue::TIMEOUT;
  while (status == grpc::CompletionQueue::TIMEOUT) status = queue.AsyncNext(tag, ok, at_once);
  return status == grpc::CompletionQueue::GOT_EVENT;
}

void Meter::End(Clock::time_point start, Clock::time_point now, int64_t operations) {
  if (!Counts(now)) return;
  last_end_ = now;
  result_.operations += operations;
  result_.latency.Record(std::chrono::duration_cast<std::chrono::nanoseconds>(now - start).count(),
                         operations);
}

void Meter::Fail(int64_t operations, const std::string& error, Clock::time_point now) {
  if (result_.first_error.empty()) result_.first_error = error;
  if (Counts(now)) result_.errors += operations;
}

absl::Status LoadOptions::Check() const {
  RETURN_IF_ERROR(CheckRange("connections", connections, 1, 10'000));
  RETURN_IF_ERROR(CheckRange("concurrency", concurrency, 1, 1'000));
  RETURN_IF_ERROR(CheckRange("depth", depth, 1, 10'000));
  RETURN_IF_ERROR(CheckRange("frames", frames, 1, 100));
  RETURN_IF_ERROR(CheckRange("threads", threads, 1, 256));
  RETURN_IF_ERROR(CheckRange("set ratio", set_ratio, 0, 1));
  RETURN_IF_ERROR(CheckRange("keys", static_cast<double>(keys), 1, 1e9));
  RETURN_IF_ERROR(CheckRange("key size", static_cast<double>(key_bytes), 5, 65'536));
  RETURN_IF_ERROR(CheckRange("value size", static_cast<double>(value_bytes), 0, 64 << 20));
  RETURN_IF_ERROR(CheckRange("count", static_cast<double>(count), 0, 1e15));
  RETURN_IF_ERROR(CheckRange("expiry", absl::ToDoubleSeconds(expiry), 0, 1e9));
  RETURN_IF_ERROR(CheckRange("warm-up", absl::ToDoubleSeconds(warmup), 0, 3600));
  return CheckRange("duration", absl::ToDoubleSeconds(duration), 0.01, 86'400);
}

double LoadResult::OperationsPerSecond() const {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  return seconds > 0 ? static_cast<double>(operations) / seconds : 0;
}

absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options) {
  RETURN_IF_ERROR(options.Check());
  ASSIGN_OR_RETURN(const Channels channels, Connect(options));
  if (options.prefill) RETURN_IF_ERROR(Prefill(options));
  const std::vector<Request> requests =
      ToBuffers(options.pipeline ? PrepareFrames(options) : PrepareUnary(options));

  const int threads = std::min(options.threads, options.connections);
  Schedule schedule;
  schedule.count = options.count > 0 ? std::max<int64_t>(1, options.count / threads) : 0;
  const absl::Duration warmup = options.count > 0 ? absl::ZeroDuration() : options.warmup;
  schedule.measure_from = Clock::now() + absl::ToChronoNanoseconds(warmup);
  schedule.measure_to = schedule.measure_from + absl::ToChronoNanoseconds(options.duration);

  std::vector<Meter> meters(threads, Meter(schedule));
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    Channels share;
    for (size_t j = i; j < channels.size(); j += threads) share.push_back(channels[j]);
    running.emplace_back([&, i, share = std::move(share)] {
      LoadOptions own = options;
      own.seed += static_cast<uint64_t>(i) * 7919;  // Threads start at different requests.
      const auto worker = options.pipeline ? MakePipelineWorker(own, share, requests)
                                           : MakeUnaryWorker(own, share, requests);
      worker->Run(&meters[i]);
    });
  }
  for (std::thread& thread : running) thread.join();
  return Collect(&meters, schedule);
}

}  // namespace kvick::bench
