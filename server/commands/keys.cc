// KeyService: keys whatever they hold. The end of the file lists its commands; those that go over
// all keys are in processor/scans.cc.
#include <string>

#include "kvick/v1/key.pb.h"
#include "server/commands/command_table.h"
#include "server/commands/expiry.h"
#include "server/commands/register.h"
#include "server/commands/values.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"

namespace kvick::server {

using storage::Entry;
using storage::Keyspace;
using storage::TimeMs;

absl::Status KeyExists(const Keyspace& keyspace, const v1::KeyExistsRequest& request,
                       v1::KeyExistsResponse* response) {
  for (const std::string& key : request.keys()) {
    response->add_exists(keyspace.Exists(key));
  }
  return absl::OkStatus();
}

absl::Status KeyDelete(Keyspace& keyspace, const v1::KeyDeleteRequest& request,
                       v1::KeyDeleteResponse* response) {
  int64_t deleted = 0;
  for (const std::string& key : request.keys()) {
    deleted += keyspace.Remove(key) ? 1 : 0;
  }
  response->set_deleted(deleted);
  return absl::OkStatus();
}

absl::Status KeyDescribe(const Keyspace& keyspace, const v1::KeyDescribeRequest& request,
                         v1::KeyDescribeResponse* response) {
  const Entry* entry = keyspace.Peek(request.key());
  if (entry == nullptr) {
    return absl::OkStatus();
  }
  const auto second = static_cast<uint32_t>(keyspace.now() / 1000);
  v1::KeyDescription* description = response->mutable_description();
  description->set_type(static_cast<v1::KeyType>(entry->type()));
  description->set_version(entry->version());
  if (const auto expiry = entry->expiry(); expiry.has_value()) {
    FillTime(*expiry, description->mutable_expire_time());
  }
  description->set_length(static_cast<int64_t>(entry->length()));
  description->set_memory_bytes(static_cast<int64_t>(entry->memory_bytes()));
  description->set_encoding(static_cast<v1::Encoding>(entry->encoding()));
  description->mutable_idle_time()->set_seconds(entry->IdleSeconds(second));
  description->set_access_frequency(entry->Frequency(second));
  return absl::OkStatus();
}

namespace {

// Whether an expiry may replace what a key has. No expiry counts as the latest.
bool ConditionHolds(v1::ExpireCondition condition, std::optional<TimeMs> current,
                    std::optional<TimeMs> wanted) {
  constexpr TimeMs kNever = storage::kExpiryMax + 1;
  switch (condition) {
    case v1::EXPIRE_CONDITION_IF_NONE:
      return !current.has_value();
    case v1::EXPIRE_CONDITION_IF_ANY:
      return current.has_value();
    case v1::EXPIRE_CONDITION_IF_LATER:
      return wanted.value_or(kNever) > current.value_or(kNever);
    case v1::EXPIRE_CONDITION_IF_SOONER:
      return wanted.value_or(kNever) < current.value_or(kNever);
    default:
      return true;
  }
}

}  // namespace

absl::Status KeyExpire(Keyspace& keyspace, const v1::KeyExpireRequest& request,
                       v1::KeyExpireResponse* response) {
  if (!v1::ExpireCondition_IsValid(request.condition())) {
    return storage::InvalidArgument(
        "UNKNOWN_ENUM_VALUE", "The field condition has a value that this server does not know.");
  }
  ASSIGN_OR_RETURN(const auto expiry, ResolveExpiry(request.expiry(), keyspace.now()));
  const Entry* entry = keyspace.Peek(request.key());
  if (entry != nullptr && ConditionHolds(request.condition(), entry->expiry(), expiry)) {
    keyspace.SetExpiry(request.key(), expiry);
    response->set_changed(true);
  }
  return absl::OkStatus();
}

absl::Status KeyPersist(Keyspace& keyspace, const v1::KeyPersistRequest& request,
                        v1::KeyPersistResponse* response) {
  const Entry* entry = keyspace.Peek(request.key());
  if (entry != nullptr && entry->expiry().has_value()) {
    keyspace.SetExpiry(request.key(), std::nullopt);
    response->set_changed(true);
  }
  return absl::OkStatus();
}

namespace {

// Whether `key` can take the name `new_key`, or a copy of it can.
bool CanMove(const Keyspace& keyspace, const std::string& key, const std::string& new_key,
             bool overwrite) {
  return keyspace.Peek(key) != nullptr && (overwrite || keyspace.Peek(new_key) == nullptr);
}

}  // namespace

absl::Status KeyRename(Keyspace& keyspace, const v1::KeyRenameRequest& request,
                       v1::KeyRenameResponse* response) {
  if (!CanMove(keyspace, request.key(), request.new_key(), request.overwrite())) {
    keyspace.LeaveUnchanged();
    return absl::OkStatus();
  }
  if (request.key() != request.new_key()) {
    keyspace.Rename(request.key(), request.new_key());
  }
  response->set_renamed(true);
  return absl::OkStatus();
}

absl::Status KeyCopy(Keyspace& keyspace, const v1::KeyCopyRequest& request,
                     v1::KeyCopyResponse* response) {
  if (request.key() == request.new_key() ||
      !CanMove(keyspace, request.key(), request.new_key(), request.overwrite())) {
    keyspace.LeaveUnchanged();
    return absl::OkStatus();
  }
  if (!keyspace.HasRoomFor(keyspace.Peek(request.key())->memory_bytes())) {
    return MemoryLimit();
  }
  keyspace.Copy(request.key(), request.new_key());
  response->set_copied(true);
  return absl::OkStatus();
}

absl::Status KeyTouch(const Keyspace& keyspace, const v1::KeyTouchRequest& request,
                      v1::KeyTouchResponse* response) {
  int64_t touched = 0;
  for (const std::string& key : request.keys()) {
    touched += keyspace.Access(key) != nullptr ? 1 : 0;
  }
  response->set_touched(touched);
  return absl::OkStatus();
}

void RegisterKeys(CommandTable& table) {
  table.Add(KeyExists);
  table.Add(KeyDelete, Growth::kNone);
  table.Add(KeyDescribe);
  table.Add(KeyExpire, Growth::kNone);
  table.Add(KeyPersist, Growth::kNone);
  table.Add(KeyRename, Growth::kNone);
  table.Add(KeyCopy);
  table.Add(KeyTouch);
}

}  // namespace kvick::server
