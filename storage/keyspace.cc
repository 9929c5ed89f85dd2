#include "storage/keyspace.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/base/error.h"

namespace kvick::storage {
namespace {

// A key as messages show it: cut, so that a long one does not fill them.
std::string Shown(std::string_view key) {
  constexpr size_t kShownMax = 64;
  if (key.size() <= kShownMax) {
    return fmt::format("\"{}\"", key);
  }
  size_t end = kShownMax;
  while (end > 0 && (static_cast<uint8_t>(key[end]) & 0xC0) == 0x80) {
    --end;  // not in the middle of a character
  }
  return fmt::format("\"{}...\"", key.substr(0, end));
}

}  // namespace

absl::Status WrongType(std::string_view key, ObjectType holds, ObjectType wanted) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "WRONG_TYPE",
      fmt::format("The key {} holds a {}, not a {}: use another key, or delete it first.",
                  Shown(key), ObjectTypeName(holds), ObjectTypeName(wanted)),
      {{"holds", ObjectTypeName(holds)}, {"wanted", ObjectTypeName(wanted)}});
}

Keyspace::Place Keyspace::Locate(std::string_view key) const {
  Shard& shard = ShardOf(key);
  shard.mu.AssertHeld();
  const uint64_t hash = HashBytes(key);
  return {shard, hash,
          shard.table.FindSlot(hash, [&](const Entry& entry) { return entry.key() == key; })};
}

Keyspace::Place Keyspace::LocateForWrite(std::string_view key) {
  Place place = Locate(key);
  if (place.slot != nullptr && (*place.slot)->IsExpired(now_)) {
    place.shard.mu.AssertHeld();
    ++place.shard.expired;
    RemoveAt(place, key);
    if (version_ == 0) {
      store_.TakeVersion();
    }
    place.slot = nullptr;
  }
  return place;
}

const Entry* Keyspace::Peek(std::string_view key) const {
  const Place place = Locate(key);
  return place.slot == nullptr || (*place.slot)->IsExpired(now_) ? nullptr : *place.slot;
}

const Entry* Keyspace::Access(std::string_view key) const {
  const Place place = Locate(key);
  place.shard.mu.AssertHeld();
  if (place.slot == nullptr || (*place.slot)->IsExpired(now_)) {
    ++place.shard.misses;
    return nullptr;
  }
  ++place.shard.hits;
  (*place.slot)->Touch(Second(), Chance());
  return *place.slot;
}

bool Keyspace::Exists(std::string_view key) const {
  const Place place = Locate(key);
  place.shard.mu.AssertHeld();
  const bool exists = place.slot != nullptr && !(*place.slot)->IsExpired(now_);
  ++(exists ? place.shard.hits : place.shard.misses);
  return exists;
}

absl::StatusOr<const Entry*> Keyspace::FindString(std::string_view key) const {
  const Entry* entry = Access(key);
  if (entry != nullptr && entry->type() != ObjectType::kString) {
    return WrongType(key, entry->type(), ObjectType::kString);
  }
  return entry;
}

absl::StatusOr<Entry*> Keyspace::FindForWrite(std::string_view key, ObjectType type) {
  const Place place = LocateForWrite(key);
  if (place.slot == nullptr) {
    return nullptr;
  }
  Entry* entry = *place.slot;
  if (entry->type() != type) {
    return WrongType(key, entry->type(), type);
  }
  entry->Touch(Second(), Chance());
  return entry;
}

void Keyspace::Put(const Place& place, Entry* entry) {
  Shard& shard = place.shard;
  shard.mu.AssertHeld();
  const size_t index_before = shard.table.memory_bytes();
  size_t bytes_before = 0;
  const std::optional<TimeMs> expiry = entry->expiry();
  bool has_reference = false;  // the wheel knows of this key, and early enough
  if (place.slot != nullptr) {
    Entry* old = *place.slot;
    bytes_before = old->memory_bytes();
    entry->InheritFrom(*old);
    const std::optional<TimeMs> old_expiry = old->expiry();
    shard.entries_with_expiry -= old_expiry.has_value() ? 1 : 0;
    has_reference = old_expiry.has_value() && expiry.has_value() && *old_expiry <= *expiry;
    *place.slot = entry;
    if (old->type() != ObjectType::kString) {
      store_.reclaimer().Free(old->ReleaseObject());
    }
    Entry::Destroy(old);
  } else {
    shard.table.Insert(place.hash, entry);
  }
  entry->set_version(TakeVersion());
  entry->Touch(Second(), Chance());
  const size_t bytes = entry->memory_bytes();
  shard.data_bytes += bytes - bytes_before;
  shard.entries_with_expiry += expiry.has_value() ? 1 : 0;
  if (expiry.has_value() && !has_reference) {
    shard.AddExpiry(place.hash, *expiry);
  }
  store_.Account(static_cast<ptrdiff_t>(bytes + shard.table.memory_bytes()) -
                 static_cast<ptrdiff_t>(bytes_before + index_before));
}

void Keyspace::RemoveAt(const Place& place, std::string_view key) {
  Shard& shard = place.shard;
  shard.mu.AssertHeld();
  const size_t index_before = shard.table.memory_bytes();
  Entry* entry =
      shard.table.Erase(place.hash, [&](const Entry& found) { return found.key() == key; });
  const size_t bytes = entry->memory_bytes();
  shard.data_bytes -= bytes;
  shard.entries_with_expiry -= entry->expiry().has_value() ? 1 : 0;
  if (entry->type() != ObjectType::kString) {
    store_.reclaimer().Free(entry->ReleaseObject());
  }
  Entry::Destroy(entry);
  store_.Account(static_cast<ptrdiff_t>(shard.table.memory_bytes()) -
                 static_cast<ptrdiff_t>(index_before + bytes));
}

