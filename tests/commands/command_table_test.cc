// CommandTable: finds what was added, and ends the process with a name when something does not fit.
#include "server/commands/command_table.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "kvick/v1/command.pb.h"
#include "kvick/v1/key.pb.h"
#include "kvick/v1/list.pb.h"
#include "kvick/v1/string.pb.h"
#include "tests/processor/fixture.h"

namespace kvick::server {
namespace {

using storage::Keyspace;

// Handlers that are wrong in one way each.
absl::Status GoodGet(const Keyspace&, const v1::StringGetRequest&, v1::StringGetResponse*) {
  return absl::OkStatus();
}
absl::Status OtherResponse(const Keyspace&, const v1::StringGetRequest&,
                           v1::StringLengthResponse*) {
  return absl::OkStatus();
}
absl::Status NoRequestOfAnyMethod(const Keyspace&, const v1::StringBatchSetItem&,
                                  v1::StringGetResponse*) {
  return absl::OkStatus();
}

using CommandTableDeathTest = ProcessorFixture;

TEST_F(CommandTableDeathTest, ACommandAddedTwiceEndsTheProcess) {
  CommandTable table;
  table.Add(GoodGet);
  EXPECT_DEATH(table.Add(GoodGet), "kvick.v1.StringService.Get is registered twice");
}

TEST_F(CommandTableDeathTest, AnotherResponseEndsTheProcess) {
  CommandTable table;
  EXPECT_DEATH(table.Add(OtherResponse),
               "kvick.v1.StringService.Get does not answer with kvick.v1.StringLengthResponse");
}

TEST_F(CommandTableDeathTest, ARequestOfNoMethodEndsTheProcess) {
  CommandTable table;
  EXPECT_DEATH(table.Add(NoRequestOfAnyMethod), "no method takes kvick.v1.StringBatchSetItem");
}

template <typename Request>
void AddStream(CommandTable& table) {
  table.AddStream<Request>(
      [](const Request&, WakeUp) -> absl::StatusOr<std::unique_ptr<FrameSource>> {
        return absl::InternalError("never");
      });
}

TEST_F(CommandTableDeathTest, AStreamOfAUnaryMethodEndsTheProcess) {
  CommandTable table;
  EXPECT_DEATH(AddStream<v1::StringGetRequest>(table), "StringService.Get does not stream");
}

TEST_F(CommandTableDeathTest, AStreamAddedTwiceEndsTheProcess) {
  CommandTable table;
  AddStream<v1::KeyScanRequest>(table);
  EXPECT_DEATH(AddStream<v1::KeyScanRequest>(table), "KeyService.Scan is registered twice");
}

using CommandTableTest = ProcessorFixture;

TEST_F(CommandTableTest, EveryCommandIsFoundByMethodAndByField) {
  std::set<size_t> indexes;
  for (const auto& command : table_.commands()) {
    SCOPED_TRACE(command->method().full_name());
    EXPECT_EQ(table_.Find(command->method()), command.get());
    EXPECT_TRUE(indexes.insert(command->index()).second);
    if (const int field = command->field_number(); field != 0) {
      EXPECT_EQ(table_.FindByField(field), command.get());
      EXPECT_EQ(v1::Command::descriptor()->FindFieldByNumber(field)->message_type(),
                command->method().input_type());
      EXPECT_EQ(v1::Reply::descriptor()->FindFieldByNumber(field)->message_type(),
                command->method().output_type());
    }
  }
  EXPECT_EQ(*indexes.rbegin() + 1, indexes.size());
  for (const int field : {0, -1, 1'000'000, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(table_.FindByField(field), nullptr);
  }
}

TEST_F(CommandTableTest, EveryMethodOnKeysIsBound) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* name : {"Key", "String", "List", "Set", "Hash"}) {
    const auto* service = pool->FindServiceByName(absl::StrCat("kvick.v1.", name, "Service"));
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      EXPECT_TRUE(method.server_streaming() ? table_.FindStream(method) != nullptr
                                            : table_.Find(method) != nullptr)
          << method.full_name();
    }
  }
}

TEST_F(CommandTableTest, TheKeyspaceTellsReadsFromWrites) {
  EXPECT_TRUE(CommandFor<v1::StringGetRequest>().read_only());
  EXPECT_FALSE(CommandFor<v1::StringSetRequest>().read_only());
  EXPECT_TRUE(CommandFor<v1::ListMoveRequest>().may_wait());
  EXPECT_FALSE(CommandFor<v1::ListPopRequest>().may_wait());
  EXPECT_FALSE(CommandFor<v1::KeySampleRequest>().uses_keyspace());
}

TEST_F(CommandTableTest, KnowsTheKeysOfARequestByTheirFields) {
  v1::ListMoveRequest move;
  move.set_source("a");
  move.set_destination("b");
  const Command& command = CommandFor<v1::ListMoveRequest>();
  std::vector<std::string> keys;
  const auto note = [&](const std::string& key) { keys.push_back(key); };
  command.VisitKeys(move, note);
  command.VisitWrittenKeys(move, note);
  command.VisitAwaitedKeys(move, note);
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "b", "b", "a"}));
}

}  // namespace
}  // namespace kvick::server
