#include "server/processor/scans.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "kvick/v1/hash.pb.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/set.pb.h"
#include "server/commands/page_token.h"
#include "server/commands/scan_steps.h"
#include "server/commands/values.h"
#include "server/processor/key_sample.h"
#include "server/processor/thread_random.h"
#include "storage/base/error.h"
#include "storage/base/glob.h"
#include "storage/base/status_macros.h"
#include "storage/keyspace.h"

namespace kvick::server {

using storage::Entry;
using storage::InvalidArgument;
using storage::Keyspace;
using storage::Store;

namespace {

// Buckets that a step looks at while it holds a shard: some thousand entries.
constexpr int kStepBuckets = 512;

absl::Cord ToFrame(const google::protobuf::Message& message) {
  return absl::Cord(message.SerializeAsString());
}

absl::Status CheckPage(const v1::Page& page, ScanKind kind) {
  if (page.limit() < 0) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE", "The field page.limit must not be negative.");
  }
  return ParsePageToken(kind, page.token()).status();
}

absl::Status CheckSelector(const v1::Selector& selector, const storage::Limits& limits) {
  switch (selector.match_case()) {
    case v1::Selector::kKey:
      return CheckKey(selector.key(), limits);
    case v1::Selector::kGlob:
      return storage::CheckGlob(selector.glob());
    case v1::Selector::kPrefix:
      return CheckKeyLength(selector.prefix(), limits);
    case v1::Selector::kAll:
      return selector.all() ? absl::OkStatus()
                            : InvalidArgument("SELECTOR_MISSING",
                                              "The field selector.all is false: say which keys.");
    case v1::Selector::MATCH_NOT_SET:
      break;
  }
  return InvalidArgument("SELECTOR_MISSING",
                         "The field selector says nothing: set one of key, prefix, glob and all.");
}

// A selector with its pattern read.
class KeyFilter {
 public:
  // `selector` outlives this.
  explicit KeyFilter(const v1::Selector& selector) : selector_(selector), glob_(selector.glob()) {}

  // Whether the selector chooses a key. Adds to `work` what that took.
  bool Selects(std::string_view key, size_t* work) const {
    switch (selector_.match_case()) {
      case v1::Selector::kKey:
        *work += selector_.key().size();
        return key == selector_.key();
      case v1::Selector::kPrefix:
        *work += selector_.prefix().size();
        return key.starts_with(selector_.prefix());
      case v1::Selector::kGlob:
        return glob_.Matches(key, work);
      default:
        return true;
    }
  }

 private:
  const v1::Selector& selector_;
  const storage::Glob glob_;
};

// Where a walk over all keys stands: a shard and a position in the order of its hashes. Only the
// upper half of the position is needed: tables have fewer buckets than that.
struct KeyCursor {
  uint32_t shard = 0;
  uint64_t position = 0;

  uint64_t Pack() const { return uint64_t{shard} << 32 | position >> 32; }
  static KeyCursor Unpack(uint64_t packed) {
    return {static_cast<uint32_t>(packed >> 32), packed << 32};
  }
};

// Walks over the entries of one shard from the cursor on, at most kStepBuckets buckets and as long
// as the budget, which `visit` spends, lasts; moves the cursor, to the next shard at the end of
// this one. The shard is locked.
void WalkShard(storage::Shard& shard, KeyCursor* cursor, const ScanBudget& budget,
               absl::FunctionRef<void(const Entry&)> visit) {
  shard.mu.AssertHeld();
  for (int buckets = 0; buckets < kStepBuckets && budget.GoOn(); ++buckets) {
    cursor->position =
        shard.table.Scan(cursor->position, [&](const Entry* entry) { visit(*entry); });
    if (cursor->position == 0) {
      ++cursor->shard;
      return;
    }
  }
}

// The frames of KeyService.Scan.
class KeyScanSource final : public FrameSource {
 public:
  KeyScanSource(Store& store, const v1::KeyScanRequest& request, KeyCursor cursor)
      : store_(store), request_(request), filter_(request.selector()), cursor_(cursor) {
    // One key has one shard, which is the only one to look at.
    if (request.selector().has_key()) {
      end_shard_ = store.ShardOf(request.selector().key()) + 1;
      cursor_.shard = std::max(cursor_.shard, end_shard_ - 1);
    } else {
      end_shard_ = static_cast<uint32_t>(store.shard_count());
    }
  }

