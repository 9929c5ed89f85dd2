// Keyspace: the keys as one command sees them, at one moment, under the locks that were taken for
// it. A command function takes `const Keyspace&` when it reads and `Keyspace&` when it writes; what
// it needs beyond its request (time, randomness, limits) is here too.
//
// Whoever makes a Keyspace has locked the shards of every key that will be asked for, and keeps
// them locked until it is destroyed. Not thread safe.
#ifndef KVICK_STORAGE_KEYSPACE_H_
#define KVICK_STORAGE_KEYSPACE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/status/statusor.h"
#include "storage/base/status_macros.h"
#include "storage/store.h"

namespace kvick::storage {

template <typename T>
class Edit;

class Keyspace {
 public:
  // `now` is the moment of the command; `random` outlives this. `only_shard`: the shard of every
  // key that will be asked for, when there is only one; spares finding it out again for each.
  Keyspace(Store& store, TimeMs now, absl::BitGenRef random, Shard* only_shard = nullptr)
      : store_(store), now_(now), random_(random), only_shard_(only_shard) {}
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  // --- What a command is given beside its request.

  TimeMs now() const { return now_; }
  absl::BitGenRef random() const { return random_; }
  const Limits& limits() const { return store_.options().limits; }
  // False when a write that needs so many bytes would go over the memory limit. Commands ask that
  // may need much more than their request has.
  bool HasRoomFor(size_t bytes) const { return store_.HasRoomFor(bytes); }

  // --- Reading. An expired entry is absent.

  // What a key holds; null when it is absent. Does not count as an access. O(1).
  const Entry* Peek(std::string_view key) const;
  // The same, counted as an access and as a hit or a miss.
  const Entry* Access(std::string_view key) const;
  // Whether there is one; counted as a hit or a miss, but no access of the entry.
  bool Exists(std::string_view key) const;
  // The collection that a key holds; null when the key is absent; FAILED_PRECONDITION `WRONG_TYPE`
  // when it holds something else. Counts as an access. O(1).
  template <typename T>
  absl::StatusOr<const T*> Find(std::string_view key) const;
  // The entry of a key that holds a string; otherwise as Find.
  absl::StatusOr<const Entry*> FindString(std::string_view key) const;

  // --- Writing. Every write stamps the version of this command on what it changed.

  // A handle on the collection of a key, to change it. EditIfPresent: empty when the key is absent.
  // EditOrCreate: makes an empty collection then. Both: `WRONG_TYPE` as Find. At most one handle a
  // key at a time. O(1).
  template <typename T>
  absl::StatusOr<Edit<T>> EditIfPresent(std::string_view key);
  template <typename T>
  absl::StatusOr<Edit<T>> EditOrCreate(std::string_view key);

  // Makes a key hold a string, whatever it held; its expiry stays. O(length).
  void SetString(std::string_view key, ValueView value);
  // Makes a key hold a collection that is not empty, whatever it held; its expiry stays. O(1).
  void PutObject(std::string_view key, std::unique_ptr<Object> object);
  // Deletes a key; whether there was one. O(1); large collections are freed in the background.
  bool Remove(std::string_view key);
  // Sets or removes the expiry of a key that is present. One that is not after now() removes the
  // key.
  void SetExpiry(std::string_view key, std::optional<TimeMs> expiry);
  // Gives what `from`, a present key, holds and its expiry the name `to`, another key, which loses
  // what it held. O(1).
  void Rename(std::string_view from, std::string_view to);
  // Copies what `from`, a present key, holds and its expiry to `to`, another key. O(size).
  void Copy(std::string_view from, std::string_view to);

  // A command that found nothing to take says so; the processor lets it wait if its request asks.
  void WouldWait() { would_wait_ = true; }

  // A command that decided to change nothing says so; the expiry of its request is not applied.
  void LeaveUnchanged() { left_unchanged_ = true; }
  // True for a call that has waited: keys that came to hold another type meanwhile are passed over.
  bool has_waited() const { return has_waited_; }

  // --- For the processor.

  bool would_wait() const { return would_wait_; }
  bool left_unchanged() const { return left_unchanged_; }
  void set_has_waited() { has_waited_ = true; }
  // The version of this command's write; 0 while it has changed nothing.
  int64_t version() const { return version_; }
  // Keys that got something which waiting calls may want, in the order of the writes.
  const absl::InlinedVector<std::string, 1>& signalled_keys() const { return signalled_keys_; }
  // Notes that a version was taken although no entry shows it (a key was deleted).
  int64_t TakeVersion() { return version_ != 0 ? version_ : (version_ = store_.TakeVersion()); }

 private:
  template <typename T>
  friend class Edit;

