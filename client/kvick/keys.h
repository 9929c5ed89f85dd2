// KeyService as a typed client.
#ifndef KVICK_CLIENT_KVICK_KEYS_H_
#define KVICK_CLIENT_KVICK_KEYS_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvick/caller.h"
#include "kvick/scan.h"

namespace kvick {

// Calls on keys of any type; what each does, answers and costs is said at the method of the same
// name in kvick/v1/key.proto. Thread safe, cheap to copy.
class KeyClient {
 public:
  // The keys of a scan, one by one.
  using Range = ScanRange<v1::KeyScanRequest, v1::ScannedKey>;

  // Made by Client::Keys.
  explicit KeyClient(Caller caller) : caller_(std::move(caller)) {}

  // Which of the keys exist.
  absl::StatusOr<v1::KeyExistsResponse> Exists(const std::vector<std::string>& keys) const;
  // Deletes keys.
  absl::StatusOr<v1::KeyDeleteResponse> Delete(const std::vector<std::string>& keys,
                                               Condition condition = {}) const;
  // Everything that is known about a key; `description` is unset when there is none.
  absl::StatusOr<v1::KeyDescribeResponse> Describe(std::string_view key) const;
  // Sets when a key expires, which `options` must name.
  absl::StatusOr<v1::KeyExpireResponse> Expire(
      std::string_view key, WriteOptions options,
      v1::ExpireCondition condition = v1::EXPIRE_CONDITION_ALWAYS) const;
  // Removes the expiry of a key.
  absl::StatusOr<v1::KeyPersistResponse> Persist(std::string_view key,
                                                 Condition condition = {}) const;
  // Gives a key another name.
  absl::StatusOr<v1::KeyRenameResponse> Rename(std::string_view key, std::string_view new_key,
                                               bool overwrite = false,
                                               Condition condition = {}) const;
  // Copies a key.
  absl::StatusOr<v1::KeyCopyResponse> Copy(std::string_view key, std::string_view new_key,
                                           bool overwrite = false, Condition condition = {}) const;
  // Marks keys as accessed now.
  absl::StatusOr<v1::KeyTouchResponse> Touch(const std::vector<std::string>& keys) const;
  // One key by chance.
  absl::StatusOr<v1::KeySampleResponse> Sample() const;
  // The keys that match, read while the range is walked.
  Range Scan(ScanOptions options = {}) const;
  // Deletes the keys that match, calling `progress` (which may be empty) as it goes on; answers the
  // last progress. Only the selection of `options` counts.
  absl::StatusOr<v1::KeyDeleteMatchingResponse> DeleteMatching(
      const ScanOptions& options,
      const std::function<void(const v1::KeyDeleteMatchingResponse&)>& progress = {}) const;

 private:
  Caller caller_;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_KEYS_H_
