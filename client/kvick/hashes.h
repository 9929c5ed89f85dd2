// HashService as a typed client.
#ifndef KVICK_CLIENT_KVICK_HASHES_H_
#define KVICK_CLIENT_KVICK_HASHES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvick/caller.h"
#include "kvick/scan.h"
#include "kvick/strings.h"

namespace kvick {

// Calls on keys that hold a hash; what each does, answers and costs is said at the method of the
// same name in kvick/v1/hash.proto. Thread safe, cheap to copy.
class HashClient {
 public:
  // The fields of a scan, one by one.
  using Range = ScanRange<v1::HashScanRequest, v1::HashField>;
  // Fields with their values.
  using Fields = std::vector<std::pair<std::string, Value>>;

  // Made by Client::Hashes.
  explicit HashClient(Caller caller) : caller_(std::move(caller)) {}

  // Sets fields, all or none. Of a field that is named twice the last value stays.
  absl::StatusOr<v1::HashSetResponse> Set(
      std::string_view key, Fields fields, WriteOptions options = {},
      v1::FieldCondition condition = v1::FIELD_CONDITION_ALWAYS) const;
  // The values of fields, in their order.
  absl::StatusOr<v1::HashGetResponse> Get(std::string_view key,
                                          const std::vector<std::string>& fields) const;
  // All fields; more than `max_bytes` of them (0: the server's limit) is `REPLY_TOO_LARGE`.
  absl::StatusOr<v1::HashGetAllResponse> GetAll(std::string_view key, int64_t max_bytes = 0) const;
  // Deletes fields.
  absl::StatusOr<v1::HashDeleteResponse> Delete(std::string_view key,
                                                const std::vector<std::string>& fields,
                                                Condition condition = {}) const;
  // Which of the fields exist.
  absl::StatusOr<v1::HashExistsResponse> Exists(std::string_view key,
                                                const std::vector<std::string>& fields) const;
  // The number of fields.
  absl::StatusOr<v1::HashLengthResponse> Length(std::string_view key) const;
  // Adds to a field that is a whole number. `initial_ttl` is not for hashes and is ignored.
  absl::StatusOr<v1::HashIncrementResponse> Increment(std::string_view key, std::string_view field,
                                                      int64_t delta = 1,
                                                      IncrementOptions options = {}) const;
  // Adds to a field that is a floating-point number.
  absl::StatusOr<v1::HashIncrementNumberResponse> IncrementNumber(std::string_view key,
                                                                  std::string_view field,
                                                                  double delta,
                                                                  WriteOptions options = {}) const;
  // Fields by chance, each at most once when `distinct`.
  absl::StatusOr<v1::HashSampleResponse> Sample(std::string_view key, int64_t count = 1,
                                                bool distinct = true,
                                                bool with_values = false) const;
  // The fields that match a pattern (empty: all), read while the range is walked.
  Range Scan(std::string_view key, std::string_view glob = "") const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_HASHES_H_
