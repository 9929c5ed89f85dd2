// Fills the fields that many requests share.
#ifndef KVICK_CLIENT_KVICK_INTERNAL_REQUESTS_H_
#define KVICK_CLIENT_KVICK_INTERNAL_REQUESTS_H_

#include <string_view>
#include <utility>

#include "kvick/value.h"

namespace kvick::internal {

// A request about one key.
template <class Request>
Request ForKey(std::string_view key) {
  Request request;
  request.set_key(key.data(), key.size());
  return request;
}

// Puts what `options` say into a request that has the fields for it.
template <class Request>
void Apply(WriteOptions options, Request* request) {
  if constexpr (requires { request->mutable_expiry(); }) {
    if (options.has_expiry()) *request->mutable_expiry() = options.expiry();
  }
  if (options.precondition.has_value()) {
    *request->mutable_precondition() = *std::move(options.precondition);
  }
}

// Puts a condition into a request.
template <class Request>
void Apply(Condition condition, Request* request) {
  if (condition.has_value()) *request->mutable_precondition() = *std::move(condition);
}

}  // namespace kvick::internal

#endif  // KVICK_CLIENT_KVICK_INTERNAL_REQUESTS_H_
