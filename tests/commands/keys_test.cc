// KeyService beyond what strings_test.cc and every_command_test.cc have: all types, duplicates, the
// same key twice, versions, expiry that travels.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "kvick/v1/hash.pb.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/list.pb.h"
#include "kvick/v1/set.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using absl::StatusCode;

class KeysTest : public ProcessorFixture {
 protected:
  int64_t SetString(const std::string& key, const std::string& value = "v", int ttl_s = 0) {
    v1::StringSetRequest request;
    request.set_key(key);
    *request.mutable_value() = Text(value);
    if (ttl_s > 0) request.mutable_expiry()->mutable_ttl()->set_seconds(ttl_s);
    return Must<v1::StringSetResponse>(request).mutation().version();
  }
  void Push(const std::string& key, int values, const std::string& value = "v") {
    v1::ListPushRequest request;
    request.set_key(key);
    request.set_side(v1::SIDE_RIGHT);
    for (int i = 0; i < values; ++i) *request.add_values() = Text(absl::StrCat(value, i));
    Must<v1::ListPushResponse>(request);
  }
  void AddMembers(const std::string& key, int members) {
    v1::SetAddRequest request;
    request.set_key(key);
    for (int i = 0; i < members; ++i) *request.add_members() = Text(absl::StrCat("m", i));
    Must<v1::SetAddResponse>(request);
  }
  void SetFields(const std::string& key, int fields) {
    v1::HashSetRequest request;
    request.set_key(key);
    for (int i = 0; i < fields; ++i) {
      (*request.mutable_fields())[absl::StrCat("f", i)] = Text("v");
    }
    Must<v1::HashSetResponse>(request);
  }
  std::vector<bool> Exists(const std::vector<std::string>& keys) {
    v1::KeyExistsRequest request;
    for (const std::string& key : keys) request.add_keys(key);
    const auto response = Must<v1::KeyExistsResponse>(request);
    return {response.exists().begin(), response.exists().end()};
  }
  v1::KeyDeleteResponse Delete(const std::vector<std::string>& keys) {
    v1::KeyDeleteRequest request;
    for (const std::string& key : keys) request.add_keys(key);
    return Must<v1::KeyDeleteResponse>(request);
  }
  v1::KeyDescription Describe(const std::string& key) {
    v1::KeyDescribeRequest request;
    request.set_key(key);
    return Must<v1::KeyDescribeResponse>(request).description();
  }
  v1::KeyRenameResponse Rename(const std::string& key, const std::string& new_key, bool overwrite) {
    v1::KeyRenameRequest request;
    request.set_key(key);
    request.set_new_key(new_key);
    request.set_overwrite(overwrite);
    return Must<v1::KeyRenameResponse>(request);
  }
  v1::KeyCopyResponse Copy(const std::string& key, const std::string& new_key, bool overwrite) {
    v1::KeyCopyRequest request;
    request.set_key(key);
    request.set_new_key(new_key);
    request.set_overwrite(overwrite);
    return Must<v1::KeyCopyResponse>(request);
  }
};

TEST_F(KeysTest, ExistsAnswersKeyByKeyInOrder) {
  SetString("a");
  Push("b", 1);
  EXPECT_EQ(Exists({"a", "missing", "b", "a"}), (std::vector<bool>{true, false, true, true}));
}

TEST_F(KeysTest, DeleteCountsEachKeyOnceAndTakesOneVersion) {
  SetString("a");
  Push("b", 3);
  AddMembers("c", 1000);
  const int64_t before = store_.last_version();
  const auto response = Delete({"a", "b", "c", "a", "missing"});
  EXPECT_EQ(response.deleted(), 3);
  EXPECT_TRUE(response.mutation().applied());
  EXPECT_EQ(response.mutation().version(), before + 1);
  EXPECT_EQ(store_.last_version(), before + 1);
  EXPECT_EQ(store_.Statistics().keys, 0u);
}

TEST_F(KeysTest, DeleteOfNothingHasNoVersion) {
  const auto response = Delete({"missing"});
  EXPECT_TRUE(response.mutation().applied());
  EXPECT_EQ(response.mutation().version(), 0);
  SetString("gone", "v", 1);
  now_ += 1000;
  EXPECT_EQ(Delete({"gone"}).mutation().version(), 0)
      << "the expiry was a write of its own, not this one";
}

