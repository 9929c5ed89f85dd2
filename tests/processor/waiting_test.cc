// Calls that wait: served in the order of their arrival by the writer that made them possible, and
// taken back without ever taking anything.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/list.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

// A PopAny or Move on its way.
template <typename Request, typename Response>
struct Call {
  Request request;
  Response response;
  absl::Status status;
  absl::Notification done;
  bool gone = false;
  std::shared_ptr<Waiter> waiter;
};
using PopCall = Call<v1::ListPopAnyRequest, v1::ListPopAnyResponse>;
using MoveCall = Call<v1::ListMoveRequest, v1::ListMoveResponse>;

class WaitingTest : public ProcessorFixture {
 protected:
  template <typename Request, typename Response>
  void Start(Call<Request, Response>& call) {
    call.waiter = processor_.ExecuteOrWait(
        CommandFor<Request>(), call.request, &call.response,
        [&call](const absl::Status& status) {
          call.status = status;
          call.done.Notify();
        },
        [&call] { return call.gone; });
  }
  std::unique_ptr<PopCall> Pop(const std::vector<std::string>& keys, int seconds = 60,
                               int64_t count = 1) {
    auto call = std::make_unique<PopCall>();
    for (const std::string& key : keys) call->request.add_keys(key);
    call->request.set_side(v1::SIDE_LEFT);
    call->request.set_count(count);
    call->request.mutable_max_wait()->set_seconds(seconds);
    Start(*call);
    return call;
  }
  std::unique_ptr<MoveCall> Move(const std::string& from, const std::string& to) {
    auto call = std::make_unique<MoveCall>();
    call->request.set_source(from);
    call->request.set_destination(to);
    call->request.set_from_side(v1::SIDE_LEFT);
    call->request.set_to_side(v1::SIDE_RIGHT);
    call->request.mutable_max_wait()->set_seconds(60);
    Start(*call);
    return call;
  }
  v1::ListPushResponse Push(const std::string& key, const std::vector<std::string>& values) {
    v1::ListPushRequest request;
    request.set_key(key);
    request.set_side(v1::SIDE_RIGHT);
    for (const std::string& value : values) *request.add_values() = Text(value);
    auto response = Run<v1::ListPushResponse>(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::ListPushResponse());
  }
  int64_t Length(const std::string& key) {
    v1::ListLengthRequest request;
    request.set_key(key);
    return Run<v1::ListLengthResponse>(request)->length();
  }
};

TEST_F(WaitingTest, WhatIsThereIsAnsweredAtOnce) {
  Push("a", {"1", "2", "3"});
  const auto call = Pop({"missing", "a"}, 60, 2);
  ASSERT_TRUE(call->done.HasBeenNotified());
  EXPECT_EQ(call->waiter, nullptr);
  EXPECT_EQ(call->response.key(), "a");
  EXPECT_EQ(call->response.values_size(), 2);
  EXPECT_TRUE(call->response.mutation().applied());
}

TEST_F(WaitingTest, WithoutMaxWaitNobodyWaits) {
  const auto call = Pop({"a"}, 0);
  ASSERT_TRUE(call->done.HasBeenNotified());
  EXPECT_TRUE(call->status.ok());
  EXPECT_FALSE(call->response.has_key());
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

TEST_F(WaitingTest, ServedInTheOrderOfArrival) {
  std::vector<std::unique_ptr<PopCall>> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(Pop({"a", "b" + std::to_string(i)}));
  EXPECT_EQ(processor_.waiting_calls(), 40u);
  for (int i = 0; i < 40; ++i) {
    Push("a", {std::to_string(i)});
    ASSERT_TRUE(calls[i]->done.HasBeenNotified()) << "by the writer, before it returned";
    EXPECT_EQ(calls[i]->response.values(0).text(), std::to_string(i));
    EXPECT_TRUE(calls[i]->response.mutation().applied());
    EXPECT_GT(calls[i]->response.mutation().version(), 0);
  }
  EXPECT_EQ(processor_.waiting_calls(), 0u);
  EXPECT_EQ(Length("a"), 0);
}

TEST_F(WaitingTest, OneWriteServesMany) {
  std::vector<std::unique_ptr<PopCall>> calls;
  std::vector<std::string> values;
  for (int i = 0; i < 60; ++i) {
    calls.push_back(Pop({"a", "other" + std::to_string(i)}));
    values.push_back(std::to_string(i));
  }
  values.push_back("left over");
  Push("a", values);
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(calls[i]->done.HasBeenNotified()) << i;
    EXPECT_EQ(calls[i]->response.values(0).text(), std::to_string(i));
  }
  EXPECT_EQ(Length("a"), 1);
}

