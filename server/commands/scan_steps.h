// One step of a scan, and what bounds it. The streams that repeat steps are in
// server/processor/scans.cc.
#ifndef KVICK_SERVER_COMMANDS_SCAN_STEPS_H_
#define KVICK_SERVER_COMMANDS_SCAN_STEPS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "kvick/v1/hash.pb.h"
#include "kvick/v1/set.pb.h"
#include "storage/base/glob.h"
#include "storage/keyspace.h"

namespace kvick::server {

// A step ends when its answer has about this many bytes, or when matching has taken as many steps.
inline constexpr size_t kScanStepBytes = 64 << 10;

// Bounds one step of a scan: by the entries that it looks at, by the work of matching them, by the
// bytes of its answer, and by the items that its page still has room for.
class ScanBudget {
 public:
  // `items_max`: 0 when the page has no limit.
  explicit ScanBudget(int64_t items_max) : items_max_(items_max) {}

  // Call for each entry; `work` as Glob::Matches counts it.
  void Look(size_t work) {
    ++looked_at_;
    bytes_ += 1 + work;
  }
  // Call for each item that is answered.
  void Answer(size_t bytes) {
    constexpr size_t kFramingBytes = 8;  // about what Protobuf adds
    ++items_;
    bytes_ += bytes + kFramingBytes;
  }
  // False when the step should end.
  bool GoOn() const {
    return looked_at_ < kLookedAtMax && bytes_ < kScanStepBytes &&
           (items_max_ == 0 || items_ < items_max_);
  }
  int64_t items() const { return items_; }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr int kLookedAtMax = 4096;
  const int64_t items_max_;
  int looked_at_ = 0;
  int64_t items_ = 0;
  size_t bytes_ = 0;
};

// Answers some elements that match, from page.token on, and sets next_page_token, empty at the end.
// page.limit is what is left of it; a packed collection comes whole all the same. Bounded work.
absl::Status SetScanStep(const storage::Keyspace& keyspace, const v1::SetScanRequest& request,
                         const storage::Glob& glob, v1::SetScanResponse* response);
absl::Status HashScanStep(const storage::Keyspace& keyspace, const v1::HashScanRequest& request,
                          const storage::Glob& glob, v1::HashScanResponse* response);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_SCAN_STEPS_H_