  State Next(absl::Cord* frame, absl::Status* /*status*/) override {
    if (finished_) {
      return State::kFinished;
    }
    v1::KeyScanResponse response;
    // A step over few entries is cheap; many shards make one frame.
    size_t bytes = 0;
    while (cursor_.shard < end_shard_ && bytes < kScanStepBytes && !LimitReached()) {
      bytes += Step(&response);
    }
    finished_ = cursor_.shard >= end_shard_ || LimitReached();
    if (cursor_.shard < end_shard_) {
      response.set_next_page_token(MakePageToken(ScanKind::kKeys, cursor_.Pack()));
    }
    *frame = ToFrame(response);
    return State::kFrame;
  }

 private:
  bool LimitReached() const {
    return request_.page().limit() > 0 && items_ >= request_.page().limit();
  }

  // Returns the bytes that were spent.
  size_t Step(v1::KeyScanResponse* response) {
    storage::Shard& shard = store_.shard(cursor_.shard);
    const int64_t limit = request_.page().limit();
    ScanBudget budget(limit == 0 ? 0 : limit - items_);
    absl::MutexLock lock(&shard.mu);
    const storage::TimeMs now = store_.Now();
    WalkShard(shard, &cursor_, budget, [&](const Entry& entry) {
      size_t work = 0;
      if (!entry.IsExpired(now) && HasType(entry) && filter_.Selects(entry.key(), &work)) {
        v1::ScannedKey* key = response->add_keys();
        key->set_key(std::string(entry.key()));
        key->set_type(static_cast<v1::KeyType>(entry.type()));
        budget.Answer(entry.key().size());
      }
      budget.Look(work);
    });
    items_ += budget.items();
    return budget.bytes();
  }

  bool HasType(const Entry& entry) const {
    return request_.type() == v1::KEY_TYPE_UNSPECIFIED ||
           static_cast<int>(entry.type()) == static_cast<int>(request_.type());
  }

  Store& store_;
  const v1::KeyScanRequest& request_;
  const KeyFilter filter_;
  KeyCursor cursor_;
  uint32_t end_shard_ = 0;
  int64_t items_ = 0;
  bool finished_ = false;
};

// The frames of KeyService.DeleteMatching.
class DeleteMatchingSource final : public FrameSource {
 public:
  DeleteMatchingSource(Store& store, const v1::KeyDeleteMatchingRequest& request)
      : store_(store), filter_(request.selector()) {}

  State Next(absl::Cord* frame, absl::Status* /*status*/) override {
    if (progress_.done()) {
      return State::kFinished;
    }
    size_t bytes = 0;
    while (cursor_.shard < store_.shard_count() && bytes < kScanStepBytes) {
      bytes += Step();
    }
    progress_.set_done(cursor_.shard >= store_.shard_count());
    *frame = ToFrame(progress_);
    return State::kFrame;
  }

 private:
  // Returns the bytes that were spent.
  size_t Step() {
    constexpr int64_t kDeletesPerStep = 128;
    storage::Shard& shard = store_.shard(cursor_.shard);
    ScanBudget budget(kDeletesPerStep);
    absl::MutexLock lock(&shard.mu);
    Keyspace keyspace(store_, store_.Now(), ThreadRandom::Get());
    std::vector<std::string> matching;
    WalkShard(shard, &cursor_, budget, [&](const Entry& entry) {
      size_t work = 0;
      progress_.set_scanned(progress_.scanned() + 1);
      if (!entry.IsExpired(keyspace.now()) && filter_.Selects(entry.key(), &work)) {
        matching.emplace_back(entry.key());
        budget.Answer(entry.key().size());
      }
      budget.Look(work);
    });
    for (const std::string& key : matching) {
      progress_.set_deleted(progress_.deleted() + (keyspace.Remove(key) ? 1 : 0));
    }
    return budget.bytes();
  }

