#include "kvick/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace kvick {
namespace {

std::string NumberToString(double number) {
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 32> buffer;
  // As the server has it: -0 is 0, and there is no exponent from 1e-6 to 1e21.
  const double shown = number == 0 ? 0 : number;
  const double size = std::abs(number);
  const bool plain = number == 0 || (size >= 1e-6 && size < 1e21);
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), shown,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(buffer.data(), result.ptr);
}

}  // namespace

std::string ToString(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kText:
      return value.text();
    case v1::Value::kData:
      return value.data();
    case v1::Value::kInteger:
      return std::to_string(value.integer());
    case v1::Value::kNumber:
      return NumberToString(value.number());
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "";
}

v1::Precondition IfAbsent() {
  v1::Precondition precondition;
  precondition.set_absent(true);
  return precondition;
}

v1::Precondition IfPresent() {
  v1::Precondition precondition;
  precondition.set_present(true);
  return precondition;
}

v1::Precondition IfVersion(int64_t version) {
  v1::Precondition precondition;
  precondition.set_version(version);
  return precondition;
}

v1::Precondition IfEquals(Value value) {
  v1::Precondition precondition;
  *precondition.mutable_value_equals() = std::move(value).proto();
  return precondition;
}

v1::Expiry WriteOptions::expiry() const {
  v1::Expiry expiry;
  if (ttl.has_value()) {
    *expiry.mutable_ttl() = ToProto(*ttl);
  } else if (expire_time.has_value()) {
    *expiry.mutable_expire_time() = ToProto(*expire_time);
  } else {
    expiry.set_persist(persist);
  }
  return expiry;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  constexpr absl::Duration kMost = absl::Seconds(315'576'000'000);
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(
      absl::IDivDuration(std::clamp(duration, -kMost, kMost), absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  constexpr absl::Time kFirst = absl::FromUnixSeconds(-62'135'596'800);  // Year 1.
  const absl::Time kLast =
      absl::FromUnixSeconds(253'402'300'800) - absl::Nanoseconds(1);  // Year 9999.
  time = std::clamp(time, kFirst, kLast);
  google::protobuf::Timestamp proto;
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return proto;
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace kvick
