// ChannelTable: the channels of one part of the hub, and their places in the order of forgetting.
#ifndef KVICK_SERVER_PUBSUB_CHANNELS_H_
#define KVICK_SERVER_PUBSUB_CHANNELS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "server/pubsub/subscriber.h"
#include "storage/base/glob.h"
#include "storage/base/hash_table.h"

namespace kvick::server {

// Stays where it is as long as it has subscribers.
struct Channel {
  const std::string name;
  const int64_t epoch;
  int64_t sequence = 0;
  absl::flat_hash_set<SubscriberPtr> subscribers = {};
  std::list<Channel*>::iterator idle =
      {};  // its place among the idle ones, while nobody subscribes
};

// Channels without subscribers keep their position until there are too many of them. Thread
// compatible: the mutex of its part protects it. Hashes are HashBytes of the names.
class ChannelTable {
 public:
  // How many channels may be idle, and how many bytes their names may have together, but for the
  // last one.
  ChannelTable(size_t idle_max, size_t idle_bytes_max)
      : idle_max_(idle_max), idle_bytes_max_(idle_bytes_max) {}
  ~ChannelTable();
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  // The channel, or null.
  Channel* Find(uint64_t hash, std::string_view name) const;
  // The channel, made when there is none; not idle any more.
  Channel& Use(uint64_t hash, std::string_view name, absl::FunctionRef<int64_t()> new_epoch);
  // Makes a channel idle that nobody subscribes to, and forgets the oldest idle ones.
  void MakeIdle(Channel& channel);

  // Channels with subscribers.
  size_t used() const { return channels_.size() - idle_.size(); }
  // Appends names of such channels that come after `after` and match, from `cursor` on, and returns
  // where to go on, 0 at the end. A name may come twice. Bounded work.
  uint64_t ListSome(uint64_t cursor, const storage::Glob& glob, std::string_view after,
                    std::vector<std::string>* names) const;

 private:
  struct Traits {
    using Node = Channel;
    static uint64_t Hash(const Channel& channel) { return storage::HashBytes(channel.name); }
  };

  const size_t idle_max_;
  const size_t idle_bytes_max_;
  storage::HashTable<Traits> channels_;  // owns them
  std::list<Channel*> idle_;             // the one unused longest comes first
  size_t idle_bytes_ = 0;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_CHANNELS_H_
