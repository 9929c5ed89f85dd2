#include "client/bench/workload.h"

#include <algorithm>
#include <random>

#include "kvick/v1/command.pb.h"
#include "kvick/v1/string.pb.h"

namespace kvick::bench {
namespace {

constexpr int64_t kMaxRequests = 1 << 18;
constexpr int64_t kMaxFrameBytes = 64 << 20;

// Draws operations by the mix and fills their messages.
class Drawer {
 public:
  explicit Drawer(const LoadOptions& options)
      : options_(options), value_(ValueOf(options)), random_(options.seed) {}

  bool DrawIsSet() { return std::uniform_real_distribution<>(0, 1)(random_) < options_.set_ratio; }
  void Fill(v1::StringGetRequest* get) { get->set_key(DrawKey()); }
  void Fill(v1::StringSetRequest* set) {
    set->set_key(DrawKey());
    set->mutable_value()->set_data(value_);
    FillExpiry(options_, set);
  }

 private:
  std::string DrawKey() {
    return KeyOf(std::uniform_int_distribution<int64_t>(0, options_.keys - 1)(random_), options_);
  }

  const LoadOptions& options_;
  const std::string value_;
  std::mt19937_64 random_;
};

// Reads wire format; every step checks what is left.
class WireReader {
 public:
  WireReader(const char* data, size_t size) : data_(data), end_(data + size) {}

  bool done() const { return data_ == end_; }
  bool ReadVarint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64 && data_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*data_++);
      *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool ReadBytes(WireReader* inner) {
    uint64_t size = 0;
    if (!ReadVarint(&size) || size > static_cast<uint64_t>(end_ - data_)) return false;
    *inner = WireReader(data_, size);
    data_ += size;
    return true;
  }

 private:
  const char* data_;
  const char* end_;
};

constexpr uint64_t kResultsTag = v1::PipelineResponse::kResultsFieldNumber << 3 | 2;
constexpr uint64_t kIdTag = v1::PipelineResult::kIdFieldNumber << 3;
constexpr uint64_t kStatusTag = v1::PipelineResult::kStatusFieldNumber << 3 | 2;

// True when a result starts with a status, after its id.
bool IsError(WireReader result) {
  uint64_t tag = 0;
  uint64_t id = 0;
  if (!result.ReadVarint(&tag)) return false;
  if (tag == kIdTag && !(result.ReadVarint(&id) && result.ReadVarint(&tag))) return false;
  return tag == kStatusTag;
}

}  // namespace

std::string KeyOf(int64_t number, const LoadOptions& options) {
  std::string digits = std::to_string(number);
  const size_t width = std::max<size_t>(options.key_bytes, 4 + digits.size());
  return "key:" + std::string(width - 4 - digits.size(), '0') + digits;
}

std::string ValueOf(const LoadOptions& options) {
  std::mt19937_64 random(options.seed);
  std::string value(options.value_bytes, '\0');
  for (char& byte : value) byte = static_cast<char>(random());
  return value;
}

void FillExpiry(const LoadOptions& options, v1::StringSetRequest* set) {
  if (options.expiry == absl::ZeroDuration()) return;
  const int64_t milliseconds = absl::ToInt64Milliseconds(options.expiry);
  auto* ttl = set->mutable_expiry()->mutable_ttl();
  ttl->set_seconds(milliseconds / 1000);
  ttl->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
}

std::vector<PreparedRequest> PrepareUnary(const LoadOptions& options) {
  Drawer drawer(options);
  const int64_t by_size = kMaxFrameBytes / (options.value_bytes + options.key_bytes + 16);
  std::vector<PreparedRequest> requests(std::clamp<int64_t>(by_size, 16, kMaxRequests));
  for (PreparedRequest& request : requests) {
    request.is_set = drawer.DrawIsSet();
    if (request.is_set) {
      v1::StringSetRequest set;
      drawer.Fill(&set);
      request.bytes = set.SerializeAsString();
    } else {
      v1::StringGetRequest get;
      drawer.Fill(&get);
      request.bytes = get.SerializeAsString();
    }
  }
  return requests;
}

std::vector<PreparedRequest> PrepareFrames(const LoadOptions& options) {
  Drawer drawer(options);
  std::vector<PreparedRequest> frames;
  int64_t bytes = 0;
  const int64_t enough = std::max<int64_t>(16, 2 * options.keys / options.depth);
  while (std::ssize(frames) < enough && (frames.size() < 2 || bytes < kMaxFrameBytes)) {
    v1::PipelineRequest frame;
    for (int i = 0; i < options.depth; ++i) {
      v1::PipelineOperation* operation = frame.add_operations();
      operation->set_id(static_cast<uint64_t>(i) + 1);
      if (drawer.DrawIsSet()) {
        drawer.Fill(operation->mutable_command()->mutable_string_set());
      } else {
        drawer.Fill(operation->mutable_command()->mutable_string_get());
      }
    }
    frames.push_back({.bytes = frame.SerializeAsString()});
    bytes += std::ssize(frames.back().bytes);
  }
  return frames;
}

FrameSummary SummarizeFrame(const char* data, size_t size) {
  FrameSummary summary;
  WireReader frame(data, size);
  WireReader result(data, 0);
  while (!frame.done()) {
    uint64_t tag = 0;
    if (!frame.ReadVarint(&tag) || tag != kResultsTag || !frame.ReadBytes(&result)) {
      summary.valid = false;
      break;
    }
    ++summary.results;
    summary.errors += IsError(result) ? 1 : 0;
  }
  return summary;
}

}  // namespace kvick::bench