TEST_F(KeysTest, ADeletePreconditionHoldsForAllOrNoneGoes) {
  SetString("a");
  v1::KeyDeleteRequest request;
  request.add_keys("a");
  request.add_keys("missing");
  request.mutable_precondition()->set_present(true);
  const auto refused = Must<v1::KeyDeleteResponse>(request);
  EXPECT_FALSE(refused.mutation().applied());
  EXPECT_EQ(refused.deleted(), 0);
  EXPECT_EQ(Exists({"a"}), std::vector<bool>{true});
  request.mutable_precondition()->mutable_value_equals()->set_data("v");
  EXPECT_FALSE(Must<v1::KeyDeleteResponse>(request).mutation().applied());
  request.mutable_keys()->RemoveLast();
  EXPECT_EQ(Must<v1::KeyDeleteResponse>(request).deleted(), 1);
}

TEST_F(KeysTest, DescribeKnowsEveryTypeAndEncoding) {
  SetString("string", "12345");
  Push("list", 3);
  AddMembers("set", 4);
  SetFields("hash", 5);
  const auto expect = [&](const std::string& key, v1::KeyType type, int64_t length,
                          v1::Encoding encoding) {
    const auto description = Describe(key);
    EXPECT_EQ(description.type(), type) << key;
    EXPECT_EQ(description.length(), length) << key;
    EXPECT_EQ(description.encoding(), encoding) << key;
    EXPECT_GT(description.memory_bytes(), length) << key;
    EXPECT_GT(description.version(), 0) << key;
    EXPECT_FALSE(description.has_expire_time()) << key;
  };
  expect("string", v1::KEY_TYPE_STRING, 5, v1::ENCODING_INLINE);
  expect("list", v1::KEY_TYPE_LIST, 3, v1::ENCODING_PACKED);
  expect("set", v1::KEY_TYPE_SET, 4, v1::ENCODING_PACKED);
  expect("hash", v1::KEY_TYPE_HASH, 5, v1::ENCODING_PACKED);
  Push("list", 5000);
  AddMembers("set", 1000);
  SetFields("hash", 1000);
  expect("list", v1::KEY_TYPE_LIST, 5003, v1::ENCODING_BLOCKS);
  expect("set", v1::KEY_TYPE_SET, 1000, v1::ENCODING_HASH_TABLE);
  expect("hash", v1::KEY_TYPE_HASH, 1000, v1::ENCODING_HASH_TABLE);
}

TEST_F(KeysTest, DescribeIsNoAccessAndTouchIs) {
  SetString("k");
  now_ += 10'000;
  EXPECT_EQ(Describe("k").idle_time().seconds(), 10);
  EXPECT_EQ(Describe("k").idle_time().seconds(), 10);
  const int frequency = Describe("k").access_frequency();
  v1::KeyTouchRequest touch;
  touch.add_keys("k");
  const int64_t before = store_.last_version();
  EXPECT_EQ(Must<v1::KeyTouchResponse>(touch).touched(), 1);
  EXPECT_EQ(Describe("k").idle_time().seconds(), 0);
  EXPECT_GE(Describe("k").access_frequency(), frequency);
  EXPECT_EQ(store_.last_version(), before) << "reading is no write";
}

TEST_F(KeysTest, ExpireWorksOnCollections) {
  Push("list", 5000);
  v1::KeyExpireRequest expire;
  expire.set_key("list");
  expire.mutable_expiry()->mutable_ttl()->set_seconds(10);
  const auto response = Must<v1::KeyExpireResponse>(expire);
  EXPECT_TRUE(response.changed());
  EXPECT_EQ(response.mutation().version(), store_.last_version());
  EXPECT_EQ(Describe("list").length(), 5000);
  EXPECT_EQ(Describe("list").expire_time().seconds(), kStart / 1000 + 10);
  EXPECT_EQ(Describe("list").version(), response.mutation().version());
  const int64_t before = store_.last_version();
  EXPECT_TRUE(Must<v1::KeyExpireResponse>(expire).changed());
  EXPECT_EQ(store_.last_version(), before) << "the same moment again is no change";
  v1::KeyPersistRequest persist;
  persist.set_key("list");
  EXPECT_TRUE(Must<v1::KeyPersistResponse>(persist).changed());
  EXPECT_FALSE(Must<v1::KeyPersistResponse>(persist).changed());
  EXPECT_FALSE(Describe("list").has_expire_time());
  EXPECT_EQ(Describe("list").length(), 5000);
  expire.mutable_expiry()->mutable_expire_time()->set_seconds(-1);
  EXPECT_TRUE(Must<v1::KeyExpireResponse>(expire).changed());
  EXPECT_EQ(store_.Statistics().keys, 0u);
}

