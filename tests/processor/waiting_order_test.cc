// Calls that wait, many of them: fairness, long chains, keys of other types, expiry of what is made
// while they wait.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/list.pb.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

// A PopAny or Move on its way.
template <typename RequestType, typename ResponseType>
struct Call {
  RequestType request;
  ResponseType response;
  absl::Status status;
  bool done = false;
  std::shared_ptr<Waiter> waiter;
};
using PopCall = Call<v1::ListPopAnyRequest, v1::ListPopAnyResponse>;
using MoveCall = Call<v1::ListMoveRequest, v1::ListMoveResponse>;

// Everything here happens on the test's own thread: writers serve before they return.
class WaitingOrderTest : public ProcessorFixture {
 protected:
  template <typename Request, typename Response>
  void Start(Call<Request, Response>& call) {
    call.request.mutable_max_wait()->set_seconds(600);
    call.waiter = processor_.ExecuteOrWait(CommandFor<Request>(), call.request, &call.response,
                                           [&call](const absl::Status& status) {
                                             EXPECT_FALSE(call.done) << "told twice";
                                             call.status = status;
                                             call.done = true;
                                           });
  }
  std::unique_ptr<PopCall> Pop(const std::vector<std::string>& keys) {
    auto call = std::make_unique<PopCall>();
    for (const std::string& key : keys) call->request.add_keys(key);
    call->request.set_side(v1::SIDE_LEFT);
    Start(*call);
    return call;
  }
  std::unique_ptr<MoveCall> Move(const std::string& from, const std::string& to) {
    auto call = std::make_unique<MoveCall>();
    call->request.set_source(from);
    call->request.set_destination(to);
    call->request.set_from_side(v1::SIDE_LEFT);
    call->request.set_to_side(v1::SIDE_RIGHT);
    return call;
  }
  void Push(const std::string& key, const std::vector<std::string>& values) {
    v1::ListPushRequest request;
    request.set_key(key);
    request.set_side(v1::SIDE_RIGHT);
    for (const std::string& value : values) *request.add_values() = Text(value);
    Must<v1::ListPushResponse>(request);
  }
  void SetString(const std::string& key) {
    v1::StringSetRequest request;
    request.set_key(key);
    *request.mutable_value() = Text("no list");
    Must<v1::StringSetResponse>(request);
  }
  int64_t Length(const std::string& key) {
    v1::ListLengthRequest request;
    request.set_key(key);
    return Must<v1::ListLengthResponse>(request).length();
  }
};

TEST_F(WaitingOrderTest, ThousandsAreServedInTheOrderOfTheirArrival) {
  constexpr int kCalls = 20'000;
  std::vector<std::unique_ptr<PopCall>> calls;
  std::vector<std::string> values;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(Pop({"a", absl::StrCat("other", i % 7)}));
    values.push_back(std::to_string(i));
  }
  for (int i = 0; i < kCalls; i += 3) processor_.Cancel(calls[static_cast<size_t>(i)]->waiter);
  Push("a", values);
  size_t next = 0;
  for (int i = 0; i < kCalls; ++i) {
    const PopCall& call = *calls[static_cast<size_t>(i)];
    ASSERT_TRUE(call.done);
    if (i % 3 == 0) {
      EXPECT_EQ(call.status.code(), absl::StatusCode::kCancelled);
      EXPECT_FALSE(call.response.has_key());
    } else {
      ASSERT_EQ(call.response.values(0).text(), values[next++]);
    }
  }
  EXPECT_EQ(Length("a"), kCalls - static_cast<int64_t>(next));
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

TEST_F(WaitingOrderTest, AChainOfMovesMayBeLong) {
  constexpr int kLinks = 50'000;
  std::vector<std::unique_ptr<MoveCall>> calls;
  for (int i = 0; i < kLinks; ++i) {
    calls.push_back(Move(absl::StrCat("k", i), absl::StrCat("k", i + 1)));
    Start(*calls.back());
  }
  Push("k0", {"x"});
  for (const auto& call : calls) {
    ASSERT_TRUE(call->done);
    ASSERT_EQ(call->response.value().text(), "x");
  }
  EXPECT_EQ(Length(absl::StrCat("k", kLinks)), 1);
  EXPECT_EQ(store_.Statistics().keys, 1u);
}

