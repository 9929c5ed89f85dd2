// PipelineSession: frames byte by byte, as a client might send them, good and bad.
#include "server/processor/pipeline_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "kvick/v1/command.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

class PipelineSessionTest : public ProcessorFixture {
 protected:
  // Runs one frame to its end and returns the results.
  v1::PipelineResponse RunFrame(const std::string& frame, PipelineSession::State expected =
                                                              PipelineSession::State::kFrameEnd) {
    std::string bytes;
    session_.Begin(frame);
    PipelineSession::State state;
    while ((state = session_.Run()) == PipelineSession::State::kResults) {
      bytes += session_.TakeResults();
      ++frames_;
    }
    bytes += session_.TakeResults();
    EXPECT_EQ(state, expected);
    v1::PipelineResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    return response;
  }
  v1::PipelineResponse RunFrame(const v1::PipelineRequest& request) {
    return RunFrame(request.SerializeAsString());
  }
  static void AddSet(v1::PipelineRequest* frame, uint64_t id, const std::string& key,
                     const std::string& value) {
    auto* operation = frame->add_operations();
    operation->set_id(id);
    auto* set = operation->mutable_command()->mutable_string_set();
    set->set_key(key);
    set->mutable_value()->set_text(value);
  }
  static void AddGet(v1::PipelineRequest* frame, uint64_t id, const std::string& key) {
    auto* operation = frame->add_operations();
    operation->set_id(id);
    operation->mutable_command()->mutable_string_get()->set_key(key);
  }

  // An operation that takes from a list, or waits for an element for up to a minute.
  static void AddPopAny(v1::PipelineRequest* frame, const std::string& key) {
    auto* request = frame->add_operations()->mutable_command()->mutable_list_pop_any();
    request->add_keys(key);
    request->set_side(v1::SIDE_LEFT);
    request->mutable_max_wait()->set_seconds(60);
  }
  static v1::ListPushRequest PushRequest(const std::string& key) {
    v1::ListPushRequest push;
    push.set_key(key);
    push.set_side(v1::SIDE_RIGHT);
    *push.add_values() = Text("x");
    return push;
  }

  int ran_ = 0;
  int frames_ = 0;
  absl::Notification resumed_;
  std::thread::id resumer_;
  PipelineSession session_{table_, processor_, executor_,
                           [this](const Command&, absl::StatusCode) { ++ran_; },
                           [this] {
                             resumer_ = std::this_thread::get_id();
                             resumed_.Notify();
                           }};
  Executor executor_;  // last: its threads use what is above
};

TEST_F(PipelineSessionTest, AnswersInOrderWithTheIds) {
  v1::PipelineRequest frame;
  AddSet(&frame, 7, "a", "1");
  AddGet(&frame, 0, "a");
  AddGet(&frame, ~uint64_t{0}, "missing");
  const auto response = RunFrame(frame);
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(0).id(), 7u);
  EXPECT_TRUE(response.results(0).reply().string_set().mutation().applied());
  EXPECT_EQ(response.results(1).id(), 0u);
  EXPECT_EQ(response.results(1).reply().string_get().entry().value().text(), "1");
  EXPECT_EQ(response.results(2).id(), ~uint64_t{0});
  EXPECT_TRUE(response.results(2).reply().has_string_get());
  EXPECT_FALSE(response.results(2).reply().string_get().has_entry());
  EXPECT_EQ(ran_, 3);
}

TEST_F(PipelineSessionTest, OneBadOperationFailsAlone) {
  v1::PipelineRequest frame;
  AddSet(&frame, 1, "a", "1");
  AddSet(&frame, 2, "", "1");
  frame.add_operations()->set_id(3);
  auto* increment = frame.add_operations();
  increment->set_id(4);
  increment->mutable_command()->mutable_string_increment()->set_key("a");
  AddGet(&frame, 5, "a");
  const auto response = RunFrame(frame);
  ASSERT_EQ(response.results_size(), 5);
  EXPECT_EQ(response.results(1).status().reason(), v1::ERROR_REASON_KEY_EMPTY);
  EXPECT_EQ(response.results(1).status().code(), 3);
  EXPECT_FALSE(response.results(1).has_reply());
  EXPECT_EQ(response.results(2).status().reason(), v1::ERROR_REASON_COMMAND_MISSING);
  EXPECT_EQ(response.results(3).reply().string_increment().value(), 2);
  EXPECT_EQ(response.results(4).reply().string_get().entry().value().integer(), 2);
}

