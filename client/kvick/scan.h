// Scans as ranges.
#ifndef KVICK_CLIENT_KVICK_SCAN_H_
#define KVICK_CLIENT_KVICK_SCAN_H_

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "kvick/caller.h"
#include "kvick/retry.h"

namespace kvick {

// The items of one scan, read while the range is walked:
//
//   for (const auto& key : client.Keys().Scan({.prefix = "user:"})) {
//     if (!key.ok()) return key.status();
//     Use(key->key());
//   }
//
// A scan whose connection breaks goes on after the last batch that came. When it fails for good the
// last item is the error. One walk by one thread; destroying the range ends the scan, and so does
// CallOptions.stop, which any thread may request.
template <class Request, class Item>
class ScanRange {
 public:
  // An item, or in the last place the error that ended the scan.
  using value_type = absl::StatusOr<Item>;

  // Reads once, from the front to the end.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = absl::StatusOr<Item>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    // The end.
    iterator() = default;
    // The front of `range`.
    explicit iterator(ScanRange* range) : range_(range) { ++*this; }

    // The item here.
    reference operator*() const { return *item_; }
    pointer operator->() const { return &*item_; }
    // Waits for the next one.
    iterator& operator++() {
      item_ = range_->Next();
      if (!item_.has_value()) range_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    // True when both are at the end, or both are not.
    friend bool operator==(const iterator& a, const iterator& b) {
      return (a.range_ == nullptr) == (b.range_ == nullptr);
    }

   private:
    ScanRange* range_ = nullptr;
    std::optional<value_type> item_;
  };

  // Nothing is sent before the first item is asked for.
  ScanRange(Caller caller, Request request)
      : caller_(std::move(caller)), request_(std::move(request)) {}

  // Starts the walk; once.
  iterator begin() { return iterator(this); }
  // Where every walk ends.
  iterator end() { return iterator(); }

  // The next item; nothing at the end. After an error there is nothing more.
  std::optional<value_type> Next() {
    while (!done_) {
      if (next_ < ItemsOf(batch_).size()) return value_type(std::move(*MutableItem(next_++)));
      if (absl::Status status = ReadBatch(); !status.ok()) {
        done_ = true;
        return value_type(std::move(status));
      }
    }
    return std::nullopt;
  }

  // Goes on after the last batch that was read, in another call with the same request; empty before
  // the first batch and after the last one.
  const std::string& next_page_token() const { return batch_.next_page_token(); }

 private:
  using Batch = ResponseFor<Request>;

  static const auto& ItemsOf(const Batch& batch) {
    if constexpr (requires { batch.keys(); }) {
      return batch.keys();
    } else if constexpr (requires { batch.members(); }) {
      return batch.members();
    } else {
      return batch.fields();
    }
  }

  Item* MutableItem(int index) {
    // The batch is ours alone and each item is taken once.
    return const_cast<Item*>(&ItemsOf(batch_)[index]);
  }

  // Reads the next batch, opening or reopening the stream if need be. Sets done_ at the end.
  absl::Status ReadBatch() {
    const RetryEnvironment environment = RetryEnvironment::Real();
    RetryLoop loop(caller_.retry(), environment, caller_.options().deadline,
                   caller_.options().stop);
    while (true) {
      absl::Status status = TryReadBatch();
      if (status.ok() || !loop.TryAgain(status, /*repeatable=*/true)) return status;
    }
  }

  absl::Status TryReadBatch() {
    if (stream_ == nullptr) {
      auto stream =
          caller_.connection()->OpenStream(MethodFor<Request>(), request_, caller_.options());
      if (!stream.ok()) return stream.status();
      stream_ = *std::move(stream);
    }
    Batch batch;
    if (!stream_->Read(&batch)) {
      absl::Status status = stream_->Finish();
      stream_ = nullptr;
      done_ = status.ok() || complete_;
      return done_ ? absl::OkStatus() : status;
    }
    batch_ = std::move(batch);
    next_ = 0;
    ContinueAfterBatch();
    return absl::OkStatus();
  }

  // From now on a reopened stream starts after this batch and keeps within the limit.
  void ContinueAfterBatch() {
    if (!batch_.next_page_token().empty()) {
      request_.mutable_page()->set_token(batch_.next_page_token());
    }
    const int64_t limit = request_.page().limit();
    const auto count = static_cast<int64_t>(ItemsOf(batch_).size());
    if (limit > count) request_.mutable_page()->set_limit(limit - count);
    complete_ = batch_.next_page_token().empty() || (limit > 0 && count >= limit);
  }

  // All of them the walking thread's.
  Caller caller_;
  Request request_;
  std::unique_ptr<ReadStream> stream_;
  Batch batch_;
  int next_ = 0;           // The first item of the batch that was not taken yet.
  bool complete_ = false;  // Everything came, whatever becomes of the stream.
  bool done_ = false;      // There is nothing more to give.
};

// Which keys a scan or a deletion is about: exactly one of the first three, or none for every key.
struct ScanOptions {
  // Keys that start with this.
  std::optional<std::string> prefix = std::nullopt;
  // Keys that match this pattern; see Selector.glob.
  std::optional<std::string> glob = std::nullopt;
  // Only keys of this type.
  v1::KeyType type = v1::KEY_TYPE_UNSPECIFIED;
  // At most about so many; 0: all.
  int64_t limit = 0;
  // Where an earlier scan stopped; empty: from the beginning.
  std::string page_token = "";
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_SCAN_H_
