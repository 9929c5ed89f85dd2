#include "kvick/strings.h"

#include "kvick/internal/requests.h"

namespace kvick {

using internal::Apply;
using internal::ForKey;

namespace {

v1::StringSetRequest SetRequest(std::string_view key, Value value, WriteOptions options) {
  auto request = ForKey<v1::StringSetRequest>(key);
  *request.mutable_value() = std::move(value).proto();
  Apply(std::move(options), &request);
  return request;
}

}  // namespace

absl::StatusOr<v1::StringGetResponse> StringClient::Get(std::string_view key) const {
  return caller_.Call(ForKey<v1::StringGetRequest>(key));
}

absl::StatusOr<v1::StringSetResponse> StringClient::Set(std::string_view key, Value value,
                                                        WriteOptions options) const {
  return caller_.Call(SetRequest(key, std::move(value), std::move(options)));
}

absl::StatusOr<v1::StringSetResponse> StringClient::Exchange(std::string_view key, Value value,
                                                             WriteOptions options) const {
  auto request = SetRequest(key, std::move(value), std::move(options));
  request.set_return_previous(true);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringGetAndDeleteResponse> StringClient::GetAndDelete(
    std::string_view key, Condition condition) const {
  auto request = ForKey<v1::StringGetAndDeleteRequest>(key);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringGetAndExpireResponse> StringClient::GetAndExpire(
    std::string_view key, WriteOptions options) const {
  auto request = ForKey<v1::StringGetAndExpireRequest>(key);
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringAppendResponse> StringClient::Append(std::string_view key, Value value,
                                                              WriteOptions options) const {
  auto request = ForKey<v1::StringAppendRequest>(key);
  *request.mutable_value() = std::move(value).proto();
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringLengthResponse> StringClient::Length(std::string_view key) const {
  return caller_.Call(ForKey<v1::StringLengthRequest>(key));
}

absl::StatusOr<v1::StringGetRangeResponse> StringClient::GetRange(std::string_view key,
                                                                  int64_t start,
                                                                  int64_t end) const {
  auto request = ForKey<v1::StringGetRangeRequest>(key);
  request.set_start(start);
  request.set_end(end);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringSetRangeResponse> StringClient::SetRange(std::string_view key,
                                                                  int64_t offset, Value value,
                                                                  WriteOptions options) const {
  auto request = ForKey<v1::StringSetRangeRequest>(key);
  request.set_offset(offset);
  *request.mutable_value() = std::move(value).proto();
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringIncrementResponse> StringClient::Increment(
    std::string_view key, int64_t delta, IncrementOptions options) const {
  auto request = ForKey<v1::StringIncrementRequest>(key);
  request.set_delta(delta);
  if (options.minimum.has_value()) request.set_minimum(*options.minimum);
  if (options.maximum.has_value()) request.set_maximum(*options.maximum);
  request.set_saturate(options.saturate);
  if (options.initial_ttl.has_value()) {
    *request.mutable_initial_expiry()->mutable_ttl() = ToProto(*options.initial_ttl);
  }
  Apply(std::move(options.write), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringIncrementNumberResponse> StringClient::IncrementNumber(
    std::string_view key, double delta, WriteOptions options) const {
  auto request = ForKey<v1::StringIncrementNumberRequest>(key);
  request.set_delta(delta);
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::StringBatchGetResponse> StringClient::BatchGet(
    const std::vector<std::string>& keys) const {
  v1::StringBatchGetRequest request;
  request.mutable_keys()->Assign(keys.begin(), keys.end());
  return caller_.Call(request);
}

absl::StatusOr<v1::StringBatchSetResponse> StringClient::BatchSet(
    std::vector<std::pair<std::string, Value>> items, WriteOptions options) const {
  v1::StringBatchSetRequest request;
  for (auto& [key, value] : items) {
    v1::StringBatchSetItem* item = request.add_items();
    item->set_key(std::move(key));
    *item->mutable_value() = std::move(value).proto();
  }
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

}  // namespace kvick
