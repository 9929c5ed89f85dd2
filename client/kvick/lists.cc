#include "kvick/lists.h"

#include "kvick/internal/requests.h"

namespace kvick {

using internal::Apply;
using internal::ForKey;

absl::StatusOr<v1::ListPushResponse> ListClient::Push(std::string_view key,
                                                      std::vector<Value> values,
                                                      WriteOptions options) const {
  return Push(key, v1::SIDE_RIGHT, std::move(values), std::move(options));
}

absl::StatusOr<v1::ListPushResponse> ListClient::Push(std::string_view key, v1::Side side,
                                                      std::vector<Value> values,
                                                      WriteOptions options) const {
  auto request = ForKey<v1::ListPushRequest>(key);
  request.set_side(side);
  for (Value& value : values) *request.add_values() = std::move(value).proto();
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListPopResponse> ListClient::Pop(std::string_view key, v1::Side side,
                                                    int64_t count, Condition condition) const {
  auto request = ForKey<v1::ListPopRequest>(key);
  request.set_side(side);
  request.set_count(count);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListPopAnyResponse> ListClient::PopAny(const std::vector<std::string>& keys,
                                                          v1::Side side, absl::Duration max_wait,
                                                          int64_t count) const {
  v1::ListPopAnyRequest request;
  request.mutable_keys()->Assign(keys.begin(), keys.end());
  request.set_side(side);
  request.set_count(count);
  if (max_wait > absl::ZeroDuration()) *request.mutable_max_wait() = ToProto(max_wait);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListRangeResponse> ListClient::Range(std::string_view key, int64_t start,
                                                        int64_t stop) const {
  auto request = ForKey<v1::ListRangeRequest>(key);
  request.set_start(start);
  request.set_stop(stop);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListGetAtResponse> ListClient::GetAt(std::string_view key, int64_t index) const {
  auto request = ForKey<v1::ListGetAtRequest>(key);
  request.set_index(index);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListSetAtResponse> ListClient::SetAt(std::string_view key, int64_t index,
                                                        Value value, Condition condition) const {
  auto request = ForKey<v1::ListSetAtRequest>(key);
  request.set_index(index);
  *request.mutable_value() = std::move(value).proto();
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListInsertResponse> ListClient::Insert(std::string_view key,
                                                          v1::InsertPosition position, Value pivot,
                                                          Value value, Condition condition) const {
  auto request = ForKey<v1::ListInsertRequest>(key);
  request.set_position(position);
  *request.mutable_pivot() = std::move(pivot).proto();
  *request.mutable_value() = std::move(value).proto();
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListRemoveResponse> ListClient::Remove(std::string_view key, Value value,
                                                          int64_t count,
                                                          Condition condition) const {
  auto request = ForKey<v1::ListRemoveRequest>(key);
  *request.mutable_value() = std::move(value).proto();
  request.set_count(count);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListTrimResponse> ListClient::Trim(std::string_view key, int64_t start,
                                                      int64_t stop, Condition condition) const {
  auto request = ForKey<v1::ListTrimRequest>(key);
  request.set_start(start);
  request.set_stop(stop);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListLengthResponse> ListClient::Length(std::string_view key) const {
  return caller_.Call(ForKey<v1::ListLengthRequest>(key));
}

absl::StatusOr<v1::ListFindResponse> ListClient::Find(std::string_view key, Value value,
                                                      FindOptions options) const {
  auto request = ForKey<v1::ListFindRequest>(key);
  *request.mutable_value() = std::move(value).proto();
  request.set_rank(options.rank);
  request.set_count(options.count);
  request.set_max_length(options.max_length);
  return caller_.Call(request);
}

absl::StatusOr<v1::ListMoveResponse> ListClient::Move(std::string_view source,
                                                      std::string_view destination,
                                                      v1::Side from_side, v1::Side to_side,
                                                      absl::Duration max_wait,
                                                      WriteOptions options) const {
  v1::ListMoveRequest request;
  request.set_source(source.data(), source.size());
  request.set_destination(destination.data(), destination.size());
  request.set_from_side(from_side);
  request.set_to_side(to_side);
  if (max_wait > absl::ZeroDuration()) *request.mutable_max_wait() = ToProto(max_wait);
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

}  // namespace kvick
