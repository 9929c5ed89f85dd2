#include "kvick/hashes.h"

#include "kvick/internal/requests.h"

namespace kvick {

using internal::Apply;
using internal::ForKey;

namespace {

template <class Request>
Request ForFields(std::string_view key, const std::vector<std::string>& fields) {
  auto request = ForKey<Request>(key);
  request.mutable_fields()->Assign(fields.begin(), fields.end());
  return request;
}

}  // namespace

absl::StatusOr<v1::HashSetResponse> HashClient::Set(std::string_view key, Fields fields,
                                                    WriteOptions options,
                                                    v1::FieldCondition condition) const {
  auto request = ForKey<v1::HashSetRequest>(key);
  for (auto& [field, value] : fields) {
    (*request.mutable_fields())[field] = std::move(value).proto();
  }
  request.set_field_condition(condition);
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::HashGetResponse> HashClient::Get(std::string_view key,
                                                    const std::vector<std::string>& fields) const {
  return caller_.Call(ForFields<v1::HashGetRequest>(key, fields));
}

absl::StatusOr<v1::HashGetAllResponse> HashClient::GetAll(std::string_view key,
                                                          int64_t max_bytes) const {
  auto request = ForKey<v1::HashGetAllRequest>(key);
  request.set_max_bytes(max_bytes);
  return caller_.Call(request);
}

absl::StatusOr<v1::HashDeleteResponse> HashClient::Delete(std::string_view key,
                                                          const std::vector<std::string>& fields,
                                                          Condition condition) const {
  auto request = ForFields<v1::HashDeleteRequest>(key, fields);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::HashExistsResponse> HashClient::Exists(
    std::string_view key, const std::vector<std::string>& fields) const {
  return caller_.Call(ForFields<v1::HashExistsRequest>(key, fields));
}

absl::StatusOr<v1::HashLengthResponse> HashClient::Length(std::string_view key) const {
  return caller_.Call(ForKey<v1::HashLengthRequest>(key));
}

absl::StatusOr<v1::HashIncrementResponse> HashClient::Increment(std::string_view key,
                                                                std::string_view field,
                                                                int64_t delta,
                                                                IncrementOptions options) const {
  auto request = ForKey<v1::HashIncrementRequest>(key);
  request.set_field(field.data(), field.size());
  request.set_delta(delta);
  if (options.minimum.has_value()) request.set_minimum(*options.minimum);
  if (options.maximum.has_value()) request.set_maximum(*options.maximum);
  request.set_saturate(options.saturate);
  Apply(std::move(options.write), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::HashIncrementNumberResponse> HashClient::IncrementNumber(
    std::string_view key, std::string_view field, double delta, WriteOptions options) const {
  auto request = ForKey<v1::HashIncrementNumberRequest>(key);
  request.set_field(field.data(), field.size());
  request.set_delta(delta);
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::HashSampleResponse> HashClient::Sample(std::string_view key, int64_t count,
                                                          bool distinct, bool with_values) const {
  auto request = ForKey<v1::HashSampleRequest>(key);
  request.set_count(count);
  request.set_distinct(distinct);
  request.set_with_values(with_values);
  return caller_.Call(request);
}

HashClient::Range HashClient::Scan(std::string_view key, std::string_view glob) const {
  auto request = ForKey<v1::HashScanRequest>(key);
  request.set_glob(glob.data(), glob.size());
  return Range(caller_, std::move(request));
}

}  // namespace kvick
