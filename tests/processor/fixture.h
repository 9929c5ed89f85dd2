// A processor over a small store, whose clocks the test holds, with the commands of all families.
#ifndef KVICK_TESTS_PROCESSOR_FIXTURE_H_
#define KVICK_TESTS_PROCESSOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "kvick/v1/value.pb.h"
#include "server/commands/command_table.h"
#include "server/commands/register.h"
#include "server/processor/processor.h"
#include "server/processor/scans.h"
#include "storage/base/error.h"
#include "storage/store.h"

namespace kvick::server {

inline constexpr storage::TimeMs kStart = 1'700'000'000'000;

// A clock for timers that stands still until it is moved.
class StillClock final : public AlarmClock {
 public:
  Time Now() const override { return Time(std::chrono::nanoseconds(now_.load())); }
  void Advance(std::chrono::nanoseconds by) {
    now_ += by.count();
    Wake();
  }

 private:
  // Far ahead of the machine's: what went by that one would not come to its moment.
  std::atomic<int64_t> now_{std::chrono::nanoseconds(std::chrono::hours(24 * 365 * 100)).count()};
};

class ProcessorFixture : public testing::Test {
 protected:
  explicit ProcessorFixture(size_t max_memory_bytes = 0, ProcessorOptions options = {})
      : store_({.shards = 16,
                .max_memory_bytes = max_memory_bytes,
                .limits = {.max_key_bytes = 1024,
                           .max_value_bytes = 1 << 20,
                           .max_reply_bytes = 1 << 20},
                .clock =
                    [this] {
                      ++clock_calls_;
                      return now_.load();
                    }}),
        processor_(store_, WithClock(std::move(options))) {
    RegisterKeys(table_);
    RegisterStrings(table_);
    RegisterLists(table_);
    RegisterSets(table_);
    RegisterHashes(table_);
    RegisterScans(table_, store_);
  }

  // The command that takes this request.
  template <typename Request>
  const Command& CommandFor() const {
    for (const auto& command : table_.commands()) {
      if (command->method().input_type() == Request::descriptor()) {
        return *command;
      }
    }
    ADD_FAILURE() << "no command takes " << Request::descriptor()->full_name();
    std::abort();
  }

  // Runs a request.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Run(const Request& request) {
    Response response;
    const absl::Status status = processor_.Execute(CommandFor<Request>(), request, &response);
    if (!status.ok()) {
      return status;
    }
    return response;
  }

  // Runs a request that must succeed.
  template <typename Response, typename Request>
  Response Must(const Request& request) {
    auto response = Run<Response>(request);
    EXPECT_TRUE(response.ok()) << response.status() << "\n" << request.ShortDebugString();
    return response.value_or(Response());
  }

  // Runs a request that must be refused with this code and reason, and must change nothing.
  template <typename Response, typename Request>
  void MustRefuse(const Request& request, absl::StatusCode code, const std::string& reason);

  ProcessorOptions WithClock(ProcessorOptions options) const {
    options.clock = clock_;
    return options;
  }

  std::atomic<storage::TimeMs> now_{kStart};                                  // what expiry goes by
  const std::shared_ptr<StillClock> clock_ = std::make_shared<StillClock>();  // for ends of waits
  std::atomic<int> clock_calls_{0};  // how often the store was asked for the time
  storage::Store store_;
  Processor processor_;
  CommandTable table_;
};

inline v1::Value Text(std::string text) {
  v1::Value value;
  value.set_text(std::move(text));
  return value;
}

// Expects an error with a code and a reason.
inline void ExpectError(const absl::Status& status, absl::StatusCode code,
                        const std::string& reason) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(storage::ErrorReasonOf(status), reason) << status;
}

template <typename Response, typename Request>
void ProcessorFixture::MustRefuse(const Request& request, absl::StatusCode code,
                                  const std::string& reason) {
  const int64_t before = store_.last_version();
  ExpectError(Run<Response>(request).status(), code, reason);
  EXPECT_EQ(store_.last_version(), before) << "something changed";
}

}  // namespace kvick::server

#endif  // KVICK_TESTS_PROCESSOR_FIXTURE_H_
