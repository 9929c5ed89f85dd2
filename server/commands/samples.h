// Drawing and taking elements: what sets and hashes share.
#ifndef KVICK_SERVER_COMMANDS_SAMPLES_H_
#define KVICK_SERVER_COMMANDS_SAMPLES_H_

#include <cstddef>
#include <cstdint>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/commands/values.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {

// Elements that a sample with repetitions may ask for.
inline constexpr int64_t kSampleCountMax = 1'000'000;

// The field count of a Pop: 1 when it is unset, not negative.
template <typename Request>
absl::StatusOr<size_t> PopCount(const Request& request) {
  const int64_t count = request.has_count() ? request.count() : 1;
  if (count < 0) {
    return storage::InvalidArgument("ARGUMENT_OUT_OF_RANGE",
                                    "The field count must not be negative.");
  }
  return static_cast<size_t>(count);
}

// The field count of a Sample: as PopCount, and bounded unless it is distinct.
template <typename Request>
absl::StatusOr<size_t> SampleCount(const Request& request) {
  if (!request.distinct() && request.has_count() && request.count() > kSampleCountMax) {
    return storage::InvalidArgument(
        "ARGUMENT_OUT_OF_RANGE",
        "The field count must not be above 1,000,000 when distinct is false.");
  }
  return PopCount(request);
}

// Counts the bytes of an answer against max_reply_bytes.
class ReplyBudget {
 public:
  explicit ReplyBudget(const storage::Limits& limits) : limits_(limits) {}
  // REPLY_TOO_LARGE when the answer has grown beyond the limit.
  absl::Status Take(size_t bytes) {
    constexpr size_t kFramingBytes = 4;  // about what Protobuf adds
    taken_ += bytes + kFramingBytes;
    return taken_ > limits_.max_reply_bytes ? ReplyTooLarge(limits_) : absl::OkStatus();
  }

 private:
  const storage::Limits& limits_;
  size_t taken_ = 0;
};

// Draws elements from a dictionary, which is not empty, and gives each to `answer`, which may
// refuse.
template <typename Dictionary, typename Answer>
absl::Status Sample(const Dictionary& dictionary, size_t count, bool distinct,
                    absl::BitGenRef random, Answer&& answer) {
  if (distinct) {
    for (const auto& element : dictionary.SampleDistinct(count, random)) {
      RETURN_IF_ERROR(answer(element));
    }
    return absl::OkStatus();
  }
  for (size_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(answer(dictionary.Sample(random)));
  }
  return absl::OkStatus();
}

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_SAMPLES_H_
