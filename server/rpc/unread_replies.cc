#include "server/rpc/unread_replies.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "server/config/log.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

// "ipv6:%5B::1%5D:40000" as "[::1]:40000".
std::string PeerText(std::string_view grpc_peer) {
  const size_t colon = grpc_peer.find(':');
  const std::string_view address =
      colon == std::string_view::npos ? grpc_peer : grpc_peer.substr(colon + 1);
  return absl::StrReplaceAll(storage::ToAbsl(address), {{"%5B", "["}, {"%5D", "]"}});
}

}  // namespace

// One connection. Its holds keep it.
struct UnreadReplies::Reader {
  Reader(std::shared_ptr<State> all_readers, std::string its_peer)
      : state(std::move(all_readers)), peer(std::move(its_peer)) {}
  ~Reader();

  const std::shared_ptr<State> state;
  const std::string peer;
  std::atomic<size_t> bytes{0};
  std::atomic<bool> shut{false};
};

struct UnreadReplies::State {
  State(size_t limit_bytes, Shut shut_connection)
      : limit(limit_bytes), shut(std::move(shut_connection)), next_look(limit_bytes) {}

  // Shuts the connections with most bytes until the others are within the limit.
  void Relieve();
  // The reader with most bytes among those that are not shut, if all these are over the limit.
  std::shared_ptr<Reader> Largest();

  const size_t limit;
  const Shut shut;
  std::atomic<size_t> bytes{0};
  std::atomic<uint64_t> shut_connections{0};
  // Where to look again: what was shut takes a while to be freed.
  std::atomic<size_t> next_look;

  absl::Mutex mu;  // a leaf
  absl::flat_hash_map<std::string, std::weak_ptr<Reader>> readers ABSL_GUARDED_BY(mu);
};

UnreadReplies::Reader::~Reader() {
  absl::MutexLock lock(&state->mu);
  const auto found = state->readers.find(peer);
  // Another may have come for the same peer.
  if (found != state->readers.end() && found->second.expired()) {
    state->readers.erase(found);
  }
}

std::shared_ptr<UnreadReplies::Reader> UnreadReplies::State::Largest() {
  std::shared_ptr<Reader> largest;
  size_t largest_bytes = 0;
  size_t sum = 0;
  // Given up only after the mutex, which the end of a reader needs.
  std::vector<std::shared_ptr<Reader>> seen;
  absl::MutexLock lock(&mu);
  seen.reserve(readers.size());
  for (const auto& [peer, weak] : readers) {
    std::shared_ptr<Reader>& reader = seen.emplace_back(weak.lock());
    if (reader == nullptr || reader->shut.load(std::memory_order_relaxed)) {
      continue;
    }
    const size_t held = reader->bytes.load(std::memory_order_relaxed);
    sum += held;
    if (held > largest_bytes) {
      largest = reader;
      largest_bytes = held;
    }
  }
  next_look.store(std::max(limit, bytes.load(std::memory_order_relaxed)) + limit / 16,
                  std::memory_order_relaxed);
  return sum > limit ? largest : nullptr;
}

void UnreadReplies::State::Relieve() {
  while (const std::shared_ptr<Reader> reader = Largest()) {
    if (reader->shut.exchange(true)) {
      continue;
    }
    shut_connections.fetch_add(1, std::memory_order_relaxed);
    Log(LogLevel::kWarning,
        "a connection is closed: its client leaves most unread of the answers of the server, which "
        "are over max_unread_bytes in all",
        {{"peer", reader->peer}, {"unread_bytes", std::to_string(reader->bytes.load())}});
    shut(reader->peer);
  }
}

UnreadReplies::UnreadReplies(size_t limit, Shut shut)
    : state_(std::make_shared<State>(limit, std::move(shut))) {}

UnreadReplies::Hold& UnreadReplies::Hold::operator=(Hold&& other) noexcept {
  Release();
  reader_ = std::move(other.reader_);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void UnreadReplies::Hold::Resize(size_t bytes) {
  State& state = *reader_->state;
  const size_t before = std::exchange(bytes_, bytes);
  const size_t change = bytes - before;  // unsigned, so that a smaller number subtracts
  reader_->bytes.fetch_add(change, std::memory_order_relaxed);
  const size_t all = state.bytes.fetch_add(change, std::memory_order_relaxed) + change;
  const size_t next_look = state.next_look.load(std::memory_order_relaxed);
  if (bytes > before && all > next_look) {
    state.Relieve();
  } else if (all <= state.limit && next_look != state.limit) {
    state.next_look.store(state.limit, std::memory_order_relaxed);
  }
}

void UnreadReplies::Hold::Release() {
  if (reader_ != nullptr) {
    Resize(0);
    reader_ = nullptr;
  }
}

UnreadReplies::Hold UnreadReplies::MakeHold(std::string_view grpc_peer) {
  std::string peer = PeerText(grpc_peer);
  absl::MutexLock lock(&state_->mu);
  std::weak_ptr<Reader>& known = state_->readers[peer];
  std::shared_ptr<Reader> reader = known.lock();
  if (reader == nullptr) {
    reader = std::make_shared<Reader>(state_, std::move(peer));
    known = reader;
  }
  return Hold(std::move(reader));
}

size_t UnreadReplies::bytes() const { return state_->bytes.load(std::memory_order_relaxed); }

uint64_t UnreadReplies::shut_connections() const {
  return state_->shut_connections.load(std::memory_order_relaxed);
}

}  // namespace kvick::server