void Keyspace::SetString(std::string_view key, ValueView value) {
  const Place place = LocateForWrite(key);
  if (place.slot == nullptr) {
    Put(place, Entry::NewString(key, value, std::nullopt));
    return;
  }
  Entry* entry = *place.slot;
  if (entry->ReplaceInPlace(value)) {
    entry->set_version(TakeVersion());
    entry->Touch(Second(), Chance());
    return;
  }
  Put(place, Entry::NewString(key, value, entry->expiry()));
}

void Keyspace::PutObject(std::string_view key, std::unique_ptr<Object> object) {
  const Place place = LocateForWrite(key);
  const auto expiry = place.slot == nullptr ? std::nullopt : (*place.slot)->expiry();
  Put(place, Entry::NewObject(key, std::move(object), expiry));
  Signal(place.shard, key);
}

bool Keyspace::Remove(std::string_view key) {
  const Place place = LocateForWrite(key);
  if (place.slot == nullptr) {
    return false;
  }
  RemoveAt(place, key);
  TakeVersion();
  return true;
}

void Keyspace::SetExpiry(std::string_view key, std::optional<TimeMs> expiry) {
  const Place place = LocateForWrite(key);
  if (place.slot == nullptr) {
    return;
  }
  if (expiry.has_value() && *expiry <= now_) {
    RemoveAt(place, key);
    TakeVersion();
    return;
  }
  Entry* entry = *place.slot;
  const std::optional<TimeMs> before = entry->expiry();
  if (before == expiry) {
    return;
  }
  if (before.has_value() && expiry.has_value()) {
    place.shard.mu.AssertHeld();
    entry->ReplaceExpiry(*expiry);
    entry->set_version(TakeVersion());
    if (*expiry < *before) {
      place.shard.AddExpiry(place.hash, *expiry);
    }
    return;
  }
  // The entry needs room for an expiry, or has room too much: it is made anew.
  if (entry->type() == ObjectType::kString) {
    Put(place, Entry::NewString(key, entry->value(), expiry));
    return;
  }
  // The object moves over; Put() must not count it twice.
  std::unique_ptr<Object> object = entry->ReleaseObject();
  const size_t object_bytes = object->memory_bytes();
  place.shard.mu.AssertHeld();
  const size_t shell_before = AllocatedBytes(entry);
  Entry* made = Entry::NewObject(key, std::move(object), expiry);
  made->InheritFrom(*entry);
  made->set_version(TakeVersion());
  *place.slot = made;
  Entry::Destroy(entry);
  const size_t shell_after = made->memory_bytes() - object_bytes;
  place.shard.data_bytes += shell_after - shell_before;
  store_.Account(static_cast<ptrdiff_t>(shell_after) - static_cast<ptrdiff_t>(shell_before));
  if (expiry.has_value()) {
    ++place.shard.entries_with_expiry;
    place.shard.AddExpiry(place.hash, *expiry);
  } else {
    --place.shard.entries_with_expiry;
  }
}

void Keyspace::Rename(std::string_view from, std::string_view to) {
  const Place source = LocateForWrite(from);
  Entry* entry = *source.slot;
  const std::optional<TimeMs> expiry = entry->expiry();
  Entry* made = nullptr;
  if (entry->type() == ObjectType::kString) {
    made = Entry::NewString(to, entry->value(), expiry);
  } else {
    // The old entry's bytes leave with the object: account before it is taken out.
    source.shard.mu.AssertHeld();
    const size_t object_bytes = entry->object()->memory_bytes();
    source.shard.data_bytes -= object_bytes;
    store_.Account(-static_cast<ptrdiff_t>(object_bytes));
    made = Entry::NewObject(to, entry->ReleaseObject(), expiry);
  }
  RemoveAt(source, from);
  Remove(to);
  Put(LocateForWrite(to), made);
  Signal(ShardOf(to), to);
}

void Keyspace::Copy(std::string_view from, std::string_view to) {
  const Entry* entry = Peek(from);
  Entry* made = entry->type() == ObjectType::kString
                    ? Entry::NewString(to, entry->value(), entry->expiry())
                    : Entry::NewObject(to, entry->object()->Clone(), entry->expiry());
  Remove(to);
  Put(LocateForWrite(to), made);
  Signal(ShardOf(to), to);
}

void Keyspace::Settle(std::string_view key, Entry* entry, size_t bytes_before) {
  Shard& shard = ShardOf(key);
  shard.mu.AssertHeld();
  const auto grown = static_cast<ptrdiff_t>(entry->object()->memory_bytes()) -
                     static_cast<ptrdiff_t>(bytes_before);
  shard.data_bytes = static_cast<size_t>(static_cast<ptrdiff_t>(shard.data_bytes) + grown);
  store_.Account(grown);
  if (entry->object()->size() == 0) {
    Remove(key);
    return;
  }
  entry->set_version(TakeVersion());
  Signal(shard, key);
}

void Keyspace::AddNew(std::string_view key, std::unique_ptr<Object> object) {
  PutObject(key, std::move(object));
}

void Keyspace::Signal(Shard& shard, std::string_view key) {
  shard.mu.AssertHeld();
  if (shard.waiting_calls > 0) {
    signalled_keys_.emplace_back(key);
  }
}

}  // namespace kvick::storage