TEST_F(PipelineSessionTest, TextThatIsNotUtf8FailsAlone) {
  v1::PipelineRequest frame;
  AddSet(&frame, 1, "KEY_A", "1");
  AddSet(&frame, 2, "KEY_B", "1");
  AddSet(&frame, 3, "KEY_C", "1");
  std::string bytes = frame.SerializeAsString();
  bytes[bytes.find("KEY_B")] = '\xFF';
  const auto response = RunFrame(bytes);
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_FALSE(response.results(0).has_status());
  EXPECT_EQ(response.results(1).id(), 2u);
  EXPECT_EQ(response.results(1).status().reason(), v1::ERROR_REASON_MALFORMED_REQUEST);
  EXPECT_FALSE(response.results(2).has_status());
}

TEST_F(PipelineSessionTest, NothingOfHalfAFrameRuns) {
  v1::PipelineRequest frame;
  AddSet(&frame, 1, "a", "1");
  AddSet(&frame, 2, "b", "1");
  const std::string bytes = frame.SerializeAsString();
  const auto response =
      RunFrame(bytes.substr(0, bytes.size() - 3), PipelineSession::State::kBroken);
  EXPECT_EQ(response.results_size(), 0);
  EXPECT_EQ(store_.last_version(), 0);
  ExpectError(session_.status(), absl::StatusCode::kInvalidArgument, "MALFORMED_REQUEST");
}

TEST_F(PipelineSessionTest, TakesWhatProtobufTakes) {
  // Unknown fields everywhere, and a request in two pieces, which Protobuf merges.
  v1::PipelineRequest first;
  v1::PipelineRequest second;
  AddSet(&first, 9, "a", "1");
  second.add_operations()->mutable_command()->mutable_string_set()->set_key("b");
  std::string operation = first.operations(0).SerializeAsString();
  operation += second.operations(0).SerializeAsString();
  operation += "\xF8\x3F\x01";  // field 1023, varint
  std::string bytes = "\xF8\x3F\x01";
  bytes += "\x0A";
  bytes += static_cast<char>(operation.size());
  bytes += operation;
  bytes += "\xF8\x3F\x01";
  v1::PipelineRequest reference;
  ASSERT_TRUE(reference.ParseFromString(bytes));
  ASSERT_EQ(reference.operations(0).command().string_set().key(), "b");
  const auto response = RunFrame(bytes);
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).id(), 9u);
  EXPECT_TRUE(response.results(0).reply().has_string_set());
  v1::PipelineRequest get;
  AddGet(&get, 1, "b");
  EXPECT_EQ(RunFrame(get).results(0).reply().string_get().entry().value().text(), "1");
}

