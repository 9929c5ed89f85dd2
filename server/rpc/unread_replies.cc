#include "server/rpc/unread_replies.h"

#include <algorithm>
#include <vector>

#include "server/config/log.h"

namespace kvick::server {
namespace {

// Whoever has taken nothing for so long is taken for one who does not read.
constexpr absl::Duration kStalled = absl::Seconds(1);

// "ipv6:%5Bfe80::1%252%5D:40000" as "[fe80::1]:40000".
std::string PeerText(std::string_view grpc_peer) {
  const size_t colon = grpc_peer.find(':');
  std::string_view address =
      colon == std::string_view::npos ? grpc_peer : grpc_peer.substr(colon + 1);
  std::string text;
  while (!address.empty()) {
    const std::string_view escape = address.substr(0, 3);
    if (escape == "%5B" || escape == "%5D" || escape == "%25") {
      text += escape == "%5B" ? '[' : escape == "%5D" ? ']' : '%';
      address.remove_prefix(3);
    } else {
      text += address.front();
      address.remove_prefix(1);
    }
  }
  return WithoutInterface(text);
}

}  // namespace

std::string WithoutInterface(std::string_view peer) {
  const size_t percent = peer.find('%');
  const size_t bracket = peer.find(']');
  if (percent == std::string_view::npos || bracket == std::string_view::npos || bracket < percent) {
    return std::string(peer);
  }
  return std::string(peer.substr(0, percent)) + std::string(peer.substr(bracket));
}

// One connection. Its holds keep it.
struct UnreadReplies::Reader {
  Reader(std::shared_ptr<State> all_readers, std::string its_peer)
      : state(std::move(all_readers)), peer(std::move(its_peer)) {}
  ~Reader();

  const std::shared_ptr<State> state;
  const std::string peer;
  std::atomic<size_t> bytes{0};
  // When its client last took something, or had nothing to take.
  std::atomic<int64_t> last_taken_ns{0};
  std::atomic<bool> shut{false};
};

struct UnreadReplies::State {
  State(size_t limit_bytes, Shut shut_connections_of, Clock its_clock)
      : limit(limit_bytes),
        shut(std::move(shut_connections_of)),
        clock(std::move(its_clock)),
        next_look(limit_bytes) {}

  int64_t Now() const { return absl::ToUnixNanos(clock()); }
  // Shuts as many connections as need be for the others to be within the limit.
  void Relieve();
  std::vector<std::shared_ptr<Reader>> Readers();
  // Where to look again if so much is held, though nothing came of looking now.
  size_t NextLookAfter(size_t held) const { return std::max(held, limit) + limit / 16; }

  const size_t limit;
  const Shut shut;
  const Clock clock;
  std::atomic<size_t> bytes{0};
  std::atomic<uint64_t> shut_connections{0};
  // What must be exceeded for another look: what was shut takes a while to be freed.
  std::atomic<size_t> next_look;
  std::atomic<bool> relieving{false};

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

std::vector<std::shared_ptr<UnreadReplies::Reader>> UnreadReplies::State::Readers() {
  std::vector<std::shared_ptr<Reader>> all;
  absl::MutexLock lock(&mu);
  all.reserve(readers.size());
  for (const auto& [peer, weak] : readers) {
    if (std::shared_ptr<Reader> reader = weak.lock(); reader != nullptr) {
      all.push_back(std::move(reader));
    }
  }
  return all;
}

void UnreadReplies::State::Relieve() {
  if (relieving.exchange(true)) {
    return;
  }
  struct Candidate {
    std::shared_ptr<Reader> reader;
    size_t bytes;
    bool is_stalled;
  };
  std::vector<Candidate> candidates;
  size_t sum = 0;
  const int64_t stalled_since = Now() - absl::ToInt64Nanoseconds(kStalled);
  for (std::shared_ptr<Reader>& reader : Readers()) {
    const size_t held = reader->bytes.load(std::memory_order_relaxed);
    if (held > 0 && !reader->shut.load(std::memory_order_relaxed)) {
      sum += held;
      const bool is_stalled =
          reader->last_taken_ns.load(std::memory_order_relaxed) <= stalled_since;
      candidates.push_back({std::move(reader), held, is_stalled});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.is_stalled != b.is_stalled ? a.is_stalled : a.bytes > b.bytes;
  });
  Peers peers;
  size_t shut_bytes = 0;
  for (const Candidate& candidate : candidates) {
    if (sum - shut_bytes <= limit) {
      break;
    }
    candidate.reader->shut.store(true, std::memory_order_relaxed);
    shut_bytes += candidate.bytes;
    peers.insert(candidate.reader->peer);
  }
  if (!peers.empty()) {
    shut_connections.fetch_add(peers.size(), std::memory_order_relaxed);
    Log(LogLevel::kWarning,
        "connections are closed: their clients leave answers unread, which are over "
        "max_unread_bytes in all",
        {{"connections", std::to_string(peers.size())},
         {"peer", *peers.begin()},
         {"unread_bytes", std::to_string(shut_bytes)}});
    shut(peers);
  }
  next_look.store(NextLookAfter(bytes.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  relieving.store(false);
}

UnreadReplies::UnreadReplies(size_t limit, Shut shut, Clock clock)
    : state_(std::make_shared<State>(limit, std::move(shut), std::move(clock))) {}

UnreadReplies::Hold& UnreadReplies::Hold::operator=(Hold&& other) noexcept {
  Release();
  reader_ = std::move(other.reader_);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void UnreadReplies::Hold::Resize(size_t bytes) {
  const size_t before = std::exchange(bytes_, bytes);
  if (bytes == before) {
    return;
  }
  State& state = *reader_->state;
  const size_t change = bytes - before;  // unsigned, so that a smaller number subtracts
  const size_t held_before = reader_->bytes.fetch_add(change, std::memory_order_relaxed);
  if (bytes < before || held_before == 0) {
    reader_->last_taken_ns.store(state.Now(), std::memory_order_relaxed);
  }
  const size_t all = state.bytes.fetch_add(change, std::memory_order_relaxed) + change;
  const size_t next_look = state.next_look.load(std::memory_order_relaxed);
  if (bytes > before) {
    if (all > next_look) {
      state.Relieve();
    }
    return;
  }
  const size_t lower = all <= state.limit ? state.limit : state.NextLookAfter(all);
  if (lower < next_look) {
    state.next_look.store(lower, std::memory_order_relaxed);
  }
}

bool UnreadReplies::Hold::is_shut() const { return reader_->shut.load(std::memory_order_relaxed); }

void UnreadReplies::Hold::Release() {
  if (reader_ != nullptr) {
    Resize(0);
    reader_ = nullptr;
  }
}

void UnreadReplies::Connected(std::string_view peer) {
  absl::MutexLock lock(&state_->mu);
  state_->readers.erase(WithoutInterface(peer));
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
