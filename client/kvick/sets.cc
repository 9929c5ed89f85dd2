#include "kvick/sets.h"

#include "kvick/internal/requests.h"

namespace kvick {

using internal::Apply;
using internal::ForKey;

namespace {

template <class Request>
Request ForMembers(std::string_view key, std::vector<Value> members) {
  auto request = ForKey<Request>(key);
  for (Value& member : members) *request.add_members() = std::move(member).proto();
  return request;
}

template <class Request>
Request ForSets(v1::SetOperation operation, const std::vector<std::string>& keys) {
  Request request;
  request.set_operation(operation);
  request.mutable_keys()->Assign(keys.begin(), keys.end());
  return request;
}

}  // namespace

absl::StatusOr<v1::SetAddResponse> SetClient::Add(std::string_view key, std::vector<Value> members,
                                                  WriteOptions options) const {
  auto request = ForMembers<v1::SetAddRequest>(key, std::move(members));
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetRemoveResponse> SetClient::Remove(std::string_view key,
                                                        std::vector<Value> members,
                                                        Condition condition) const {
  auto request = ForMembers<v1::SetRemoveRequest>(key, std::move(members));
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetContainsResponse> SetClient::Contains(std::string_view key,
                                                            std::vector<Value> members) const {
  return caller_.Call(ForMembers<v1::SetContainsRequest>(key, std::move(members)));
}

absl::StatusOr<v1::SetSizeResponse> SetClient::Size(std::string_view key) const {
  return caller_.Call(ForKey<v1::SetSizeRequest>(key));
}

absl::StatusOr<v1::SetSampleResponse> SetClient::Sample(std::string_view key, int64_t count,
                                                        bool distinct) const {
  auto request = ForKey<v1::SetSampleRequest>(key);
  request.set_count(count);
  request.set_distinct(distinct);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetPopResponse> SetClient::Pop(std::string_view key, int64_t count,
                                                  Condition condition) const {
  auto request = ForKey<v1::SetPopRequest>(key);
  request.set_count(count);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetMoveResponse> SetClient::Move(std::string_view source,
                                                    std::string_view destination, Value member,
                                                    WriteOptions options) const {
  v1::SetMoveRequest request;
  request.set_source(source.data(), source.size());
  request.set_destination(destination.data(), destination.size());
  *request.mutable_member() = std::move(member).proto();
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetCombineResponse> SetClient::Combine(v1::SetOperation operation,
                                                          const std::vector<std::string>& keys,
                                                          int64_t limit) const {
  auto request = ForSets<v1::SetCombineRequest>(operation, keys);
  request.set_limit(limit);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetCombineCountResponse> SetClient::CombineCount(
    v1::SetOperation operation, const std::vector<std::string>& keys, int64_t limit) const {
  auto request = ForSets<v1::SetCombineCountRequest>(operation, keys);
  request.set_limit(limit);
  return caller_.Call(request);
}

absl::StatusOr<v1::SetCombineStoreResponse> SetClient::CombineStore(
    std::string_view destination, v1::SetOperation operation, const std::vector<std::string>& keys,
    WriteOptions options) const {
  auto request = ForSets<v1::SetCombineStoreRequest>(operation, keys);
  request.set_destination(destination.data(), destination.size());
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

SetClient::Range SetClient::Scan(std::string_view key, std::string_view glob) const {
  auto request = ForKey<v1::SetScanRequest>(key);
  request.set_glob(glob.data(), glob.size());
  return Range(caller_, std::move(request));
}

}  // namespace kvick