TEST_F(PipelineSessionTest, SendsResultsBeforeTheyGrowLarge) {
  v1::PipelineRequest frame;
  AddSet(&frame, 1, "a", std::string(100'000, 'x'));
  for (int i = 0; i < 100; ++i) AddGet(&frame, 2, "a");
  EXPECT_EQ(RunFrame(frame).results_size(), 101);
  EXPECT_GE(frames_, 30);
}

TEST_F(PipelineSessionTest, RefusesMoreOperationsThanAFrameMayCarry) {
  v1::PipelineRequest frame;
  for (int i = 0; i < kPipelineOperationsMax + 2; ++i) AddGet(&frame, 1, "a");
  const auto response = RunFrame(frame);
  ASSERT_EQ(response.results_size(), kPipelineOperationsMax + 2);
  EXPECT_FALSE(response.results(kPipelineOperationsMax - 1).has_status());
  EXPECT_EQ(response.results(kPipelineOperationsMax).status().reason(),
            v1::ERROR_REASON_TOO_MANY_ITEMS);
  EXPECT_EQ(RunFrame(frame).results(0).has_status(), false) << "the next frame counts anew";
}

TEST_F(PipelineSessionTest, AnOperationThatWaitsHoldsUpTheOnesBehindIt) {
  v1::PipelineRequest frame;
  AddSet(&frame, 1, "a", "1");
  AddPopAny(&frame, "list");
  AddGet(&frame, 3, "a");
  const std::string bytes = frame.SerializeAsString();
  session_.Begin(bytes);
  ASSERT_EQ(session_.Run(), PipelineSession::State::kWaiting);
  EXPECT_TRUE(session_.has_results());
  EXPECT_EQ(session_.Run(), PipelineSession::State::kWaiting);
  Must<v1::ListPushResponse>(PushRequest("list"));
  resumed_.WaitForNotification();
  EXPECT_NE(resumer_, std::this_thread::get_id()) << "not by the writer";
  ASSERT_EQ(session_.Run(), PipelineSession::State::kFrameEnd);
  v1::PipelineResponse response;
  ASSERT_TRUE(response.ParseFromString(session_.TakeResults()));
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(1).reply().list_pop_any().key(), "list");
  EXPECT_EQ(response.results(1).reply().list_pop_any().values(0).text(), "x");
  EXPECT_EQ(response.results(2).id(), 3u);
}

TEST_F(PipelineSessionTest, ManyOperationsRunInOrderWithBadOnesAmongThem) {
  v1::PipelineRequest frame;
  for (uint64_t i = 0; i < 100; ++i) {
    if (i % 10 == 3) {
      AddGet(&frame, i, "");
    } else {
      auto* operation = frame.add_operations();
      operation->set_id(i);
      auto* increment = operation->mutable_command()->mutable_string_increment();
      increment->set_key("counter");
      increment->set_delta(1);
    }
  }
  const std::string whole = frame.SerializeAsString();
  const auto response = RunFrame(whole);
  ASSERT_EQ(response.results_size(), 100);
  int64_t count = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(response.results(i).id(), static_cast<uint64_t>(i));
    if (i % 10 == 3) {
      EXPECT_EQ(response.results(i).status().reason(), v1::ERROR_REASON_KEY_EMPTY);
    } else {
      EXPECT_EQ(response.results(i).reply().string_increment().value(), ++count);
    }
  }
  // Of a frame that breaks nothing runs, however far behind the break is.
  const int64_t before = store_.last_version();
  const auto cut = RunFrame(whole.substr(0, whole.size() - 1), PipelineSession::State::kBroken);
  EXPECT_EQ(cut.results_size(), 0);
  EXPECT_EQ(store_.last_version(), before);
}

TEST_F(PipelineSessionTest, TimePassesForTheOperationsBehindAWait) {
  v1::PipelineRequest frame;
  AddSet(&frame, 1, "a", "1");
  frame.mutable_operations(0)
      ->mutable_command()
      ->mutable_string_set()
      ->mutable_expiry()
      ->mutable_ttl()
      ->set_seconds(5);
  AddPopAny(&frame, "list");
  AddGet(&frame, 3, "a");
  const std::string bytes = frame.SerializeAsString();
  session_.Begin(bytes);
  ASSERT_EQ(session_.Run(), PipelineSession::State::kWaiting);
  now_ += 10'000;
  clock_->Advance(std::chrono::minutes(1));
  resumed_.WaitForNotification();
  ASSERT_EQ(session_.Run(), PipelineSession::State::kFrameEnd);
  v1::PipelineResponse response;
  ASSERT_TRUE(response.ParseFromString(session_.TakeResults()));
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_FALSE(response.results(2).reply().string_get().has_entry()) << "it expired meanwhile";
}

TEST_F(PipelineSessionTest, CancelTakesTheWaitBackAndRunsNothingBehindIt) {
  v1::PipelineRequest frame;
  AddPopAny(&frame, "list");
  AddSet(&frame, 2, "behind", "1");
  const std::string bytes = frame.SerializeAsString();
  session_.Begin(bytes);
  ASSERT_EQ(session_.Run(), PipelineSession::State::kWaiting);
  session_.Cancel();
  resumed_.WaitForNotification();
  EXPECT_EQ(processor_.waiting_calls(), 0u);
  EXPECT_EQ(session_.Run(), PipelineSession::State::kCancelled);
  EXPECT_EQ(session_.Run(), PipelineSession::State::kCancelled);
  EXPECT_EQ(store_.Statistics().keys, 0u);
  EXPECT_EQ(store_.last_version(), 0);
}