  Store& store_;
  const KeyFilter filter_;
  KeyCursor cursor_;
  v1::KeyDeleteMatchingResponse progress_;
};

int ItemsOf(const v1::SetScanResponse& response) { return response.members_size(); }
int ItemsOf(const v1::HashScanResponse& response) { return response.fields_size(); }

// The frames of a scan of the elements of one key: repeats a step.
template <typename Request, typename Response>
class ElementScanSource final : public FrameSource {
 public:
  using Step = absl::Status (*)(const Keyspace&, const Request&, const storage::Glob&, Response*);
  ElementScanSource(Store& store, Request request, Step step)
      : store_(store),
        request_(std::move(request)),
        glob_(request_.glob().empty() ? "*" : request_.glob()),
        step_(step) {}

  State Next(absl::Cord* frame, absl::Status* status) override {
    if (finished_) {
      return State::kFinished;
    }
    Response response;
    {
      storage::Shard& shard = store_.shard(store_.ShardOf(request_.key()));
      absl::MutexLock lock(&shard.mu);
      const Keyspace keyspace(store_, store_.Now(), ThreadRandom::Get());
      *status = step_(keyspace, request_, glob_, &response);
    }
    if (!status->ok()) {
      return State::kFinished;
    }
    v1::Page* page = request_.mutable_page();
    const int64_t left = page->limit() - ItemsOf(response);
    finished_ = response.next_page_token().empty() || (page->limit() > 0 && left <= 0);
    page->set_limit(page->limit() > 0 ? left : 0);
    page->set_token(response.next_page_token());
    *frame = ToFrame(response);
    return State::kFrame;
  }

 private:
  Store& store_;
  Request request_;  // its page: what is left of it
  const storage::Glob glob_;
  const Step step_;
  bool finished_ = false;
};

template <typename Request, typename Response>
void AddElementScan(CommandTable& table, Store& store, ScanKind kind,
                    absl::Status (*step)(const Keyspace&, const Request&, const storage::Glob&,
                                         Response*)) {
  table.AddStream<Request>([&store, kind, step](const Request& request, WakeUp /*never pending*/)
                               -> absl::StatusOr<std::unique_ptr<FrameSource>> {
    RETURN_IF_ERROR(CheckKey(request.key(), store.options().limits));
    RETURN_IF_ERROR(storage::CheckGlob(request.glob()));
    RETURN_IF_ERROR(CheckPage(request.page(), kind));
    return std::make_unique<ElementScanSource<Request, Response>>(store, request, step);
  });
}

absl::StatusOr<std::unique_ptr<FrameSource>> StartKeyScan(Store& store,
                                                          const v1::KeyScanRequest& request) {
  RETURN_IF_ERROR(CheckSelector(request.selector(), store.options().limits));
  if (!v1::KeyType_IsValid(request.type())) {
    return InvalidArgument("UNKNOWN_ENUM_VALUE",
                           "The field type has a value that this server does not know.");
  }
  RETURN_IF_ERROR(CheckPage(request.page(), ScanKind::kKeys));
  ASSIGN_OR_RETURN(const uint64_t packed, ParsePageToken(ScanKind::kKeys, request.page().token()));
  return std::make_unique<KeyScanSource>(store, request, KeyCursor::Unpack(packed));
}

}  // namespace

void RegisterScans(CommandTable& table, Store& store) {
  table.AddStream<v1::KeyScanRequest>(
      [&store](const v1::KeyScanRequest& request, WakeUp) { return StartKeyScan(store, request); });
  table.AddStream<v1::KeyDeleteMatchingRequest>(
      [&store](const v1::KeyDeleteMatchingRequest& request,
               WakeUp) -> absl::StatusOr<std::unique_ptr<FrameSource>> {
        RETURN_IF_ERROR(CheckSelector(request.selector(), store.options().limits));
        return std::make_unique<DeleteMatchingSource>(store, request);
      });
  AddElementScan<v1::SetScanRequest>(table, store, ScanKind::kSet, SetScanStep);
  AddElementScan<v1::HashScanRequest>(table, store, ScanKind::kHash, HashScanStep);
  table.AddCall<v1::KeySampleRequest, v1::KeySampleResponse>(
      [&store](const v1::KeySampleRequest&, v1::KeySampleResponse* response) {
        std::optional<std::string> key = SampleKey(store, ThreadRandom::Get());
        if (key.has_value()) {
          response->set_key(*std::move(key));
        }
        return absl::OkStatus();
      });
}

}  // namespace kvick::server
