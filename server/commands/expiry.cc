#include "server/commands/expiry.h"

#include <algorithm>

#include "storage/base/error.h"

namespace kvick::server {
namespace {

constexpr int64_t kMillisecondsPerSecond = 1000;
constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr int64_t kSecondsMax = storage::kExpiryMax / kMillisecondsPerSecond;

absl::Status Invalid(std::string_view message) {
  return storage::InvalidArgument("EXPIRY_INVALID", message);
}

}  // namespace

absl::StatusOr<std::optional<storage::TimeMs>> ResolveExpiry(const v1::Expiry& expiry,
                                                             storage::TimeMs now) {
  switch (expiry.when_case()) {
    case v1::Expiry::kTtl: {
      const auto& ttl = expiry.ttl();
      if (ttl.seconds() < 0 || ttl.nanos() < 0 || ttl.nanos() > 999'999'999 ||
          (ttl.seconds() == 0 && ttl.nanos() == 0)) {
        return Invalid("The field expiry.ttl must be more than 0.");
      }
      if (ttl.seconds() > kSecondsMax) {
        return Invalid("The field expiry.ttl is beyond what can be kept: use expiry.persist.");
      }
      const int64_t milliseconds =
          ttl.seconds() * kMillisecondsPerSecond + ttl.nanos() / kNanosecondsPerMillisecond;
      const int64_t due = now + std::max<int64_t>(milliseconds, 1);
      if (due > storage::kExpiryMax) {
        return Invalid("The field expiry.ttl is beyond what can be kept: use expiry.persist.");
      }
      return due;
    }
    case v1::Expiry::kExpireTime: {
      const auto& time = expiry.expire_time();
      if (time.nanos() < 0 || time.nanos() > 999'999'999) {
        return Invalid("The field expiry.expire_time is not a valid Timestamp.");
      }
      if (time.seconds() >= kSecondsMax) {
        return Invalid(
            "The field expiry.expire_time is beyond what can be kept: use expiry.persist.");
      }
      // Moments before 1970 are in the past like any other.
      return time.seconds() < 0 ? 0
                                : time.seconds() * kMillisecondsPerSecond +
                                      time.nanos() / kNanosecondsPerMillisecond;
    }
    case v1::Expiry::kPersist:
      if (!expiry.persist()) {
        return Invalid(
            "The field expiry.persist is false: leave expiry out to keep what is there.");
      }
      return std::nullopt;
    case v1::Expiry::WHEN_NOT_SET:
      break;
  }
  return Invalid("The field expiry says nothing: set one of ttl, expire_time and persist.");
}

}  // namespace kvick::server
