// SetService as a typed client.
#ifndef KVICK_CLIENT_KVICK_SETS_H_
#define KVICK_CLIENT_KVICK_SETS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvick/caller.h"
#include "kvick/scan.h"

namespace kvick {

// Calls on keys that hold a set; what each does, answers and costs is said at the method of the
// same name in kvick/v1/set.proto. Thread safe, cheap to copy.
class SetClient {
 public:
  // The members of a scan, one by one.
  using Range = ScanRange<v1::SetScanRequest, v1::Value>;

  // Made by Client::Sets.
  explicit SetClient(Caller caller) : caller_(std::move(caller)) {}

  // Adds members.
  absl::StatusOr<v1::SetAddResponse> Add(std::string_view key, std::vector<Value> members,
                                         WriteOptions options = {}) const;
  // Removes members.
  absl::StatusOr<v1::SetRemoveResponse> Remove(std::string_view key, std::vector<Value> members,
                                               Condition condition = {}) const;
  // Which of the values are members.
  absl::StatusOr<v1::SetContainsResponse> Contains(std::string_view key,
                                                   std::vector<Value> members) const;
  // The number of members.
  absl::StatusOr<v1::SetSizeResponse> Size(std::string_view key) const;
  // Members by chance, each at most once when `distinct`.
  absl::StatusOr<v1::SetSampleResponse> Sample(std::string_view key, int64_t count = 1,
                                               bool distinct = true) const;
  // Takes members by chance.
  absl::StatusOr<v1::SetPopResponse> Pop(std::string_view key, int64_t count = 1,
                                         Condition condition = {}) const;
  // Moves a member from one set to another.
  absl::StatusOr<v1::SetMoveResponse> Move(std::string_view source, std::string_view destination,
                                           Value member, WriteOptions options = {}) const;
  // The intersection, union or difference of sets; at most `limit` members, 0: all.
  absl::StatusOr<v1::SetCombineResponse> Combine(v1::SetOperation operation,
                                                 const std::vector<std::string>& keys,
                                                 int64_t limit = 0) const;
  // How many members the combination has, counting up to `limit`, 0: all.
  absl::StatusOr<v1::SetCombineCountResponse> CombineCount(v1::SetOperation operation,
                                                           const std::vector<std::string>& keys,
                                                           int64_t limit = 0) const;
  // Stores the combination at `destination`.
  absl::StatusOr<v1::SetCombineStoreResponse> CombineStore(std::string_view destination,
                                                           v1::SetOperation operation,
                                                           const std::vector<std::string>& keys,
                                                           WriteOptions options = {}) const;
  // The members that match a pattern (empty: all), read while the range is walked.
  Range Scan(std::string_view key, std::string_view glob = "") const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_SETS_H_
