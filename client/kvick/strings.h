// StringService as a typed client.
#ifndef KVICK_CLIENT_KVICK_STRINGS_H_
#define KVICK_CLIENT_KVICK_STRINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvick/caller.h"

namespace kvick {

// What StringClient::Increment takes besides WriteOptions.
struct IncrementOptions {
  // The result must not be below this.
  std::optional<int64_t> minimum = std::nullopt;
  // The result must not be above this.
  std::optional<int64_t> maximum = std::nullopt;
  // A result outside the bounds stops at the bound instead of failing with `OVERFLOW`.
  bool saturate = false;
  // How long the key lives when this call creates it.
  std::optional<absl::Duration> initial_ttl = std::nullopt;
  // Expiry and precondition.
  WriteOptions write = {};
};

// Calls on keys that hold one value; what each does, answers and costs is said at the method of the
// same name in kvick/v1/string.proto. Thread safe, cheap to copy.
class StringClient {
 public:
  // Made by Client::Strings.
  explicit StringClient(Caller caller) : caller_(std::move(caller)) {}

  // The value of a key; `entry` is unset when there is none.
  absl::StatusOr<v1::StringGetResponse> Get(std::string_view key) const;
  // Sets a value, with `.ttl`, `.precondition` and the like.
  absl::StatusOr<v1::StringSetResponse> Set(std::string_view key, Value value,
                                            WriteOptions options = {}) const;
  // Sets a value and answers what was there in `previous`, which must have been a string.
  absl::StatusOr<v1::StringSetResponse> Exchange(std::string_view key, Value value,
                                                 WriteOptions options = {}) const;
  // Answers the value and deletes the key.
  absl::StatusOr<v1::StringGetAndDeleteResponse> GetAndDelete(std::string_view key,
                                                              Condition condition = {}) const;
  // Answers the value and changes its expiry, which `options` must name.
  absl::StatusOr<v1::StringGetAndExpireResponse> GetAndExpire(std::string_view key,
                                                              WriteOptions options) const;
  // Appends to the value.
  absl::StatusOr<v1::StringAppendResponse> Append(std::string_view key, Value value,
                                                  WriteOptions options = {}) const;
  // The length of the value in bytes.
  absl::StatusOr<v1::StringLengthResponse> Length(std::string_view key) const;
  // The bytes from `start` to `end`, both included; negative ones count from the end.
  absl::StatusOr<v1::StringGetRangeResponse> GetRange(std::string_view key, int64_t start,
                                                      int64_t end) const;
  // Overwrites the bytes from `offset` on.
  absl::StatusOr<v1::StringSetRangeResponse> SetRange(std::string_view key, int64_t offset,
                                                      Value value, WriteOptions options = {}) const;
  // Adds to a whole number.
  absl::StatusOr<v1::StringIncrementResponse> Increment(std::string_view key, int64_t delta = 1,
                                                        IncrementOptions options = {}) const;
  // Adds to a floating-point number.
  absl::StatusOr<v1::StringIncrementNumberResponse> IncrementNumber(
      std::string_view key, double delta, WriteOptions options = {}) const;
  // The values of several keys, read at one moment.
  absl::StatusOr<v1::StringBatchGetResponse> BatchGet(const std::vector<std::string>& keys) const;
  // Sets several keys at one moment; the options hold for all of them.
  absl::StatusOr<v1::StringBatchSetResponse> BatchSet(
      std::vector<std::pair<std::string, Value>> items, WriteOptions options = {}) const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_STRINGS_H_
