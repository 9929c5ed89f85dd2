// ListService as a typed client.
#ifndef KVICK_CLIENT_KVICK_LISTS_H_
#define KVICK_CLIENT_KVICK_LISTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvick/caller.h"

namespace kvick {

// What ListClient::Find takes besides.
struct FindOptions {
  // Start with this match; -1: the first from the right.
  int64_t rank = 1;
  // At most this many matches; 0: all.
  int64_t count = 1;
  // Compare at most this many values; 0: all.
  int64_t max_length = 0;
};

// Calls on keys that hold a list; what each does, answers and costs is said at the method of the
// same name in kvick/v1/list.proto. Thread safe, cheap to copy.
class ListClient {
 public:
  // Made by Client::Lists.
  explicit ListClient(Caller caller) : caller_(std::move(caller)) {}

  // Adds values at the right end.
  absl::StatusOr<v1::ListPushResponse> Push(std::string_view key, std::vector<Value> values,
                                            WriteOptions options = {}) const;
  // Adds values at one end, one after the other.
  absl::StatusOr<v1::ListPushResponse> Push(std::string_view key, v1::Side side,
                                            std::vector<Value> values,
                                            WriteOptions options = {}) const;
  // Takes up to `count` values from one end.
  absl::StatusOr<v1::ListPopResponse> Pop(std::string_view key, v1::Side side, int64_t count = 1,
                                          Condition condition = {}) const;
  // Takes up to `count` values from the first of the lists that has any, waiting up to `max_wait`.
  absl::StatusOr<v1::ListPopAnyResponse> PopAny(const std::vector<std::string>& keys, v1::Side side,
                                                absl::Duration max_wait = absl::ZeroDuration(),
                                                int64_t count = 1) const;
  // The values from index `start` to `stop`, both included; negative ones count from the right.
  absl::StatusOr<v1::ListRangeResponse> Range(std::string_view key, int64_t start = 0,
                                              int64_t stop = -1) const;
  // The value at an index.
  absl::StatusOr<v1::ListGetAtResponse> GetAt(std::string_view key, int64_t index) const;
  // Replaces the value at an index.
  absl::StatusOr<v1::ListSetAtResponse> SetAt(std::string_view key, int64_t index, Value value,
                                              Condition condition = {}) const;
  // Inserts a value beside the first one that equals `pivot`.
  absl::StatusOr<v1::ListInsertResponse> Insert(std::string_view key, v1::InsertPosition position,
                                                Value pivot, Value value,
                                                Condition condition = {}) const;
  // Removes values that equal a given one: `count` from the left, negative from the right, 0 all.
  absl::StatusOr<v1::ListRemoveResponse> Remove(std::string_view key, Value value,
                                                int64_t count = 0, Condition condition = {}) const;
  // Keeps the values from index `start` to `stop`, both included.
  absl::StatusOr<v1::ListTrimResponse> Trim(std::string_view key, int64_t start, int64_t stop,
                                            Condition condition = {}) const;
  // The number of values.
  absl::StatusOr<v1::ListLengthResponse> Length(std::string_view key) const;
  // The indexes of values that equal a given one.
  absl::StatusOr<v1::ListFindResponse> Find(std::string_view key, Value value,
                                            FindOptions options = {}) const;
  // Takes a value from one end of a list and adds it at an end of another, waiting up to
  // `max_wait`.
  absl::StatusOr<v1::ListMoveResponse> Move(std::string_view source, std::string_view destination,
                                            v1::Side from_side, v1::Side to_side,
                                            absl::Duration max_wait = absl::ZeroDuration(),
                                            WriteOptions options = {}) const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_LISTS_H_
