// What the processor wants to know of any request or response, found out by the names of its fields
// at compile time: its keys, its precondition, its expiry, how long it may wait. A new command gets
// all of it by naming its fields as the others do.
#ifndef KVICK_SERVER_COMMANDS_REQUEST_TRAITS_H_
#define KVICK_SERVER_COMMANDS_REQUEST_TRAITS_H_

#include <string>
#include <string_view>
#include <type_traits>

#include "kvick/v1/key.pb.h"
#include "kvick/v1/string.pb.h"
#include "kvick/v1/value.pb.h"
#include "storage/base/object.h"

namespace kvick::server {

template <typename R>
concept HasKey = requires(const R& r) {
  r.key().size();
};
template <typename R>
concept HasOtherKey = requires(const R& r) {
  r.other_key().size();
};
template <typename R>
concept HasNewKey = requires(const R& r) {
  r.new_key().size();
};
template <typename R>
concept HasKeys = requires(const R& r) {
  r.keys(0).size();
};
template <typename R>
concept HasSource = requires(const R& r) {
  r.source().size();
};
template <typename R>
concept HasDestination = requires(const R& r) {
  r.destination().size();
};
template <typename R>
concept HasItemsWithKeys = requires(const R& r) {
  r.items(0).key().size();
};

template <typename R>
concept HasPrecondition = requires(const R& r) {
  r.has_precondition();
};
template <typename R>
concept HasExpiry = requires(const R& r) {
  r.has_expiry();
};
template <typename R>
concept HasMaxWait = requires(const R& r) {
  r.has_max_wait();
};
template <typename R>
concept HasMutation = requires(R& r) {
  r.mutable_mutation();
};

// Requests whose command reads `expiry` itself, because it is what the command is about.
template <typename R>
inline constexpr bool kHandlesExpiryItself = false;
template <>
inline constexpr bool kHandlesExpiryItself<v1::KeyExpireRequest> = true;
template <>
inline constexpr bool kHandlesExpiryItself<v1::StringGetAndExpireRequest> = true;

// Calls `visit(const std::string&)` for every key of a request.
template <typename R, typename Visitor>
void VisitKeys(const R& request, Visitor&& visit) {
  if constexpr (HasKey<R>) {
    visit(request.key());
  }
  if constexpr (HasOtherKey<R>) {
    visit(request.other_key());
  }
  if constexpr (HasNewKey<R>) {
    visit(request.new_key());
  }
  if constexpr (HasSource<R>) {
    visit(request.source());
  }
  if constexpr (HasDestination<R>) {
    visit(request.destination());
  }
  if constexpr (HasKeys<R>) {
    for (const std::string& key : request.keys()) {
      visit(key);
    }
  }
  if constexpr (HasItemsWithKeys<R>) {
    for (const auto& item : request.items()) {
      visit(item.key());
    }
  }
}

// Whether a request names any keys of the keyspace.
template <typename R>
inline constexpr bool kHasAnyKey = HasKey<R> || HasNewKey<R> || HasKeys<R> || HasSource<R> ||
                                   HasDestination<R> || HasItemsWithKeys<R>;

// Calls `visit` for each key that a request's precondition is about, which is also the key whose
// version `mutation` tells: the key that is written.
template <typename R, typename Visitor>
void VisitWrittenKeys(const R& request, Visitor&& visit) {
  if constexpr (HasDestination<R>) {
    visit(request.destination());
  } else if constexpr (HasNewKey<R>) {
    // A rename is a write of the key that it takes away; a copy one of the key that it makes.
    if constexpr (std::is_same_v<R, v1::KeyCopyRequest>) {
      visit(request.new_key());
    } else {
      visit(request.key());
    }
  } else {
    VisitKeys(request, visit);
  }
}

// Calls `visit` for each key that a request's `expiry` is for: the keys that are written, or made.
template <typename R, typename Visitor>
void VisitExpiringKeys(const R& request, Visitor&& visit) {
  if constexpr (HasNewKey<R>) {
    visit(request.new_key());
  } else {
    VisitWrittenKeys(request, visit);
  }
}

// The type of the keys that a waiting request wants elements of.
template <typename R>
inline constexpr storage::ObjectType kAwaitedType = storage::ObjectType::kList;

// Calls `visit` for each key that a waiting request wants an element of.
template <typename R, typename Visitor>
void VisitAwaitedKeys(const R& request, Visitor&& visit) {
  if constexpr (HasSource<R>) {
    visit(request.source());
  } else {
    VisitKeys(request, visit);
  }
}

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_REQUEST_TRAITS_H_
