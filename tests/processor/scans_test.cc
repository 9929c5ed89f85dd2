// Scan, DeleteMatching and Sample, frame by frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>

#include "kvick/v1/hash.pb.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "server/commands/scan_steps.h"
#include "server/processor/key_sample.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

class ScansTest : public ProcessorFixture {
 protected:
  const StreamCommand& StreamFor(const google::protobuf::Descriptor* request) {
    for (const std::string_view name : CommandTable::Services()) {
      const auto* service =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(name));
      for (int i = 0; i < service->method_count(); ++i) {
        if (service->method(i)->input_type() == request)
          return *table_.FindStream(*service->method(i));
      }
    }
    std::abort();
  }
  // Reads a stream to its end; `between` runs after every frame.
  template <typename Response, typename Request>
  absl::Status Read(
      const Request& request, std::vector<Response>* frames,
      const std::function<void()>& between = [] {}) {
    auto source = StreamFor(Request::descriptor()).Start(request, [] {});
    if (!source.ok()) return source.status();
    absl::Cord frame;
    absl::Status status;
    while ((*source)->Next(&frame, &status) == FrameSource::State::kFrame) {
      EXPECT_TRUE(frames->emplace_back().ParseFromString(std::string(frame)));
      EXPECT_LE(frame.size(), 200u << 10);
      between();
    }
    return status;
  }
  void Set(const std::string& key) {
    v1::StringSetRequest request;
    request.set_key(key);
    *request.mutable_value() = Text("v");
    ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  }
  void Delete(const std::string& key) {
    v1::KeyDeleteRequest request;
    request.add_keys(key);
    ASSERT_TRUE(Run<v1::KeyDeleteResponse>(request).ok());
  }
  static int64_t ItemsOf(const v1::SetScanResponse& frame) { return frame.members_size(); }
  static int64_t ItemsOf(const v1::HashScanResponse& frame) { return frame.fields_size(); }
  // How many elements a scan answers.
  int64_t CountOf(const v1::SetScanRequest& request) { return Count<v1::SetScanResponse>(request); }
  int64_t CountOf(const v1::HashScanRequest& request) {
    return Count<v1::HashScanResponse>(request);
  }
  template <typename Response, typename Request>
  int64_t Count(const Request& request) {
    std::vector<Response> frames;
    EXPECT_TRUE(Read(request, &frames).ok());
    int64_t items = 0;
    for (const Response& frame : frames) items += ItemsOf(frame);
    return items;
  }
  std::set<std::string> ScanKeys(const v1::KeyScanRequest& request) {
    std::vector<v1::KeyScanResponse> frames;
    EXPECT_TRUE(Read(request, &frames).ok());
    std::set<std::string> keys;
    for (const auto& frame : frames) {
      for (const auto& key : frame.keys()) keys.insert(key.key());
    }
    return keys;
  }
};

TEST_F(ScansTest, SelectorsAndTypes) {
  for (const char* key : {"user:1", "user:2", "users", "other", "h\xC3\xA9"}) Set(key);
  v1::SetAddRequest add;
  add.set_key("user:set");
  *add.add_members() = Text("m");
  ASSERT_TRUE(Run<v1::SetAddResponse>(add).ok());
  v1::KeyScanRequest request;
  request.mutable_selector()->set_all(true);
  EXPECT_EQ(ScanKeys(request).size(), 6u);
  request.mutable_selector()->set_prefix("user:");
  EXPECT_EQ(ScanKeys(request), (std::set<std::string>{"user:1", "user:2", "user:set"}));
  request.mutable_selector()->set_glob("user?*[12]");
  EXPECT_EQ(ScanKeys(request), (std::set<std::string>{"user:1", "user:2"}));
  request.mutable_selector()->set_key("other");
  EXPECT_EQ(ScanKeys(request), (std::set<std::string>{"other"}));
  request.mutable_selector()->set_all(true);
  request.set_type(v1::KEY_TYPE_SET);
  EXPECT_EQ(ScanKeys(request), (std::set<std::string>{"user:set"}));
}