TEST_F(KeysTest, ExpireWithPersistAndConditions) {
  SetString("k");
  v1::KeyExpireRequest request;
  request.set_key("k");
  request.mutable_expiry()->set_persist(true);
  request.set_condition(v1::EXPIRE_CONDITION_IF_LATER);
  EXPECT_FALSE(Must<v1::KeyExpireResponse>(request).changed()) << "never is not later than never";
  request.mutable_expiry()->mutable_ttl()->set_seconds(5);
  request.set_condition(v1::EXPIRE_CONDITION_IF_NONE);
  EXPECT_TRUE(Must<v1::KeyExpireResponse>(request).changed());
  request.mutable_expiry()->set_persist(true);
  request.set_condition(v1::EXPIRE_CONDITION_IF_SOONER);
  EXPECT_FALSE(Must<v1::KeyExpireResponse>(request).changed());
  request.set_condition(v1::EXPIRE_CONDITION_IF_LATER);
  EXPECT_TRUE(Must<v1::KeyExpireResponse>(request).changed());
  EXPECT_FALSE(Describe("k").has_expire_time());
  request.set_condition(static_cast<v1::ExpireCondition>(-1));
  MustRefuse<v1::KeyExpireResponse>(request, StatusCode::kInvalidArgument, "UNKNOWN_ENUM_VALUE");
}

TEST_F(KeysTest, RenameMovesAnyTypeWithItsExpiry) {
  SetString("string", "v", 100);
  Push("list", 5000);
  AddMembers("set", 500);
  const size_t list_bytes = static_cast<size_t>(Describe("list").memory_bytes());
  EXPECT_TRUE(Rename("list", "list2", false).renamed());
  EXPECT_NEAR(static_cast<double>(Describe("list2").memory_bytes()),
              static_cast<double>(list_bytes), 16)
      << "but for the longer name";
  EXPECT_EQ(Describe("list2").length(), 5000);
  const auto response = Rename("string", "set", true);
  EXPECT_TRUE(response.renamed());
  EXPECT_EQ(Describe("set").type(), v1::KEY_TYPE_STRING);
  EXPECT_EQ(Describe("set").expire_time().seconds(), kStart / 1000 + 100);
  EXPECT_EQ(Describe("set").version(), response.mutation().version());
  EXPECT_EQ(Exists({"string", "list"}), (std::vector<bool>{false, false}));
}

TEST_F(KeysTest, RenameThatDoesNotHappenTellsTheVersionOfTheKey) {
  const int64_t version = SetString("a");
  SetString("b");
  const int64_t before = store_.last_version();
  for (const auto& response : {Rename("a", "b", false), Rename("a", "a", false)}) {
    EXPECT_FALSE(response.renamed());
    EXPECT_TRUE(response.mutation().applied());
    EXPECT_EQ(response.mutation().version(), version);
  }
  EXPECT_TRUE(Rename("a", "a", true).renamed()) << "as Redis's RENAME";
  EXPECT_FALSE(Rename("missing", "missing", true).renamed());
  EXPECT_EQ(store_.last_version(), before);
  v1::KeyRenameRequest request;
  request.set_key("a");
  request.set_new_key("c");
  request.mutable_precondition()->set_absent(true);
  EXPECT_FALSE(Must<v1::KeyRenameResponse>(request).mutation().applied())
      << "the precondition is about the key that goes";
}

TEST_F(KeysTest, RenameOverAnExpiredKeyNeedsNoOverwrite) {
  SetString("a");
  SetString("b", "old", 1);
  now_ += 1000;
  EXPECT_TRUE(Rename("a", "b", false).renamed());
  EXPECT_FALSE(Describe("b").has_expire_time());
}

TEST_F(KeysTest, CopiesShareNothing) {
  for (const int size : {3, 3000}) {
    Push("list", size);
    AddMembers("set", size);
    SetFields("hash", size);
    for (const char* key : {"list", "set", "hash"}) {
      const std::string copy = absl::StrCat(key, "2");
      EXPECT_TRUE(Copy(key, copy, true).copied());
      EXPECT_EQ(Describe(copy).length(), size) << key;
      EXPECT_EQ(Describe(copy).type(), Describe(key).type());
      Delete({key});
      EXPECT_EQ(Describe(copy).length(), size) << key;
    }
    Push("list2", 1);
    EXPECT_EQ(Describe("list2").length(), size + 1);
  }
}

TEST_F(KeysTest, CopyKeepsWhatIsThereUnlessTold) {
  const int64_t version = SetString("b", "old");
  SetString("a", "new", 50);
  const int64_t before = store_.last_version();
  auto response = Copy("a", "b", false);
  EXPECT_FALSE(response.copied());
  EXPECT_EQ(response.mutation().version(), version) << "of the key that would be made";
  EXPECT_FALSE(Copy("missing", "b", true).copied());
  EXPECT_EQ(store_.last_version(), before);
  EXPECT_EQ(Describe("b").version(), version);
  response = Copy("a", "b", true);
  EXPECT_EQ(Describe("b").version(), response.mutation().version());
  EXPECT_EQ(Describe("b").expire_time().seconds(), kStart / 1000 + 50);
  v1::KeyCopyRequest request;
  request.set_key("a");
  request.set_new_key("b");
  request.set_overwrite(true);
  request.mutable_precondition()->set_absent(true);
  EXPECT_FALSE(Must<v1::KeyCopyResponse>(request).mutation().applied());
}

