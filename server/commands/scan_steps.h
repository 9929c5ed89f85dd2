// One step of a scan of the elements of one key. The stream that repeats it is in
// server/processor/scans.cc.
#ifndef KVICK_SERVER_COMMANDS_SCAN_STEPS_H_
#define KVICK_SERVER_COMMANDS_SCAN_STEPS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "kvick/v1/hash.pb.h"
#include "kvick/v1/set.pb.h"
#include "storage/keyspace.h"

namespace kvick::server {

// A step ends when its answer has about this many bytes.
inline constexpr size_t kScanStepBytes = 64 << 10;

// Answers some elements from page.token on and sets next_page_token, empty at the end. page.limit
// is not looked at. Bounded work.
absl::Status SetScanStep(const storage::Keyspace& keyspace, const v1::SetScanRequest& request,
                         v1::SetScanResponse* response);
absl::Status HashScanStep(const storage::Keyspace& keyspace, const v1::HashScanRequest& request,
                          v1::HashScanResponse* response);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_SCAN_STEPS_H_