TEST_F(PipelineSessionTest, CancelledBeforeItWaitsItDoesNotWait) {
  v1::PipelineRequest frame;
  AddPopAny(&frame, "list");
  const std::string bytes = frame.SerializeAsString();
  session_.Begin(bytes);
  session_.Cancel();
  EXPECT_EQ(session_.Run(), PipelineSession::State::kCancelled);
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

// Each session waits for what the one before it pushes. Whoever ends a wait must not run what was
// behind it: the whole chain would run on his thread, one call inside the other.
TEST_F(PipelineSessionTest, SessionsThatServeEachOtherRunOneAfterTheOther) {
  constexpr int kSessions = 500;
  struct Link {
    std::string frame;
    std::unique_ptr<PipelineSession> session;
  };
  static thread_local int depth = 0;
  std::vector<Link> links(kSessions);
  std::atomic<int> deepest{0};
  std::atomic<int> ended{0};
  absl::Notification last;
  for (int i = 0; i < kSessions; ++i) {
    v1::PipelineRequest frame;
    AddPopAny(&frame, "key" + std::to_string(i));
    *frame.add_operations()->mutable_command()->mutable_list_push() =
        PushRequest("key" + std::to_string(i + 1));
    Link& link = links[static_cast<size_t>(i)];
    link.frame = frame.SerializeAsString();
    link.session = std::make_unique<PipelineSession>(
        table_, processor_, executor_, [](const Command&, absl::StatusCode) {},
        [&, session = &link.session] {
          deepest = std::max(deepest.load(), ++depth);
          EXPECT_EQ((*session)->Run(), PipelineSession::State::kFrameEnd);
          --depth;
          if (++ended == kSessions) last.Notify();
        });
    link.session->Begin(link.frame);
    ASSERT_EQ(link.session->Run(), PipelineSession::State::kWaiting);
  }
  Must<v1::ListPushResponse>(PushRequest("key0"));
  last.WaitForNotification();
  EXPECT_EQ(deepest, 1);
  v1::ListLengthRequest length;
  length.set_key("key" + std::to_string(kSessions));
  EXPECT_EQ(Must<v1::ListLengthResponse>(length).length(), 1);
}

TEST_F(PipelineSessionTest, GarbageIsAnsweredOrRefusedNeverWorse) {
  std::mt19937_64 random(4242);
  v1::PipelineRequest good;
  AddSet(&good, 1, "a", "1");
  AddGet(&good, 2, "a");
  auto* batch = good.add_operations()->mutable_command()->mutable_string_batch_get();
  batch->add_keys("a");
  const std::string whole = good.SerializeAsString();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    session_.Begin(bytes);
    PipelineSession::State state;
    while ((state = session_.Run()) == PipelineSession::State::kResults) {
      session_.TakeResults();
    }
    ASSERT_TRUE(state == PipelineSession::State::kFrameEnd ||
                state == PipelineSession::State::kBroken);
    v1::PipelineResponse response;
    ASSERT_TRUE(response.ParseFromString(session_.TakeResults()));
  }
}

// Frames of all kinds of operations, damaged in all kinds of ways. What Protobuf takes as a
// PipelineRequest is answered operation by operation with the ids, but for groups and over-long
// tags, which the session refuses; nothing does any harm.
class DamagedFramesTest : public PipelineSessionTest {
 protected:
  std::string RandomFrame() {
    v1::PipelineRequest frame;
    for (int i = static_cast<int>(random_() % 6); i >= 0; --i) {
      auto* operation = frame.add_operations();
      operation->set_id(random_() >> (random_() % 64));
      auto* command = operation->mutable_command();
      const std::string key(1, static_cast<char>('a' + random_() % 4));
      switch (random_() % 5) {
        case 0:
          command->mutable_string_get()->set_key(key);
          break;
        case 1:
          command->mutable_string_increment()->set_key(key);
          break;
        case 2:
          command->mutable_hash_set()->set_key(key);
          (*command->mutable_hash_set()->mutable_fields())["f"].set_integer(5);
          break;
        case 3:
          command->mutable_list_push()->set_key(key);
          command->mutable_list_push()->set_side(v1::SIDE_LEFT);
          command->mutable_list_push()->add_values()->set_text("value");
          break;
        default:
          command->mutable_key_delete()->add_keys(key);
      }
    }
    return frame.SerializeAsString();
  }
  void Damage(std::string* bytes) {
    if (bytes->empty()) return;
    const size_t at = random_() % bytes->size();
    const size_t length = 1 + random_() % 8;
    switch (random_() % 5) {
      case 0:
        (*bytes)[at] = static_cast<char>(random_());
        return;
      case 1:
        bytes->erase(at, length);
        return;
      case 2:
        bytes->insert(random_() % bytes->size(), bytes->substr(at, length));
        return;
      case 3:
        bytes->insert(at, std::string(length, static_cast<char>(random_())));
        return;
      default:
        (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << random_() % 8));
    }
  }

  std::mt19937_64 random_{20'251'124};
};