TEST_F(KeysTest, TooManyKeysAreRefused) {
  v1::KeyExistsRequest request;
  for (int i = 0; i < 1'000'001; ++i) request.add_keys()->assign(1, 'k');
  MustRefuse<v1::KeyExistsResponse>(request, StatusCode::kInvalidArgument, "TOO_MANY_ITEMS");
  request.mutable_keys()->RemoveLast();
  EXPECT_EQ(Must<v1::KeyExistsResponse>(request).exists_size(), 1'000'000);
}

TEST_F(KeysTest, ExistsIsNoAccess) {
  SetString("k");
  now_ += 10'000;
  EXPECT_EQ(Exists({"k"}), (std::vector<bool>{true}));
  EXPECT_EQ(Describe("k").idle_time().seconds(), 10);
}

TEST_F(KeysTest, RenameAndCopyTakeAnExpiry) {
  v1::KeyRenameRequest rename;
  rename.set_key("a");
  rename.set_new_key("b");
  rename.set_overwrite(true);
  rename.mutable_expiry()->mutable_ttl()->set_seconds(10);
  v1::KeyCopyRequest copy;
  copy.set_key("b");
  copy.set_new_key("c");
  copy.mutable_expiry()->set_persist(true);
  SetString("a", "v", 100);
  auto renamed = Must<v1::KeyRenameResponse>(rename);
  EXPECT_TRUE(renamed.renamed());
  EXPECT_EQ(renamed.mutation().version(), store_.last_version());
  EXPECT_EQ(Describe("b").expire_time().seconds(), kStart / 1000 + 10);
  EXPECT_TRUE(Must<v1::KeyCopyResponse>(copy).copied());
  EXPECT_FALSE(Describe("c").has_expire_time());
  EXPECT_TRUE(Describe("b").has_expire_time()) << "the expiry is that of the copy alone";
  Push("a", 5000);
  EXPECT_TRUE(Must<v1::KeyRenameResponse>(rename).renamed());
  EXPECT_EQ(Describe("b").type(), v1::KEY_TYPE_LIST);
  EXPECT_EQ(Describe("b").expire_time().seconds(), kStart / 1000 + 10);
  rename.set_key("b");
  rename.mutable_expiry()->set_persist(true);
  EXPECT_TRUE(Must<v1::KeyRenameResponse>(rename).renamed()) << "to the name that it has";
  EXPECT_FALSE(Describe("b").has_expire_time());
  copy.set_overwrite(true);
  copy.mutable_expiry()->mutable_expire_time()->set_seconds(1);
  EXPECT_TRUE(Must<v1::KeyCopyResponse>(copy).copied());
  EXPECT_EQ(Exists({"b", "c"}), (std::vector<bool>{true, false})) << "a past moment is at once";
}

TEST_F(KeysTest, ARenameOrCopyThatDoesNotHappenGivesNoExpiry) {
  SetString("a", "v", 100);
  SetString("b", "w", 200);
  const int64_t before = store_.last_version();
  v1::KeyRenameRequest rename;
  v1::KeyCopyRequest copy;
  rename.mutable_expiry()->mutable_ttl()->set_seconds(10);
  copy.mutable_expiry()->mutable_ttl()->set_seconds(10);
  for (const auto& [key, new_key] : {std::pair("a", "b"), {"missing", "b"}, {"a", "a"}}) {
    rename.set_key(key);
    rename.set_new_key(new_key);
    EXPECT_FALSE(Must<v1::KeyRenameResponse>(rename).renamed());
    copy.set_key(key);
    copy.set_new_key(new_key);
    EXPECT_FALSE(Must<v1::KeyCopyResponse>(copy).copied());
  }
  EXPECT_EQ(store_.last_version(), before);
  EXPECT_EQ(Describe("a").expire_time().seconds(), kStart / 1000 + 100);
  EXPECT_EQ(Describe("b").expire_time().seconds(), kStart / 1000 + 200);
  rename.mutable_expiry()->mutable_ttl()->set_seconds(0);
  MustRefuse<v1::KeyRenameResponse>(rename, StatusCode::kInvalidArgument, "EXPIRY_INVALID");
}

}  // namespace
}  // namespace kvick::server