TEST_F(WaitingTest, MovesServeMovesDownTheChain) {
  const auto second = Move("b", "c");
  const auto first = Move("a", "b");
  const auto last = Pop({"c"});
  Push("a", {"x"});
  for (const auto* done : {&first->done, &second->done, &last->done}) {
    ASSERT_TRUE(done->HasBeenNotified());
  }
  EXPECT_EQ(first->response.value().text(), "x");
  EXPECT_EQ(last->response.values(0).text(), "x");
  EXPECT_EQ(Length("a") + Length("b") + Length("c"), 0);
}

TEST_F(WaitingTest, AMoveToItselfRotates) {
  const auto call = Move("a", "a");
  Push("a", {"1", "2"});
  ASSERT_TRUE(call->done.HasBeenNotified());
  EXPECT_EQ(call->response.value().text(), "1");
  EXPECT_EQ(Length("a"), 2);
}

TEST_F(WaitingTest, AKeyRenamedOrCopiedIntoPlaceServes) {
  const auto call = Pop({"a"});
  Push("other", {"x", "y"});
  v1::KeyRenameRequest rename;
  rename.set_key("other");
  rename.set_new_key("a");
  ASSERT_TRUE(Run<v1::KeyRenameResponse>(rename)->renamed());
  ASSERT_TRUE(call->done.HasBeenNotified());
  EXPECT_EQ(call->response.values(0).text(), "x");

  const auto again = Pop({"b"});
  v1::KeyCopyRequest copy;
  copy.set_key("a");
  copy.set_new_key("b");
  ASSERT_TRUE(Run<v1::KeyCopyResponse>(copy)->copied());
  ASSERT_TRUE(again->done.HasBeenNotified());
  EXPECT_EQ(again->response.values(0).text(), "y");
  EXPECT_EQ(Length("a"), 1);
}

