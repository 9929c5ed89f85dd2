#include "server/pubsub/patterns.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/base/error.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

absl::Status TooManyPatterns(size_t limit) {
  return storage::MakeError(
      absl::StatusCode::kResourceExhausted, "TOO_MANY_PATTERNS",
      "The server has as many different patterns as it may: subscribe to channels by name, use "
      "patterns that others have too, or try again later.",
      {{"limit", std::to_string(limit)}}, absl::Seconds(1));
}

}  // namespace

absl::Status PatternTable::Add(const SubscriberPtr& subscriber,
                               const google::protobuf::RepeatedPtrField<std::string>& texts,
                               std::vector<PatternPtr>* subscribed) {
  std::vector<std::shared_ptr<Pattern>> made;
  made.reserve(static_cast<size_t>(texts.size()));
  for (const std::string& text : texts) {
    made.push_back(std::make_shared<Pattern>(Pattern{text, storage::Glob(text)}));
  }
  absl::MutexLock lock(&mu_);
  List come;
  for (const std::shared_ptr<Pattern>& pattern : made) {
    const auto [found, created] = entries_.try_emplace(storage::ToAbsl(pattern->text));
    Entry& entry = found->second;
    if (created) {
      entry.pattern = pattern;
      steps_ += pattern->glob.steps_per_byte();
      pattern->number = ++last_number_;
      come.push_back(pattern);
    }
    if (entry.subscribers.insert(subscriber).second) {
      subscribed->push_back(entry.pattern);
    }
    if (steps_ > steps_max_) {
      RemoveLocked(subscriber, *subscribed);
      subscribed->clear();
      return TooManyPatterns(steps_max_);
    }
  }
  if (!come.empty()) {
    auto list = std::make_shared<List>(*list_);
    list->insert(list->end(), come.begin(), come.end());
    list_ = std::move(list);
    newest_.store(last_number_, std::memory_order_release);
  }
  return absl::OkStatus();
}

void PatternTable::Remove(const SubscriberPtr& subscriber,
                          const std::vector<PatternPtr>& subscribed) {
  absl::MutexLock lock(&mu_);
  RemoveLocked(subscriber, subscribed);
}

void PatternTable::RemoveLocked(const SubscriberPtr& subscriber,
                                const std::vector<PatternPtr>& subscribed) {
  absl::flat_hash_set<PatternPtr> gone;
  for (const PatternPtr& pattern : subscribed) {
    const auto found = entries_.find(storage::ToAbsl(pattern->text));
    found->second.subscribers.erase(subscriber);
    if (found->second.subscribers.empty()) {
      steps_ -= pattern->glob.steps_per_byte();
      entries_.erase(found);
      gone.insert(pattern);
    }
  }
  if (!gone.empty()) {
    auto list = std::make_shared<List>();
    std::copy_if(list_->begin(), list_->end(), std::back_inserter(*list),
                 [&](const PatternPtr& pattern) { return !gone.contains(pattern); });
    list_ = std::move(list);
  }
}

void PatternTable::Match(std::string_view channel, Matches* matches) const {
  if (IsCurrent(*matches)) {
    return;
  }
  std::shared_ptr<const List> list;
  const int64_t seen = matches->seen;
  {
    absl::ReaderMutexLock lock(&mu_);
    list = list_;
    matches->seen = newest_.load(std::memory_order_relaxed);
  }
  const auto is_seen = [&](const PatternPtr& pattern) { return pattern->number <= seen; };
  for (auto at = std::partition_point(list->begin(), list->end(), is_seen); at != list->end();
       ++at) {
    if ((*at)->glob.Matches(channel)) {
      matches->patterns.push_back(*at);
    }
  }
}

void PatternTable::ForEachSubscriber(const Matches& matches,
                                     absl::FunctionRef<void(const SubscriberPtr&)> visit) const {
  if (matches.patterns.empty()) {
    return;
  }
  absl::flat_hash_set<const Subscriber*> visited;
  absl::ReaderMutexLock lock(&mu_);
  for (const PatternPtr& pattern : matches.patterns) {
    const auto found = entries_.find(storage::ToAbsl(pattern->text));
    if (found == entries_.end()) {
      continue;
    }
    for (const SubscriberPtr& subscriber : found->second.subscribers) {
      if (matches.patterns.size() == 1 || visited.insert(subscriber.get()).second) {
        visit(subscriber);
      }
    }
  }
}

}  // namespace kvick::server