TEST_F(DamagedFramesTest, WhatProtobufTakesIsAnsweredOperationByOperation) {
  int taken = 0;
  int refused = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string bytes = RandomFrame();
    for (uint64_t i = random_() % 4; i > 0; --i) Damage(&bytes);
    v1::PipelineRequest reference;
    const bool good = reference.ParseFromString(bytes);
    session_.Begin(bytes);
    const auto state = session_.Run();
    ASSERT_NE(state, PipelineSession::State::kResults);
    ASSERT_NE(state, PipelineSession::State::kWaiting);
    v1::PipelineResponse response;
    ASSERT_TRUE(response.ParseFromString(session_.TakeResults()));
    if (!good) continue;
    ++taken;
    if (state == PipelineSession::State::kFrameEnd) {
      ASSERT_EQ(response.results_size(), reference.operations_size());
    } else {
      ASSERT_LE(response.results_size(), reference.operations_size());
      ++refused;
    }
    for (int i = 0; i < response.results_size(); ++i) {
      const auto& result = response.results(i);
      ASSERT_EQ(result.id(), reference.operations(i).id());
      ASSERT_NE(result.has_status(), result.has_reply());
      refused += result.status().reason() == v1::ERROR_REASON_MALFORMED_REQUEST ? 1 : 0;
    }
  }
  EXPECT_GT(taken, 5'000);
  EXPECT_LT(refused, taken / 100);
}

TEST_F(PipelineSessionTest, AFieldOfAnotherWireTypeIsUnknown) {
  v1::PipelineRequest hidden;
  AddSet(&hidden, 0, "hidden", "1");
  const std::string command = hidden.operations(0).command().SerializeAsString();
  // Field 9 holds what looks like a command; field 2, `command`, comes as a number.
  std::string operation = "\x4A";
  operation += static_cast<char>(command.size());
  operation += command + std::string("\x10\x01", 2);
  std::string frame = "\x0A";
  frame += static_cast<char>(operation.size());
  frame += operation;
  frame += std::string("\x08\x01", 2);  // field 1, `operations`, as a number
  v1::PipelineRequest reference;
  ASSERT_TRUE(reference.ParseFromString(frame));
  ASSERT_FALSE(reference.operations(0).has_command());
  const auto response = RunFrame(frame);
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).status().reason(), v1::ERROR_REASON_COMMAND_MISSING);
  EXPECT_EQ(store_.Statistics().keys, 0u);
}

// Protobuf keeps the memory of cleared messages: a client must not pile it up.
TEST_F(PipelineSessionTest, WhatASessionKeepsIsBounded) {
  for (int i = 0; i < 200; ++i) {
    v1::PipelineRequest frame;
    auto* push = frame.add_operations()->mutable_command()->mutable_list_push();
    push->set_key("list");
    push->set_side(v1::SIDE_LEFT);
    for (int j = 0; j < 200; ++j) {
      push->add_values()->set_text(j == i ? std::string(60'000, 'x') : std::string());
    }
    EXPECT_FALSE(RunFrame(frame).results(0).has_status());
  }
  EXPECT_LT(session_.KeptBytes(), 1u << 20);
  // An answer that is refused when it has grown is not kept either.
  v1::PipelineRequest frame;
  auto* range = frame.add_operations()->mutable_command()->mutable_list_range();
  range->set_key("list");
  range->set_stop(-1);
  EXPECT_EQ(RunFrame(frame).results(0).status().reason(), v1::ERROR_REASON_REPLY_TOO_LARGE);
  EXPECT_LT(session_.KeptBytes(), 1u << 20);
}

}  // namespace
}  // namespace kvick::server
