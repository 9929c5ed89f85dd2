#include "server/pubsub/subscriber.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "server/pubsub/wire.h"
#include "storage/base/error.h"

namespace kvick::server {
namespace {

// What a message costs beside its bytes: its place in the buffer and its share of the cord.
constexpr int64_t kElementOverheadBytes = 64;

int64_t CostOf(const absl::Cord& element) {
  return static_cast<int64_t>(element.size()) + kElementOverheadBytes;
}

}  // namespace

Subscriber::Subscriber(v1::Overflow overflow, int64_t buffer_bytes_max, WakeUp wake_up,
                       PubSubCounters& counters, MessageMemory& memory)
    : overflow_(overflow),
      buffer_bytes_max_(buffer_bytes_max),
      wake_up_(std::move(wake_up)),
      counters_(counters),
      memory_(memory) {}

Subscriber::~Subscriber() {
  absl::MutexLock lock(&mu_);
  Count({.buffered_bytes = -buffer_bytes_}, -std::ssize(buffer_));
}

void Subscriber::Count(const PubSubCounts& counts, int64_t references) {
  counters_.Add(counts);
  memory_.Add(references * static_cast<int64_t>(sizeof(absl::Cord)));
}

bool Subscriber::TakeIdle() { return std::exchange(idle_, false); }

bool Subscriber::Enqueue(const absl::Cord& element, int64_t bytes_max, bool* wake) {
  absl::MutexLock lock(&mu_);
  if (closed_) {
    return false;
  }
  *wake = TakeIdle();
  const int64_t cost = CostOf(element);
  bytes_max = std::min(bytes_max, buffer_bytes_max_);
  if (buffer_bytes_ + cost > bytes_max) {
    if (overflow_ == v1::OVERFLOW_DISCONNECT) {
      Disconnect();
    } else {
      DropOldest(bytes_max - cost);
    }
    if (closed_ || cost > bytes_max) {
      ++dropped_;  // it would not fit into an empty buffer either
      counters_.Add({.dropped = 1});
      return false;
    }
  }
  buffer_.push_back(element);
  buffer_bytes_ += cost;
  Count({.buffered_bytes = cost}, 1);
  return true;
}

void Subscriber::Shrink(int64_t bytes_max) {
  absl::MutexLock lock(&mu_);
  if (closed_ || buffer_bytes_ <= bytes_max) {
    return;
  }
  // Its stream needs no waking: it does not wait while there is something in the buffer.
  if (overflow_ == v1::OVERFLOW_DISCONNECT) {
    Disconnect();
  } else {
    DropOldest(bytes_max);
  }
}

void Subscriber::Disconnect() {
  DropOldest(0);
  closed_ = true;
  status_ = storage::MakeError(
      absl::StatusCode::kResourceExhausted, "SUBSCRIBER_TOO_SLOW",
      "The subscriber read too slowly and its buffer is full: read faster, ask for a greater "
      "max_buffered_bytes, or use OVERFLOW_DROP_OLDEST.");
}

void Subscriber::DropOldest(int64_t bytes_left) {
  PubSubCounts counts;
  while (!buffer_.empty() && buffer_bytes_ > bytes_left) {
    const int64_t cost = CostOf(buffer_.front());
    buffer_.pop_front();
    buffer_bytes_ -= cost;
    counts.buffered_bytes -= cost;
    ++counts.dropped;
  }
  dropped_ += counts.dropped;
  Count(counts, -counts.dropped);
}

bool Subscriber::Close(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (!closed_) {
    closed_ = true;
    status_ = status;
  }
  return TakeIdle();
}

bool Subscriber::MakeProgressDue(absl::Time before) {
  absl::MutexLock lock(&mu_);
  if (!idle_ || last_frame_ > before) {
    return false;
  }
  progress_due_ = true;
  return TakeIdle();
}

void Subscriber::TakeBatch(absl::Cord* frame) {
  std::vector<absl::Cord> elements;
  size_t bytes = 0;
  PubSubCounts counts;
  while (!buffer_.empty() &&
         (elements.empty() || bytes + buffer_.front().size() <= kFrameBytesMax)) {
    bytes += buffer_.front().size();
    counts.buffered_bytes -= CostOf(buffer_.front());
    ++counts.delivered;
    elements.push_back(std::move(buffer_.front()));
    buffer_.pop_front();
  }
  buffer_bytes_ += counts.buffered_bytes;
  Count(counts, -counts.delivered);
  *frame = BatchFrame(elements);
}

FrameSource::State Subscriber::Next(absl::Time now, absl::Cord* frame, absl::Status* status) {
  absl::MutexLock lock(&mu_);
  if (!created_) {
    created_ = true;
    *frame = CreatedFrame(now);
  } else if (dropped_ > 0) {
    *frame = GapFrame(std::exchange(dropped_, 0));
  } else if (!buffer_.empty()) {
    TakeBatch(frame);
  } else if (closed_) {
    *status = status_;
    return FrameSource::State::kFinished;
  } else if (progress_due_) {
    *frame = ProgressFrame(now);
  } else {
    idle_ = true;
    return FrameSource::State::kPending;
  }
  progress_due_ = false;
  last_frame_ = now;
  return FrameSource::State::kFrame;
}

}  // namespace kvick::server
