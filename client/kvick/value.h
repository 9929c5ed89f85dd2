// Values, conditions and expiry as a caller writes them; each becomes the message of the API.
#ifndef KVICK_CLIENT_KVICK_VALUE_H_
#define KVICK_CLIENT_KVICK_VALUE_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "kvick/v1/value.pb.h"

namespace kvick {

// Marks bytes that are not text: `Set("key", kvick::Data{bytes})`.
struct Data {
  // The bytes, any of them.
  std::string bytes;
};

// An integer that fits into the API's int64; `bool` is left out since it is no number.
template <class T>
concept ValueInteger = std::integral<T> && !std::same_as<T, bool> &&
                       (std::signed_integral<T> || sizeof(T) < sizeof(int64_t));

// A value given to a call. Converts from text, integers, floating-point numbers, Data and the
// message itself, so that calls read `Set("name", "Ann")`, `Set("age", 30)`. Text must be UTF-8, or
// the server refuses it as `MALFORMED_REQUEST`: give other bytes as Data.
class Value {
 public:
  // Text.
  Value(const char* text) : Value(std::string_view(text)) {}
  // Text.
  Value(std::string_view text) { proto_.set_text(text.data(), text.size()); }
  // Text, without a copy when it is moved in.
  Value(std::string text) { proto_.set_text(std::move(text)); }
  // A whole number.
  template <ValueInteger T>
  Value(T integer) {
    proto_.set_integer(integer);
  }
  // A floating-point number.
  template <std::floating_point T>
  Value(T number) {
    proto_.set_number(number);
  }
  // Any bytes.
  Value(Data data) { proto_.set_data(std::move(data.bytes)); }
  // The message as it is.
  Value(v1::Value proto) : proto_(std::move(proto)) {}

  // The message.
  const v1::Value& proto() const& { return proto_; }
  // The message, moved out.
  v1::Value proto() && { return std::move(proto_); }

 private:
  v1::Value proto_;
};

// The canonical bytes of a value: what two values must share to be the same member of a set, and
// what a person wants to see. A number is written so that it reads back as the same one; an empty
// Value gives an empty string. O(length).
std::string ToString(const v1::Value& value);

// A condition for a write, or none: what IfAbsent and the like give, and `{}`.
using Condition = std::optional<v1::Precondition>;

// A condition for a write: nothing exists at the key.
v1::Precondition IfAbsent();
// A condition for a write: something exists at the key.
v1::Precondition IfPresent();
// A condition for a write: the key's last write had this version, as `Entry.version` gave it; 0:
// the key does not exist.
v1::Precondition IfVersion(int64_t version);
// A condition for a write: the key holds a string with the same canonical bytes.
v1::Precondition IfEquals(Value value);

// What every write that can create a key takes besides: when the key expires and what must hold. At
// most one of `ttl`, `expire_time` and `persist` is used, in this order; none keeps what the key
// has.
struct WriteOptions {
  // The key expires so long from now on; milliseconds count.
  std::optional<absl::Duration> ttl = std::nullopt;
  // The key expires at this moment.
  std::optional<absl::Time> expire_time = std::nullopt;
  // The key does not expire.
  bool persist = false;
  // Must hold, or nothing changes and the answer says `mutation.applied = false`.
  Condition precondition = std::nullopt;

  // True when the options say something about expiry.
  bool has_expiry() const { return persist || ttl.has_value() || expire_time.has_value(); }
  // The expiry as a message. Requires has_expiry().
  v1::Expiry expiry() const;
};

// absl::Duration as a message; what is too long for one becomes the longest, of 10,000 years.
google::protobuf::Duration ToProto(absl::Duration duration);
// absl::Time as a message; what lies outside the years 1 to 9999 becomes the first or last moment.
google::protobuf::Timestamp ToProto(absl::Time time);
// A Duration message as absl::Duration.
absl::Duration FromProto(const google::protobuf::Duration& duration);
// A Timestamp message as absl::Time.
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_VALUE_H_
