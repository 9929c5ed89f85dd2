// UnreadReplies: the bytes of answers that clients have not taken yet, for each connection and in
// all. Flow control lets a client leave as many answers unread as it has calls; when all of them
// together are over the limit, connections are shut: those first whose clients take nothing, and of
// these those with most.
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
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace kvick::server {

// Thread safe. May go before what it has counted.
class UnreadReplies {
  struct State;
  struct Reader;

 public:
  // Answers below this are not counted: what gRPC needs for their call is as much.
  static constexpr size_t kCountedBytesMin = 4096;

  // Peers like "127.0.0.1:40000", those of link-local addresses without the interface.
  using Peers = absl::flat_hash_set<std::string>;
  // Shuts the connections of peers. Called without any lock, from one thread at a time.
  using Shut = std::function<void(const Peers& peers)>;
  using Clock = std::function<absl::Time()>;

  UnreadReplies(size_t limit, Shut shut, Clock clock = absl::Now);
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
    // Says how many they are by now. O(1), but when the limit is reached O(n log n) for n
    // connections with pipelines, streams or large answers.
    void Resize(size_t bytes);
    size_t bytes() const { return bytes_; }
    // Whether the connection is shut: its client is gone, and further answers are of no use.
    bool is_shut() const;

   private:
    friend class UnreadReplies;
    explicit Hold(std::shared_ptr<Reader> reader) : reader_(std::move(reader)) {}
    void Release();

    std::shared_ptr<Reader> reader_;
    size_t bytes_ = 0;
  };

  // A peer has connected anew: what is still held for its last connection does not count for this
  // one.
  void Connected(std::string_view peer);
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

// A peer's address without the interface of a link-local one: "[fe80::1%eth0]:1" as "[fe80::1]:1".
std::string WithoutInterface(std::string_view peer);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_UNREAD_REPLIES_H_