  // Where a key's entry stands, or would.
  struct Place {
    Shard& shard;
    uint64_t hash;
    Entry** slot;  // null: absent; an entry there may be expired
  };
  Place Locate(std::string_view key) const;
  Shard& ShardOf(std::string_view key) const {
    return only_shard_ != nullptr ? *only_shard_ : store_.shard(store_.ShardOf(key));
  }
  // As Locate, and an expired entry is removed first: a write of its own, unless this command has
  // made one already.
  Place LocateForWrite(std::string_view key);

  absl::StatusOr<Entry*> FindForWrite(std::string_view key, ObjectType type);
  // Puts an entry that was made anew in the place of a key, destroying the old one.
  void Put(const Place& place, Entry* entry);
  // Takes no version.
  void RemoveAt(const Place& place, std::string_view key);
  // Ends an Edit: `bytes_before` is what the object took before it was changed.
  void Settle(std::string_view key, Entry* entry, size_t bytes_before);
  void AddNew(std::string_view key, std::unique_ptr<Object> object);
  void Signal(Shard& shard, std::string_view key);
  uint32_t Chance() const { return static_cast<uint32_t>(random_()); }
  uint32_t Second() const { return static_cast<uint32_t>(now_ / 1000); }

  Store& store_;
  const TimeMs now_;
  mutable absl::BitGenRef random_;  // drawing is no change that a reader would see
  Shard* const only_shard_;
  int64_t version_ = 0;
  bool would_wait_ = false;
  bool left_unchanged_ = false;
  bool has_waited_ = false;
  absl::InlinedVector<std::string, 1> signalled_keys_;
};

// The error of a command that met a key of another type.
absl::Status WrongType(std::string_view key, ObjectType holds, ObjectType wanted);

// A handle on a collection that is about to change. When it ends, the keyspace accounts the memory
// and, after MarkChanged(), stamps the version, deletes the key of an empty collection and tells
// waiting calls. A collection that EditOrCreate made and that stays empty was never there.
template <typename T>
class Edit {
 public:
  Edit(Edit&& other) noexcept
      : keyspace_(std::exchange(other.keyspace_, nullptr)),
        key_(other.key_),
        entry_(other.entry_),
        created_(std::move(other.created_)),
        bytes_before_(other.bytes_before_),
        changed_(other.changed_) {}
  Edit& operator=(Edit&&) = delete;
  ~Edit() {
    if (keyspace_ == nullptr || !changed_) {
      return;
    }
    if (entry_ != nullptr) {
      keyspace_->Settle(key_, entry_, bytes_before_);
    } else if (created_ != nullptr && created_->size() > 0) {
      keyspace_->AddNew(key_, std::move(created_));
    }
  }

  // False when the key is absent and was not to be created.
  explicit operator bool() const { return entry_ != nullptr || created_ != nullptr; }
  T* operator->() const { return get(); }
  T& operator*() const { return *get(); }
  T* get() const { return entry_ != nullptr ? static_cast<T*>(entry_->object()) : created_.get(); }

  // Must be called when the collection was changed.
  void MarkChanged() { changed_ = true; }

 private:
  friend class Keyspace;
  Edit(Keyspace* keyspace, std::string_view key, Entry* entry, std::unique_ptr<T> created)
      : keyspace_(keyspace), key_(key), entry_(entry), created_(std::move(created)) {
    if (entry_ != nullptr) {
      bytes_before_ = entry_->object()->memory_bytes();
    }
  }

  Keyspace* keyspace_;
  std::string_view key_;
  Entry* entry_;
  std::unique_ptr<T> created_;
  size_t bytes_before_ = 0;
  bool changed_ = false;
};

template <typename T>
absl::StatusOr<const T*> Keyspace::Find(std::string_view key) const {
  const Entry* entry = Access(key);
  if (entry == nullptr) {
    return nullptr;
  }
  if (entry->type() != T::kType) {
    return WrongType(key, entry->type(), T::kType);
  }
  return static_cast<const T*>(entry->object());
}

template <typename T>
absl::StatusOr<Edit<T>> Keyspace::EditIfPresent(std::string_view key) {
  ASSIGN_OR_RETURN(Entry * entry, FindForWrite(key, T::kType));
  return Edit<T>(this, key, entry, nullptr);
}

template <typename T>
absl::StatusOr<Edit<T>> Keyspace::EditOrCreate(std::string_view key) {
  ASSIGN_OR_RETURN(Entry * entry, FindForWrite(key, T::kType));
  return Edit<T>(this, key, entry, entry == nullptr ? std::make_unique<T>() : nullptr);
}

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_KEYSPACE_H_
