// Expirer and Reclaimer: what nobody asks for goes in the background, and its memory with it.
#include "server/processor/expirer.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

class ExpirerTest : public ProcessorFixture {
 protected:
  ExpirerTest() : ProcessorFixture(size_t{1} << 30) {}
  // Waits until the condition holds; false after a minute.
  template <typename Condition>
  static bool Eventually(Condition&& holds) {
    for (int i = 0; i < 6000 && !holds(); ++i) absl::SleepFor(absl::Milliseconds(10));
    return holds();
  }
};

TEST_F(ExpirerTest, ExpiredKeysGoByThemselvesAndOthersStay) {
  v1::StringSetRequest set;
  *set.mutable_value() = Text("v");
  for (int i = 0; i < 3000; ++i) {
    set.set_key(absl::StrCat("key", i));
    set.clear_expiry();
    if (i % 3 != 0) set.mutable_expiry()->mutable_ttl()->set_seconds(i % 3 == 1 ? 1 : 3600);
    Must<v1::StringSetResponse>(set);
  }
  v1::SetAddRequest add;
  add.set_key("large");
  add.mutable_expiry()->mutable_ttl()->set_seconds(1);
  for (int i = 0; i < 50'000; ++i) *add.add_members() = Text(absl::StrCat("member", i));
  Must<v1::SetAddResponse>(add);
  const int64_t before = store_.last_version();
  now_ += 2000;
  {
    Expirer expirer(store_);
    EXPECT_TRUE(Eventually([&] { return store_.Statistics().keys == 2000; }));
  }
  EXPECT_EQ(store_.Statistics().expired, 1001u);
  EXPECT_EQ(store_.Statistics().keys_with_expiry, 1000u);
  EXPECT_EQ(store_.last_version(), before + 1001) << "each is a write of its own";
  store_.reclaimer().WaitUntilIdle();
  const auto statistics = store_.Statistics();
  EXPECT_EQ(statistics.unfreed_bytes, 0u);
  EXPECT_EQ(store_.used_bytes(), statistics.data_bytes + statistics.index_bytes);
}

TEST_F(ExpirerTest, RunsBesideCommands) {
  Expirer expirer(store_);
  v1::StringSetRequest set;
  *set.mutable_value() = Text("v");
  set.mutable_expiry()->mutable_ttl()->set_nanos(50'000'000);
  for (int i = 0; i < 20'000; ++i) {
    set.set_key(absl::StrCat("key", i % 500));
    Must<v1::StringSetResponse>(set);
    now_ += 1;
  }
  now_ += 1000;
  EXPECT_TRUE(Eventually([&] { return store_.Statistics().keys == 0; }));
}

}  // namespace
}  // namespace kvick::server
