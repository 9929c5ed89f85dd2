// The client of Kvick. Start here:
//
//   absl::StatusOr<kvick::Client> client = kvick::Client::Create({.target = "127.0.0.1:5825"});
//   if (!client.ok()) return client.status();
//   auto set = client->Strings().Set("greeting", "hello", {.ttl = absl::Minutes(5)});
//   auto get = client->Strings().Get("greeting");
//   if (get.ok() && get->has_entry()) std::cout << kvick::ToString(get->entry().value());
#ifndef KVICK_CLIENT_KVICK_CLIENT_H_
#define KVICK_CLIENT_KVICK_CLIENT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kvick/admin.h"
#include "kvick/caller.h"
#include "kvick/connection.h"
#include "kvick/error.h"
#include "kvick/hashes.h"
#include "kvick/keys.h"
#include "kvick/lists.h"
#include "kvick/options.h"
#include "kvick/pipeline.h"
#include "kvick/sets.h"
#include "kvick/strings.h"
#include "kvick/subscription.h"
#include "kvick/value.h"

namespace kvick {

// Calls a server. Thread safe and cheap to copy: copies share their connections. Every call has a
// deadline and is retried where that is safe; both can be set in ClientOptions and by With. A
// call's error is an absl::Status with the server's code and message; DetailsOf tells more.
class Client {
 public:
  // A client for `options.target`. Connects with the first call, so a server that is away shows
  // there; INVALID_ARGUMENT for options that make no sense and files that cannot be read.
  static absl::StatusOr<Client> Create(const ClientOptions& options = {});

  // A client that calls `connection`, which must not be null: for tests with a mock, and for
  // wrappers of one's own. No retries and no default deadlines are added.
  explicit Client(std::shared_ptr<Connection> connection);

  // The same client with other options for its calls:
  // `client.With({.timeout = absl::Seconds(1)}).Strings().Get("key")`.
  Client With(CallOptions options) const;

  // Any unary call, by its request: `client.Call(request)`. OK means that the server answered.
  template <class Request>
  absl::StatusOr<ResponseFor<Request>> Call(const Request& request) const {
    return caller_.Call(request);
  }

  // Calls on keys of any type.
  KeyClient Keys() const { return KeyClient(caller_); }
  // Calls on keys that hold one value.
  StringClient Strings() const { return StringClient(caller_); }
  // Calls on keys that hold a list.
  ListClient Lists() const { return ListClient(caller_); }
  // Calls on keys that hold a set.
  SetClient Sets() const { return SetClient(caller_); }
  // Calls on keys that hold a hash.
  HashClient Hashes() const { return HashClient(caller_); }
  // Publishing and subscribing.
  PubSubClient PubSub() const { return PubSubClient(caller_); }
  // Calls for operators.
  AdminClient Admin() const { return AdminClient(caller_); }

  // A pipeline of its own stream; see Pipeline.
  std::unique_ptr<Pipeline> OpenPipeline(PipelineOptions options = {}) const;

  // Where the calls go; never null. For calls that are made up at run time.
  const std::shared_ptr<Connection>& connection() const { return caller_.connection(); }

 private:
  explicit Client(Caller caller) : caller_(std::move(caller)) {}

  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_CLIENT_H_