TEST_F(WaitingOrderTest, ACallMayWaitForManyKeys) {
  std::vector<std::string> keys;
  for (int i = 0; i < 999; ++i) keys.push_back(absl::StrCat("key", i));
  keys.push_back("key0");
  const auto call = Pop(keys);
  EXPECT_EQ(processor_.waiting_calls(), 1u);
  Push("key998", {"x"});
  ASSERT_TRUE(call->done);
  EXPECT_EQ(call->response.key(), "key998");
  const auto cancelled = Pop(keys);
  processor_.Cancel(cancelled->waiter);
  Push("key5", {"x"});
  EXPECT_EQ(Length("key5"), 1);
  keys.push_back("one too many");
  const auto refused = Pop(keys);
  ASSERT_TRUE(refused->done);
  ExpectError(refused->status, absl::StatusCode::kInvalidArgument, "TOO_MANY_ITEMS");
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

TEST_F(WaitingOrderTest, AnotherTypeAtOneKeyDoesNotSpoilTheWaitForAnother) {
  const auto call = Pop({"first", "second"});
  SetString("first");
  EXPECT_FALSE(call->done);
  Push("second", {"x"});
  ASSERT_TRUE(call->done);
  EXPECT_TRUE(call->status.ok()) << call->status;
  EXPECT_EQ(call->response.key(), "second");
  // A call that does not wait yet is told.
  const auto late = Pop({"first", "second"});
  ASSERT_TRUE(late->done);
  ExpectError(late->status, absl::StatusCode::kFailedPrecondition, "WRONG_TYPE");
}

TEST_F(WaitingOrderTest, ASetThatIsStoredThereServesNobody) {
  v1::SetAddRequest add;
  add.set_key("set");
  *add.add_members() = Text("m");
  Must<v1::SetAddResponse>(add);
  const auto call = Pop({"a"});
  v1::SetCombineStoreRequest store;
  store.set_destination("a");
  store.add_keys("set");
  store.set_operation(v1::SET_OPERATION_UNION);
  EXPECT_EQ(Must<v1::SetCombineStoreResponse>(store).size(), 1);
  EXPECT_FALSE(call->done);
  v1::ListPushRequest push;
  push.set_key("list");
  push.set_side(v1::SIDE_LEFT);
  *push.add_values() = Text("x");
  Must<v1::ListPushResponse>(push);
  v1::KeyRenameRequest rename;
  rename.set_key("list");
  rename.set_new_key("a");
  rename.set_overwrite(true);
  EXPECT_TRUE(Must<v1::KeyRenameResponse>(rename).renamed());
  EXPECT_TRUE(call->done) << "a list that takes the place of the set does";
}

TEST_F(WaitingOrderTest, AMoveThatWaitedGivesItsExpiryWhenItMoves) {
  const auto call = Move("a", "b");
  call->request.mutable_expiry()->mutable_ttl()->set_seconds(10);
  Start(*call);
  Push("b", {"old"});
  v1::KeyDescribeRequest describe;
  describe.set_key("b");
  EXPECT_FALSE(Must<v1::KeyDescribeResponse>(describe).description().has_expire_time());
  now_ += 5000;
  Push("a", {"x"});
  ASSERT_TRUE(call->done);
  const auto description = Must<v1::KeyDescribeResponse>(describe).description();
  EXPECT_EQ(description.expire_time().seconds(), kStart / 1000 + 15);
  EXPECT_EQ(description.length(), 2);
  EXPECT_EQ(call->response.mutation().version(), description.version());
}

TEST_F(WaitingOrderTest, APreconditionThatFailsLetsNobodyWait) {
  SetString("b");
  const auto call = Move("a", "b");
  call->request.mutable_precondition()->set_absent(true);
  Start(*call);
  ASSERT_TRUE(call->done);
  EXPECT_TRUE(call->status.ok());
  EXPECT_FALSE(call->response.mutation().applied());
  EXPECT_EQ(processor_.waiting_calls(), 0u);
}

TEST_F(WaitingOrderTest, AnExpiredListIsNoList) {
  v1::ListPushRequest push;
  push.set_key("a");
  push.set_side(v1::SIDE_LEFT);
  *push.add_values() = Text("old");
  push.mutable_expiry()->mutable_ttl()->set_seconds(1);
  Must<v1::ListPushResponse>(push);
  now_ += 1000;
  const auto call = Pop({"a"});
  EXPECT_FALSE(call->done);
  Push("a", {"new"});
  ASSERT_TRUE(call->done);
  EXPECT_EQ(call->response.values(0).text(), "new");
}

}  // namespace
}  // namespace kvick::server
