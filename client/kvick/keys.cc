#include "kvick/keys.h"

#include "kvick/internal/requests.h"
#include "storage/base/status_macros.h"

namespace kvick {

using internal::Apply;
using internal::ForKey;

namespace {

template <class Request>
Request ForKeys(const std::vector<std::string>& keys) {
  Request request;
  request.mutable_keys()->Assign(keys.begin(), keys.end());
  return request;
}

v1::Selector ToSelector(const ScanOptions& options) {
  v1::Selector selector;
  if (options.prefix.has_value()) {
    selector.set_prefix(*options.prefix);
  } else if (options.glob.has_value()) {
    selector.set_glob(*options.glob);
  } else {
    selector.set_all(true);
  }
  return selector;
}

}  // namespace

absl::StatusOr<v1::KeyExistsResponse> KeyClient::Exists(
    const std::vector<std::string>& keys) const {
  return caller_.Call(ForKeys<v1::KeyExistsRequest>(keys));
}

absl::StatusOr<v1::KeyDeleteResponse> KeyClient::Delete(const std::vector<std::string>& keys,
                                                        Condition condition) const {
  auto request = ForKeys<v1::KeyDeleteRequest>(keys);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::KeyDescribeResponse> KeyClient::Describe(std::string_view key) const {
  return caller_.Call(ForKey<v1::KeyDescribeRequest>(key));
}

absl::StatusOr<v1::KeyExpireResponse> KeyClient::Expire(std::string_view key, WriteOptions options,
                                                        v1::ExpireCondition condition) const {
  auto request = ForKey<v1::KeyExpireRequest>(key);
  request.set_condition(condition);
  Apply(std::move(options), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::KeyPersistResponse> KeyClient::Persist(std::string_view key,
                                                          Condition condition) const {
  auto request = ForKey<v1::KeyPersistRequest>(key);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::KeyRenameResponse> KeyClient::Rename(std::string_view key,
                                                        std::string_view new_key, bool overwrite,
                                                        Condition condition) const {
  auto request = ForKey<v1::KeyRenameRequest>(key);
  request.set_new_key(new_key.data(), new_key.size());
  request.set_overwrite(overwrite);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::KeyCopyResponse> KeyClient::Copy(std::string_view key, std::string_view new_key,
                                                    bool overwrite, Condition condition) const {
  auto request = ForKey<v1::KeyCopyRequest>(key);
  request.set_new_key(new_key.data(), new_key.size());
  request.set_overwrite(overwrite);
  Apply(std::move(condition), &request);
  return caller_.Call(request);
}

absl::StatusOr<v1::KeyTouchResponse> KeyClient::Touch(const std::vector<std::string>& keys) const {
  return caller_.Call(ForKeys<v1::KeyTouchRequest>(keys));
}

absl::StatusOr<v1::KeySampleResponse> KeyClient::Sample() const {
  return caller_.Call(v1::KeySampleRequest());
}

KeyClient::Range KeyClient::Scan(ScanOptions options) const {
  v1::KeyScanRequest request;
  *request.mutable_selector() = ToSelector(options);
  request.set_type(options.type);
  request.mutable_page()->set_limit(options.limit);
  request.mutable_page()->set_token(std::move(options.page_token));
  return Range(caller_, std::move(request));
}

absl::StatusOr<v1::KeyDeleteMatchingResponse> KeyClient::DeleteMatching(
    const ScanOptions& options,
    const std::function<void(const v1::KeyDeleteMatchingResponse&)>& progress) const {
  v1::KeyDeleteMatchingRequest request;
  *request.mutable_selector() = ToSelector(options);
  ASSIGN_OR_RETURN(const auto stream,
                   caller_.connection()->OpenStream(MethodFor<v1::KeyDeleteMatchingRequest>(),
                                                    request, caller_.options()));
  v1::KeyDeleteMatchingResponse response;
  while (stream->Read(&response)) {
    if (progress) progress(response);
  }
  RETURN_IF_ERROR(stream->Finish());
  return response;
}

}  // namespace kvick