TEST_F(WaitingTest, CancelTakesNothing) {
  const auto call = Pop({"a", "b"});
  processor_.Cancel(call->waiter);
  ASSERT_TRUE(call->done.HasBeenNotified());
  EXPECT_EQ(call->status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(processor_.waiting_calls(), 0u);
  Push("a", {"x"});
  EXPECT_EQ(Length("a"), 1);
  processor_.Cancel(call->waiter);  // again: nothing
}

TEST_F(WaitingTest, NothingIsTakenForACallThatIsGone) {
  const auto gone = Pop({"list"});
  const auto there = Pop({"list"});
  gone->gone = true;
  Push("list", {"a"});
  gone->done.WaitForNotification();
  EXPECT_EQ(gone->status.code(), absl::StatusCode::kDeadlineExceeded);
  there->done.WaitForNotification();
  ASSERT_EQ(there->response.values_size(), 1);
  EXPECT_EQ(there->response.values(0).text(), "a");
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

TEST_F(WaitingTest, TheWaitEndsEmpty) {
  auto call = std::make_unique<PopCall>();
  call->request.add_keys("a");
  call->request.set_side(v1::SIDE_LEFT);
  call->request.mutable_max_wait()->set_nanos(20'000'000);
  Start(*call);
  now_ += 3'600'000;  // the clock of the wall may jump
  clock_->Advance(std::chrono::milliseconds(19));
  const auto other = Pop({"b"}, 10);
  EXPECT_FALSE(call->done.HasBeenNotified());
  clock_->Advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(call->done.WaitForNotificationWithTimeout(absl::Seconds(30)));
  EXPECT_FALSE(other->done.HasBeenNotified());
  processor_.Cancel(other->waiter);
  EXPECT_TRUE(call->status.ok());
  EXPECT_FALSE(call->response.has_key());
  EXPECT_EQ(processor_.waiting_calls(), 0u);
  Push("a", {"x"});
  EXPECT_EQ(Length("a"), 1);
}

TEST_F(WaitingTest, AKeyOfAnotherTypeLeavesThemWaiting) {
  const auto call = Pop({"a"});
  v1::StringSetRequest set;
  set.set_key("a");
  *set.mutable_value() = Text("no list");
  ASSERT_TRUE(Run<v1::StringSetResponse>(set).ok());
  EXPECT_FALSE(call->done.HasBeenNotified());
  v1::KeyDeleteRequest remove;
  remove.add_keys("a");
  ASSERT_TRUE(Run<v1::KeyDeleteResponse>(remove).ok());
  Push("a", {"x"});
  EXPECT_TRUE(call->done.HasBeenNotified());
}

TEST_F(WaitingTest, ADestinationOfAnotherTypeFailsAndTakesNothing) {
  const auto call = Move("a", "string");
  v1::StringSetRequest set;
  set.set_key("string");
  *set.mutable_value() = Text("no list");
  ASSERT_TRUE(Run<v1::StringSetResponse>(set).ok());
  Push("a", {"x"});
  ASSERT_TRUE(call->done.HasBeenNotified());
  ExpectError(call->status, absl::StatusCode::kFailedPrecondition, "WRONG_TYPE");
  EXPECT_EQ(Length("a"), 1);
}

TEST_F(WaitingTest, APreconditionOfPopAnyIsAboutAllOfItsKeys) {
  const auto pop = [this](void (*demand)(v1::Precondition*)) {
    auto call = std::make_unique<PopCall>();
    call->request.add_keys("a");
    call->request.add_keys("b");
    call->request.set_side(v1::SIDE_LEFT);
    call->request.mutable_max_wait()->set_seconds(60);
    demand(call->request.mutable_precondition());
    Start(*call);
    return call;
  };
  const auto present = [](v1::Precondition* precondition) { precondition->set_present(true); };
  const auto absent = [](v1::Precondition* precondition) { precondition->set_absent(true); };
  Push("b", {"1", "2"});
  const auto refused = pop(present);
  ASSERT_TRUE(refused->done.HasBeenNotified()) << "nobody waits for a condition";
  EXPECT_TRUE(refused->status.ok());
  EXPECT_FALSE(refused->response.mutation().applied());
  EXPECT_EQ(refused->response.values_size(), 0);
  EXPECT_EQ(Length("b"), 2);
  Push("a", {"3"});
  const auto holds = pop(present);
  ASSERT_TRUE(holds->done.HasBeenNotified());
  EXPECT_TRUE(holds->response.mutation().applied());
  EXPECT_EQ(holds->response.values(0).text(), "3");

  Pop({"b"}, 0, 2);
  const auto waits = pop(absent);
  const auto next = Pop({"a"});
  ASSERT_FALSE(waits->done.HasBeenNotified());
  Push("a", {"4", "5"});
  ASSERT_TRUE(waits->done.HasBeenNotified()) << "it holds no more once a value is there";
  EXPECT_TRUE(waits->status.ok());
  EXPECT_FALSE(waits->response.mutation().applied());
  EXPECT_FALSE(waits->response.has_key());
  ASSERT_TRUE(next->done.HasBeenNotified()) << "the value goes to whoever waits next";
  EXPECT_EQ(next->response.values(0).text(), "4");
  EXPECT_EQ(Length("a"), 1);
}

TEST_F(WaitingTest, APreconditionOfMoveIsCheckedAgainWhenAValueArrives) {
  auto call = std::make_unique<MoveCall>();
  call->request.set_source("a");
  call->request.set_destination("b");
  call->request.set_from_side(v1::SIDE_LEFT);
  call->request.set_to_side(v1::SIDE_RIGHT);
  call->request.mutable_max_wait()->set_seconds(60);
  call->request.mutable_precondition()->set_absent(true);
  Start(*call);
  Push("b", {"1"});
  ASSERT_FALSE(call->done.HasBeenNotified()) << "only a value to move is an occasion to look";
  Push("a", {"2"});
  ASSERT_TRUE(call->done.HasBeenNotified());
  EXPECT_TRUE(call->status.ok());
  EXPECT_FALSE(call->response.mutation().applied());
  EXPECT_EQ(Length("a"), 1);
  EXPECT_EQ(Length("b"), 1);
}

TEST_F(WaitingTest, MaxWaitIsBounded) {
  for (const auto& [seconds, nanos] :
       {std::pair<int64_t, int>{-1, 0}, {0, -1}, {3601, 0}, {INT64_MAX, 0}}) {
    PopCall call;
    call.request.add_keys("a");
    call.request.set_side(v1::SIDE_LEFT);
    call.request.mutable_max_wait()->set_seconds(seconds);
    call.request.mutable_max_wait()->set_nanos(nanos);
    Start(call);
    ExpectError(call.status, absl::StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
  }
}

TEST_F(WaitingTest, StopWaitingEndsThemAll) {
  const auto first = Pop({"a"});
  const auto second = Pop({"b"});
  processor_.StopWaiting();
  ExpectError(first->status, absl::StatusCode::kUnavailable, "SHUTTING_DOWN");
  ExpectError(second->status, absl::StatusCode::kUnavailable, "SHUTTING_DOWN");
  const auto late = Pop({"c"});
  ExpectError(late->status, absl::StatusCode::kUnavailable, "SHUTTING_DOWN");
}

class FewWaitersTest : public ProcessorFixture {
 protected:
  FewWaitersTest() : ProcessorFixture(0, {.max_waiters = 1}) {}
};

TEST_F(FewWaitersTest, TheirNumberIsBounded) {
  v1::ListPopAnyRequest request;
  request.add_keys("a");
  request.set_side(v1::SIDE_LEFT);
  request.mutable_max_wait()->set_seconds(60);
  const Command& command = CommandFor<v1::ListPopAnyRequest>();
  v1::ListPopAnyResponse response;
  absl::Status status;
  const auto done = [&](const absl::Status& result) { status = result; };
  const auto first = processor_.ExecuteOrWait(command, request, &response, done);
  v1::ListPopAnyResponse second_response;
  EXPECT_EQ(processor_.ExecuteOrWait(command, request, &second_response, done), nullptr);
  ExpectError(status, absl::StatusCode::kResourceExhausted, "TOO_MANY_WAITERS");
  processor_.Cancel(first);
}

// What waiting calls keep is bounded too, and all of it is given back.
class FewBytesTest : public ProcessorFixture {
 protected:
  FewBytesTest() : ProcessorFixture(0, {.max_waiters = 100, .max_bytes_per_waiter = 1000}) {}

  // Waits for `keys` keys of `bytes` bytes until it is cancelled.
  absl::Status Wait(int keys, size_t bytes) {
    PopCall& call = *calls_.emplace_back(std::make_unique<PopCall>());
    for (int i = 0; i < keys; ++i) {
      call.request.add_keys(std::to_string(1000 + i) + std::string(bytes - 4, 'k'));
    }
    call.request.set_side(v1::SIDE_LEFT);
    call.request.mutable_max_wait()->set_seconds(60);
    call.waiter =
        processor_.ExecuteOrWait(CommandFor<v1::ListPopAnyRequest>(), call.request, &call.response,
                                 [&call](const absl::Status& status) { call.status = status; });
    return call.status;
  }
  void CancelAll() {
    for (const auto& call : calls_) {
      if (call->waiter != nullptr) processor_.Cancel(call->waiter);
    }
    calls_.clear();
  }

  std::vector<std::unique_ptr<PopCall>> calls_;
};

TEST_F(FewBytesTest, KeysCountByNumberAndByLength) {
  for (int round = 0; round < 3; ++round) {
    for (const auto& [keys, bytes] : {std::pair<int, size_t>{100, 10}, {10, 1000}}) {
      int waiting = 0;
      absl::Status status;
      while ((status = Wait(keys, bytes)).ok()) ++waiting;
      ExpectError(status, absl::StatusCode::kResourceExhausted, "TOO_MANY_WAITERS");
      EXPECT_GE(waiting, 4);
      EXPECT_LE(waiting, 6);
      CancelAll();
      EXPECT_EQ(processor_.waiting_calls(), 0u);
    }
  }
}

// Writers, waiters and cancellers at once: every value comes out exactly once.
TEST_F(WaitingTest, NothingIsLostOrDoubledUnderConcurrency) {
  constexpr int kValues = 4000;
  constexpr int kKeys = 5;
  std::atomic<int> popped{0};
  std::vector<std::atomic<int>> seen(kValues);
  std::atomic<bool> stop{false};
  const auto consume = [&](unsigned seed) {
    while (!stop) {
      auto call =
          Pop({"k" + std::to_string(seed % kKeys), "k" + std::to_string((seed + 1) % kKeys)});
      if (seed++ % 3 == 0 && call->waiter != nullptr) {
        processor_.Cancel(call->waiter);
      }
      while (!call->done.WaitForNotificationWithTimeout(absl::Milliseconds(5))) {
        if (stop && call->waiter != nullptr) {
          processor_.Cancel(call->waiter);
        }
      }
      for (const auto& value : call->response.values()) {
        ++seen[std::stoul(value.text())];
        ++popped;
      }
    }
  };
  const auto shuffle = [&] {
    for (int i = 0; !stop; ++i) {
      v1::ListMoveRequest move;
      move.set_source("k" + std::to_string(i % kKeys));
      move.set_destination("k" + std::to_string((i + 2) % kKeys));
      move.set_from_side(v1::SIDE_RIGHT);
      move.set_to_side(v1::SIDE_LEFT);
      ASSERT_TRUE(Run<v1::ListMoveResponse>(move).ok());
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i) threads.emplace_back(consume, i * 7);
  threads.emplace_back(shuffle);
  for (int i = 0; i < kValues; ++i) Push("k" + std::to_string(i % kKeys), {std::to_string(i)});
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (popped < kValues && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(popped, kValues);
  for (int i = 0; i < kValues; ++i) ASSERT_EQ(seen[i], 1) << i;
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

}  // namespace
}  // namespace kvick::server