TEST_F(ScansTest, BadRequestsAreRefused) {
  std::vector<v1::KeyScanResponse> frames;
  v1::KeyScanRequest request;
  ExpectError(Read(request, &frames), absl::StatusCode::kInvalidArgument, "SELECTOR_MISSING");
  request.mutable_selector()->set_all(false);
  ExpectError(Read(request, &frames), absl::StatusCode::kInvalidArgument, "SELECTOR_MISSING");
  request.mutable_selector()->set_glob(std::string(2000, '*'));
  ExpectError(Read(request, &frames), absl::StatusCode::kInvalidArgument, "PATTERN_INVALID");
  request.mutable_selector()->set_all(true);
  request.mutable_page()->set_token("k0000000000000001deadbeef");
  ExpectError(Read(request, &frames), absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID");
  request.mutable_page()->set_token("");
  request.mutable_page()->set_limit(-1);
  ExpectError(Read(request, &frames), absl::StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
  request.mutable_page()->set_limit(0);
  request.set_type(static_cast<v1::KeyType>(99));
  ExpectError(Read(request, &frames), absl::StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
}

TEST_F(ScansTest, EmptyAndOverLongKeysAreRefused) {
  const std::string too_long(store_.options().limits.max_key_bytes + 1, 'k');
  std::vector<v1::KeyScanResponse> frames;
  std::vector<v1::SetScanResponse> set_frames;
  v1::KeyScanRequest keys;
  v1::SetScanRequest members;
  keys.mutable_selector()->set_key("");
  ExpectError(Read(keys, &frames), absl::StatusCode::kInvalidArgument, "KEY_EMPTY");
  ExpectError(Read(members, &set_frames), absl::StatusCode::kInvalidArgument, "KEY_EMPTY");
  keys.mutable_selector()->set_key(too_long);
  ExpectError(Read(keys, &frames), absl::StatusCode::kInvalidArgument, "KEY_TOO_LONG");
  keys.mutable_selector()->set_prefix(too_long);
  ExpectError(Read(keys, &frames), absl::StatusCode::kInvalidArgument, "KEY_TOO_LONG");
  members.set_key(too_long);
  ExpectError(Read(members, &set_frames), absl::StatusCode::kInvalidArgument, "KEY_TOO_LONG");
}

// A step, which asks once for the time, ends when matching has been much work, though nothing
// matches: other calls get at the shard meanwhile.
TEST_F(ScansTest, StepsEndByTheWorkOfMatching) {
  constexpr int kKeys = 1000;
  for (int i = 0; i < kKeys; ++i) Set("{one shard}" + std::string(1000, 'a') + std::to_string(i));
  const std::string glob = "*" + std::string(900, 'a') + "b*";
  const int least_steps = kKeys * 1000 / (2 * int{kScanStepBytes});
  v1::KeyScanRequest scan;
  scan.mutable_selector()->set_glob(glob);
  int before = clock_calls_;
  EXPECT_TRUE(ScanKeys(scan).empty());
  EXPECT_GE(clock_calls_ - before, static_cast<int>(store_.shard_count()) + least_steps);
  v1::KeyDeleteMatchingRequest remove;
  remove.mutable_selector()->set_glob(glob);
  std::vector<v1::KeyDeleteMatchingResponse> frames;
  before = clock_calls_;
  ASSERT_TRUE(Read(remove, &frames).ok());
  EXPECT_GE(clock_calls_ - before, static_cast<int>(store_.shard_count()) + least_steps);
  EXPECT_EQ(frames.back().scanned(), kKeys);
  EXPECT_EQ(frames.back().deleted(), 0);
}

TEST_F(ScansTest, StepsOverLargeElementsAreShort) {
  constexpr int kMembers = 50;
  v1::SetAddRequest add;
  v1::HashSetRequest set;
  add.set_key("s");
  set.set_key("h");
  for (int i = 0; i < kMembers; ++i) {
    *add.add_members() = Text(std::string(100'000, 'a') + std::to_string(i));
    (*set.mutable_fields())[std::string(1000, 'a') + std::to_string(i)] = Text("v");
  }
  ASSERT_TRUE(Run<v1::SetAddResponse>(add).ok());
  ASSERT_TRUE(Run<v1::HashSetResponse>(set).ok());
  std::vector<v1::SetScanResponse> frames;
  v1::SetScanRequest scan;
  scan.set_key("s");
  scan.set_glob("*b*");
  ASSERT_TRUE(Read(scan, &frames).ok());
  EXPECT_GE(frames.size(), kMembers / 2);
  for (const auto& frame : frames) {
    EXPECT_TRUE(frame.members().empty());
  }
  // Classes take more steps a byte.
  std::vector<v1::HashScanResponse> hash_frames;
  v1::HashScanRequest scan_hash;
  scan_hash.set_key("h");
  scan_hash.set_glob("*[a]" + std::string(900, 'a') + "b*");
  ASSERT_TRUE(Read(scan_hash, &hash_frames).ok());
  EXPECT_GE(hash_frames.size(), kMembers * 1000 * 15 / kScanStepBytes / 2);
  for (const auto& frame : hash_frames) {
    EXPECT_TRUE(frame.fields().empty());
  }
}

TEST_F(ScansTest, PagesGoOnWhereTheyEnded) {
  for (int i = 0; i < 3000; ++i) Set("key" + std::to_string(i));
  v1::KeyScanRequest request;
  request.mutable_selector()->set_all(true);
  request.mutable_page()->set_limit(100);
  std::multiset<std::string> seen;
  int pages = 0;
  do {
    std::vector<v1::KeyScanResponse> frames;
    ASSERT_TRUE(Read(request, &frames).ok());
    for (const auto& frame : frames) {
      for (const auto& key : frame.keys()) seen.insert(key.key());
    }
    request.mutable_page()->set_token(frames.back().next_page_token());
    ++pages;
  } while (!request.page().token().empty());
  EXPECT_GE(pages, 20);
  EXPECT_EQ(seen.size(), 3000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 3000u);
}

TEST_F(ScansTest, PagesOfElementsAreAsLongAsTheirLimit) {
  v1::SetAddRequest add;
  v1::HashSetRequest set;
  add.set_key("s");
  set.set_key("h");
  for (int i = 0; i < 5000; ++i) {
    *add.add_members() = Text("member" + std::to_string(i));
    (*set.mutable_fields())["field" + std::to_string(i)] = Text("value");
  }
  ASSERT_TRUE(Run<v1::SetAddResponse>(add).ok());
  ASSERT_TRUE(Run<v1::HashSetResponse>(set).ok());
  for (const int64_t limit : {1, 10, 4500}) {
    v1::SetScanRequest members;
    members.set_key("s");
    members.mutable_page()->set_limit(limit);
    EXPECT_EQ(CountOf(members), limit);
    v1::HashScanRequest fields;
    fields.set_key("h");
    fields.mutable_page()->set_limit(limit);
    EXPECT_EQ(CountOf(fields), limit);
    fields.set_glob("*9");
    EXPECT_EQ(CountOf(fields), std::min<int64_t>(limit, 500)) << "what does not match is no item";
  }
}

TEST_F(ScansTest, PagesOfOneElementReachTheEnd) {
  v1::SetAddRequest add;
  add.set_key("s");
  for (int i = 0; i < 300; ++i) *add.add_members() = Text("member" + std::to_string(i));
  ASSERT_TRUE(Run<v1::SetAddResponse>(add).ok());
  v1::SetScanRequest request;
  request.set_key("s");
  request.mutable_page()->set_limit(1);
  std::multiset<std::string> seen;
  do {
    std::vector<v1::SetScanResponse> frames;
    ASSERT_TRUE(Read(request, &frames).ok());
    for (const auto& frame : frames) {
      for (const auto& member : frame.members()) seen.insert(member.text());
    }
    request.mutable_page()->set_token(frames.back().next_page_token());
  } while (!request.page().token().empty() && seen.size() < 1000);
  EXPECT_EQ(seen.size(), 300u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 300u);
}

TEST_F(ScansTest, APackedCollectionComesWhole) {
  v1::SetAddRequest add;
  add.set_key("s");
  for (int i = 0; i < 100; ++i) *add.add_members() = Text(std::to_string(i));
  ASSERT_TRUE(Run<v1::SetAddResponse>(add).ok());
  v1::SetScanRequest request;
  request.set_key("s");
  request.mutable_page()->set_limit(1);
  std::vector<v1::SetScanResponse> frames;
  ASSERT_TRUE(Read(request, &frames).ok());
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].members_size(), 100);
  EXPECT_TRUE(frames[0].next_page_token().empty());
}

TEST_F(ScansTest, WhatStaysIsSeenWhileOthersComeAndGo) {
  for (int i = 0; i < 20000; ++i) Set("staying:" + std::to_string(i));
  std::mt19937 random(3);
  v1::KeyScanRequest request;
  request.mutable_selector()->set_prefix("staying:");
  std::vector<v1::KeyScanResponse> frames;
  bool grow = true;
  ASSERT_TRUE(Read(request, &frames, [&] {
                for (int i = 0; i < 20000; ++i) {
                  const std::string key = "coming" + std::to_string(i);
                  grow ? Set(key) : Delete(key);
                }
                grow = !grow;
              }).ok());
  std::set<std::string> seen;
  for (const auto& frame : frames) {
    for (const auto& key : frame.keys()) seen.insert(key.key());
  }
  EXPECT_EQ(seen.size(), 20000u);
  EXPECT_GT(frames.size(), 3u);
}

TEST_F(ScansTest, ElementsOfLargeSetsAndHashesComeInFrames) {
  v1::SetAddRequest add;
  v1::HashSetRequest set;
  add.set_key("s");
  set.set_key("h");
  for (int i = 0; i < 10000; ++i) {
    *add.add_members() = Text("member" + std::to_string(i));
    (*set.mutable_fields())["field" + std::to_string(i)] = Text("value");
  }
  ASSERT_TRUE(Run<v1::SetAddResponse>(add).ok());
  ASSERT_TRUE(Run<v1::HashSetResponse>(set).ok());
  std::set<std::string> members;
  std::vector<v1::SetScanResponse> set_frames;
  v1::SetScanRequest scan_set;
  scan_set.set_key("s");
  ASSERT_TRUE(Read(scan_set, &set_frames).ok());
  for (const auto& frame : set_frames) {
    for (const auto& member : frame.members()) members.insert(member.text());
  }
  EXPECT_EQ(members.size(), 10000u);
  EXPECT_GT(set_frames.size(), 1u);
  std::set<std::string> fields;
  std::vector<v1::HashScanResponse> hash_frames;
  v1::HashScanRequest scan_hash;
  scan_hash.set_key("h");
  scan_hash.set_glob("*9");
  ASSERT_TRUE(Read(scan_hash, &hash_frames).ok());
  for (const auto& frame : hash_frames) {
    for (const auto& field : frame.fields()) fields.insert(field.field());
  }
  EXPECT_EQ(fields.size(), 1000u);
  scan_hash.set_key("s");
  ExpectError(Read(scan_hash, &hash_frames), absl::StatusCode::kFailedPrecondition, "WRONG_TYPE");
  scan_hash.set_key("");
  ExpectError(Read(scan_hash, &hash_frames), absl::StatusCode::kInvalidArgument, "KEY_EMPTY");
}

TEST_F(ScansTest, DeleteMatchingDeletesExactlyThose) {
  for (int i = 0; i < 25000; ++i) {
    Set("go" + std::to_string(i));
    if (i % 10 == 0) Set("stay" + std::to_string(i));
  }
  v1::KeyDeleteMatchingRequest request;
  request.mutable_selector()->set_glob("go*");
  std::vector<v1::KeyDeleteMatchingResponse> frames;
  ASSERT_TRUE(Read(request, &frames).ok());
  EXPECT_GT(frames.size(), 1u);
  EXPECT_TRUE(frames.back().done());
  EXPECT_EQ(frames.back().deleted(), 25000);
  EXPECT_GE(frames.back().scanned(), 27500);
  EXPECT_EQ(store_.Statistics().keys, 2500u);
}

TEST_F(ScansTest, SampleAnswersAKeyThatIsThere) {
  auto response = Run<v1::KeySampleResponse>(v1::KeySampleRequest());
  ASSERT_TRUE(response.ok());
  EXPECT_FALSE(response->has_key());
  for (int i = 0; i < 50; ++i) Set("key" + std::to_string(i));
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i)
    seen.insert(Run<v1::KeySampleResponse>(v1::KeySampleRequest())->key());
  EXPECT_GT(seen.size(), 40u);
  EXPECT_LE(seen.size(), 50u);
}

// How far the draws of SampleKey are from even ones: Pearson's chi-square.
double ChiSquare(const std::map<std::string, int>& draws, size_t keys) {
  int sum = 0;
  for (const auto& [key, times] : draws) sum += times;
  const double expected = static_cast<double>(sum) / static_cast<double>(keys);
  double chi_square = expected * static_cast<double>(keys - draws.size());
  for (const auto& [key, times] : draws) {
    chi_square += (times - expected) * (times - expected) / expected;
  }
  return chi_square;
}

TEST_F(ScansTest, SamplesAreEven) {
  // Few keys; and some that share a shard while others have one to themselves.
  for (int i = 0; i < 5; ++i) Set("key" + std::to_string(i));
  std::mt19937_64 random(1);
  std::map<std::string, int> draws;
  for (int i = 0; i < 10'000; ++i) ++draws[SampleKey(store_, random).value()];
  EXPECT_LT(ChiSquare(draws, 5), 40) << "4 degrees of freedom: one run in ten million";
  for (int i = 0; i < 5; ++i) Set("{tag}" + std::to_string(i));
  draws.clear();
  for (int i = 0; i < 10'000; ++i) ++draws[SampleKey(store_, random).value()];
  EXPECT_LT(ChiSquare(draws, 10), 52) << "9 degrees of freedom";
}

TEST_F(ScansTest, SamplesPassOverExpiredKeys) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) {
    v1::StringSetRequest request;
    request.set_key("going" + std::to_string(i));
    *request.mutable_value() = Text("v");
    request.mutable_expiry()->mutable_ttl()->set_seconds(1);
    ASSERT_TRUE(Run<v1::StringSetResponse>(request).ok());
  }
  Set("a");
  Set("b");
  now_ += 2000;
  std::map<std::string, int> draws;
  for (int i = 0; i < 1000; ++i) ++draws[SampleKey(store_, random).value()];
  EXPECT_EQ(draws.size(), 2u);
  EXPECT_LT(ChiSquare(draws, 2), 30);
  Delete("a");
  EXPECT_EQ(SampleKey(store_, random), "b");
  Delete("b");
  EXPECT_EQ(SampleKey(store_, random), std::nullopt) << "none that has not expired";
}

}  // namespace
}  // namespace kvick::server
