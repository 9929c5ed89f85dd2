// PatternTable: who listens by pattern. Publishers match the name of a channel against a list of
// patterns that never changes, without any lock; a change makes another list.
#ifndef KVICK_SERVER_PUBSUB_PATTERNS_H_
#define KVICK_SERVER_PUBSUB_PATTERNS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/repeated_field.h"
#include "server/pubsub/subscriber.h"
#include "storage/base/glob.h"

namespace kvick::server {

// Thread safe.
class PatternTable {
 public:
  // Constant once it is in the table. A pattern is there once, however many subscribe to it.
  struct Pattern {
    std::string text;
    storage::Glob glob;
    int64_t number = 0;  // ascends in the order in which patterns come
  };
  using PatternPtr = std::shared_ptr<const Pattern>;

  // The patterns that match one channel, of those that came up to `seen`.
  struct Matches {
    int64_t seen = 0;
    std::vector<PatternPtr> patterns;
  };

  // How many patterns there may be, each counted steps_per_byte() times: bounds what matching one
  // name takes, and the memory of all.
  explicit PatternTable(size_t steps_max) : steps_max_(steps_max) {}

  // Subscribes to patterns and appends them, each once, to `subscribed`; or does nothing and
  // returns TOO_MANY_PATTERNS.
  absl::Status Add(const SubscriberPtr& subscriber,
                   const google::protobuf::RepeatedPtrField<std::string>& texts,
                   std::vector<PatternPtr>* subscribed);
  // Undoes Add.
  void Remove(const SubscriberPtr& subscriber, const std::vector<PatternPtr>& subscribed);

  // Matches a channel's name against the patterns that came after matches->seen.
  void Match(std::string_view channel, Matches* matches) const;
  // Whether no pattern has come since.
  bool IsCurrent(const Matches& matches) const {
    return matches.seen == newest_.load(std::memory_order_acquire);
  }
  // Calls `visit` once for everybody who subscribes to the patterns, under the lock of the table.
  void ForEachSubscriber(const Matches& matches,
                         absl::FunctionRef<void(const SubscriberPtr&)> visit) const;

 private:
  using List = std::vector<PatternPtr>;  // by ascending numbers
  struct Entry {
    PatternPtr pattern;
    absl::flat_hash_set<SubscriberPtr> subscribers;  // not empty
  };

  void RemoveLocked(const SubscriberPtr& subscriber, const std::vector<PatternPtr>& subscribed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t steps_max_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<absl::string_view, Entry> entries_ ABSL_GUARDED_BY(mu_);  // keys: the texts
  std::shared_ptr<const List> list_ ABSL_GUARDED_BY(mu_) = std::make_shared<List>();
  size_t steps_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t last_number_ ABSL_GUARDED_BY(mu_) = 0;
  // The last number that came into the list. Written under mu_, read without it.
  std::atomic<int64_t> newest_{0};
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_PATTERNS_H_
