// What Get and Set cost without a transport: the command function on the engine, and the whole way
// through the processor, over 1,000,000 keys of 16 bytes with values of 64.
//
// Keys are asked for in an order that no cache foresees, as clients do.
#include <benchmark/benchmark.h>

#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/arena.h"
#include "kvick/v1/string.pb.h"
#include "server/commands/command_table.h"
#include "server/commands/register.h"
#include "server/processor/processor.h"
#include "storage/store.h"

namespace kvick::server {
namespace {

using google::protobuf::Message;

constexpr size_t kKeys = 1'000'000;
constexpr size_t kRequests = 1 << 18;  // enough that the caches hold few of their keys
constexpr size_t kValueBytes = 64;

// The database, filled once, and requests for it.
class Database {
 public:
  static Database& Get() {
    static auto* database = new Database();
    return *database;
  }

  Database() : store_({}), processor_(store_, {}) {
    RegisterStrings(table_);
    get_ = Find<v1::StringGetRequest>();
    set_ = Find<v1::StringSetRequest>();
    for (size_t i = 0; i < kKeys; ++i) {
      v1::StringSetResponse response;
      if (!processor_.Execute(*set_, SetOf(i), &response).ok()) {
        std::abort();
      }
    }
    std::mt19937_64 random(1);
    std::uniform_int_distribution<size_t> any(0, kKeys - 1);
    for (size_t i = 0; i < kRequests; ++i) {
      gets_.emplace_back().set_key(KeyOf(any(random)));
      sets_.push_back(SetOf(any(random)));
    }
  }

  // Runs `command` through the processor, the way of a call.
  template <typename Request, typename Response>
  void BenchmarkProcessor(benchmark::State& state, const Command& command,
                          const std::vector<Request>& requests) {
    Response response;
    size_t next = 0;
    for (auto _ : state) {
      response.Clear();
      const absl::Status status = processor_.Execute(command, requests[next], &response);
      if (!status.ok()) {
        state.SkipWithError("a command failed");
        break;
      }
      next = (next + 1) % kRequests;
    }
  }

  // Runs only the function, under the lock of its shard.
  template <typename Request, typename Response>
  void BenchmarkFunction(benchmark::State& state, const Command& command,
                         const std::vector<Request>& requests) {
    std::mt19937_64 random(1);
    Response response;
    size_t next = 0;
    for (auto _ : state) {
      response.Clear();
      const Request& request = requests[next];
      const storage::ShardSet shards{store_.ShardOf(request.key())};
      store_.Lock(shards);
      {
        storage::Keyspace keyspace(store_, store_.Now(), random);
        benchmark::DoNotOptimize(command.Run(&keyspace, request, &response));
      }
      store_.Unlock(shards);
      next = (next + 1) % kRequests;
    }
  }

  const Command& get() const { return *get_; }
  const Command& set() const { return *set_; }
  const std::vector<v1::StringGetRequest>& gets() const { return gets_; }
  const std::vector<v1::StringSetRequest>& sets() const { return sets_; }

 private:
  static std::string KeyOf(size_t number) { return fmt::format("key:{:012}", number); }
  static v1::StringSetRequest SetOf(size_t number) {
    v1::StringSetRequest request;
    request.set_key(KeyOf(number));
    request.mutable_value()->set_data(std::string(kValueBytes, 'v'));
    return request;
  }

  template <typename Request>
  const Command* Find() const {
    for (const auto& command : table_.commands()) {
      if (command->method().input_type() == Request::descriptor()) {
        return command.get();
      }
    }
    std::abort();
  }

  storage::Store store_;
  Processor processor_;
  CommandTable table_;
  const Command* get_ = nullptr;
  const Command* set_ = nullptr;
  std::vector<v1::StringGetRequest> gets_;
  std::vector<v1::StringSetRequest> sets_;
};

void FunctionGet(benchmark::State& state) {
  Database& database = Database::Get();
  database.BenchmarkFunction<v1::StringGetRequest, v1::StringGetResponse>(state, database.get(),
                                                                          database.gets());
}
void FunctionSet(benchmark::State& state) {
  Database& database = Database::Get();
  database.BenchmarkFunction<v1::StringSetRequest, v1::StringSetResponse>(state, database.set(),
                                                                          database.sets());
}
void ProcessorGet(benchmark::State& state) {
  Database& database = Database::Get();
  database.BenchmarkProcessor<v1::StringGetRequest, v1::StringGetResponse>(state, database.get(),
                                                                           database.gets());
}
void ProcessorSet(benchmark::State& state) {
  Database& database = Database::Get();
  database.BenchmarkProcessor<v1::StringSetRequest, v1::StringSetResponse>(state, database.set(),
                                                                           database.sets());
}

BENCHMARK(FunctionGet);
BENCHMARK(FunctionSet);
BENCHMARK(ProcessorGet);
BENCHMARK(ProcessorSet);

}  // namespace
}  // namespace kvick::server

BENCHMARK_MAIN();
