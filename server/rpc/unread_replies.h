// UnreadReplies: the bytes of answers that clients have not taken yet, for each connection and in
// all. Flow control lets a client leave as many answers unread as it has calls; when all of them
// together are over the limit, the connection that holds up most is shut.
#ifndef KVICK_SERVER_RPC_UNREAD_REPLIES_H_
#define KVICK_SERVER_RPC_UNREAD_REPLIES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace kvick::server {

// Thread safe. May go before what it has counted.
class UnreadReplies {
  struct State;
  struct Reader;

 public:
  // Answers below this are not counted: what gRPC needs for their call is more.
  static constexpr size_t kCountedBytesMin = 4096;

  // Shuts the connection of a peer, "127.0.0.1:40000". Called without any lock.
  using Shut = std::function<void(const std::string& peer)>;

  UnreadReplies(size_t limit, Shut shut);
  UnreadReplies(const UnreadReplies&) = delete;
  UnreadReplies& operator=(const UnreadReplies&) = delete;

  // Bytes of one answer, or of some for one call, for as long as they are held.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept
        : reader_(std::move(other.reader_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { Release(); }

    // A hold of no bytes for the same connection.
    Hold Another() const { return Hold(reader_); }
    // Says how many they are by now. O(1), but when the limit is reached O(connections with
    // unread answers).
    void Resize(size_t bytes);

   private:
    friend class UnreadReplies;
    explicit Hold(std::shared_ptr<Reader> reader) : reader_(std::move(reader)) {}
    void Release();

    std::shared_ptr<Reader> reader_;
    size_t bytes_ = 0;
  };

  // A hold of no bytes yet for a call. `grpc_peer` is its peer as gRPC says it,
  // "ipv4:127.0.0.1:40000".
  Hold MakeHold(std::string_view grpc_peer);

  // What is unread now.
  size_t bytes() const;
  // Connections shut since the start.
  uint64_t shut_connections() const;

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_UNREAD_REPLIES_H_
