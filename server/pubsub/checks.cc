#include "server/pubsub/checks.h"

#include <cmath>

#include "fmt/format.h"
#include "storage/base/error.h"
#include "storage/base/glob.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

using storage::InvalidArgument;

constexpr int kAttributesMax = 64;
constexpr int kNamesMax = 10'000;
constexpr int64_t kBufferBytesMin = 1024;
constexpr int64_t kListLimitMax = 10'000;

absl::Status TooLong(const char* what, size_t limit) {
  return InvalidArgument("KEY_TOO_LONG",
                         fmt::format("{} is over {} bytes: use a shorter one.", what, limit),
                         {{"limit_bytes", std::to_string(limit)}});
}

absl::Status CheckPayload(const v1::Value& payload, const PubSubOptions& options) {
  if (payload.kind_case() == v1::Value::KIND_NOT_SET) {
    return InvalidArgument("VALUE_MISSING",
                           "The field payload has no kind: set one of text, data, integer and "
                           "number.");
  }
  if (payload.has_number() && std::isnan(payload.number())) {
    return InvalidArgument("NOT_A_NUMBER", "The payload is NaN: send a number, or text.");
  }
  const size_t bytes = payload.has_text() ? payload.text().size() : payload.data().size();
  if (bytes > options.max_value_bytes) {
    return storage::MakeError(
        absl::StatusCode::kResourceExhausted, "VALUE_TOO_LARGE",
        fmt::format("A payload of {} bytes is over the limit of {}: split it.", bytes,
                    options.max_value_bytes),
        {{"limit_bytes", std::to_string(options.max_value_bytes)}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckChannel(const std::string& channel, const PubSubOptions& options) {
  if (channel.empty()) {
    return InvalidArgument("KEY_EMPTY", "A channel's name is empty: give it at least one byte.");
  }
  return channel.size() > options.max_key_bytes ? TooLong("A channel's name", options.max_key_bytes)
                                                : absl::OkStatus();
}

absl::Status CheckPublish(const v1::PubSubPublishRequest& request, const PubSubOptions& options) {
  RETURN_IF_ERROR(CheckChannel(request.channel(), options));
  RETURN_IF_ERROR(CheckPayload(request.payload(), options));
  if (request.attributes_size() > kAttributesMax) {
    return InvalidArgument("TOO_MANY_ITEMS", "A message has more than 64 attributes.");
  }
  for (const auto& [name, value] : request.attributes()) {
    if (name.size() > options.max_key_bytes || value.size() > options.max_key_bytes) {
      return TooLong("An attribute's name or value", options.max_key_bytes);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSubscribe(const v1::PubSubSubscribeRequest& request,
                            const PubSubOptions& options) {
  const int names = request.channels_size() + request.patterns_size();
  if (names == 0) {
    return InvalidArgument("KEY_EMPTY", "The request names no channel and no pattern: name one.");
  }
  if (names > kNamesMax) {
    return InvalidArgument("TOO_MANY_ITEMS",
                           "A subscription has more than 10,000 channels and patterns: split it.");
  }
  size_t name_bytes = 0;
  for (const std::string& channel : request.channels()) {
    RETURN_IF_ERROR(CheckChannel(channel, options));
    name_bytes += channel.size();
  }
  for (const std::string& pattern : request.patterns()) {
    name_bytes += pattern.size();
    if (pattern.empty()) {
      return InvalidArgument("KEY_EMPTY", "A pattern is empty: \"*\" matches every channel.");
    }
    RETURN_IF_ERROR(storage::CheckGlob(pattern));
  }
  if (name_bytes > options.max_subscription_names_bytes) {
    return InvalidArgument(
        "TOO_MANY_ITEMS",
        fmt::format("The channels and patterns of a subscription have {} bytes, over the limit of "
                    "{}: split it.",
                    name_bytes, options.max_subscription_names_bytes),
        {{"limit_bytes", std::to_string(options.max_subscription_names_bytes)}});
  }
  if (!v1::Overflow_IsValid(request.overflow())) {
    return InvalidArgument("UNKNOWN_ENUM_VALUE",
                           "The field overflow has a value that this server does not know.");
  }
  const int64_t bytes = request.max_buffered_bytes();
  if (bytes != 0 && (bytes < kBufferBytesMin || bytes > options.max_subscriber_bytes)) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE",
                           fmt::format("The field max_buffered_bytes must be from {} to {}, or 0.",
                                       kBufferBytesMin, options.max_subscriber_bytes));
  }
  return absl::OkStatus();
}

absl::Status CheckListChannels(const v1::PubSubListChannelsRequest& request) {
  if (request.limit() < 0 || request.limit() > kListLimitMax) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE", "The field limit must be from 0 to 10,000.");
  }
  return storage::CheckGlob(request.glob());
}

}  // namespace kvick::server
