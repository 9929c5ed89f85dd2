// What must be true of every command whatever it does: how it takes bad keys, missing and expired
// keys, keys of another type, preconditions, expiry and the memory limit. Requests are made from
// the descriptors, so a command that is added later is tested too.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

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
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

using MessagePtr = std::unique_ptr<Message>;

bool IsKey(const FieldDescriptor& field) {
  static const std::set<std::string> names{"key",    "other_key",   "new_key",
                                           "source", "destination", "keys"};
  return names.contains(field.name()) && field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

// The values of a minimal valid request; every key is named after its field.
void Fill(Message* message) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (field->is_map()) {
      auto* set = static_cast<v1::HashSetRequest*>(message);
      (*set->mutable_fields())["f"] = Text("1");
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const std::string text = IsKey(*field) ? field->name() : "f";
      field->is_repeated() ? reflection->AddString(message, field, text)
                           : reflection->SetString(message, field, text);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      reflection->SetEnumValue(message, field, 1);
    } else if (field->message_type() == v1::Value::descriptor()) {
      Message* value = field->is_repeated() ? reflection->AddMessage(message, field)
                                            : reflection->MutableMessage(message, field);
      static_cast<v1::Value*>(value)->set_text("1");
    } else if (field->is_repeated() && field->message_type() != nullptr) {
      Fill(reflection->AddMessage(message, field));
    }
  }
}

Message* Mutable(Message* message, const std::string& name) {
  const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? nullptr : message->GetReflection()->MutableMessage(message, field);
}

// Sets every key of a request, nested ones too.
void SetKeys(Message* message, const std::string& key) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (IsKey(*field)) {
      field->is_repeated() ? reflection->SetRepeatedString(message, field, 0, key)
                           : reflection->SetString(message, field, key);
    } else if (field->name() == "items") {
      SetKeys(reflection->MutableRepeatedMessage(message, field, 0), key);
    }
  }
}

class EveryCommandTest : public ProcessorFixture {
 protected:
  explicit EveryCommandTest(size_t max_memory_bytes = 0) : ProcessorFixture(max_memory_bytes) {}

  // The commands on keys; those of one service only.
  std::vector<const Command*> Commands(const std::string& service = "") const {
    std::vector<const Command*> commands;
    for (const auto& command : table_.commands()) {
      if (command->uses_keyspace() &&
          (service.empty() || command->method().service()->name() == service)) {
        commands.push_back(command.get());
      }
    }
    EXPECT_FALSE(commands.empty());
    return commands;
  }
  static MessagePtr Request(const Command& command) {
    MessagePtr request(command.NewRequest(nullptr));
    Fill(request.get());
    if (SaysExpiryItself(command)) {
      static_cast<v1::Expiry*>(Mutable(request.get(), "expiry"))->mutable_ttl()->set_seconds(9);
    }
    return request;
  }
  // Commands that are about the expiry.
  static bool SaysExpiryItself(const Command& command) {
    return command.method().name() == "Expire" || command.method().name() == "GetAndExpire";
  }
  static bool Has(const Command& command, const std::string& field) {
    return command.method().input_type()->FindFieldByName(field) != nullptr;
  }
  absl::Status Execute(const Command& command, const Message& request, Message* response) {
    return processor_.Execute(command, request, response);
  }
  absl::Status Execute(const Command& command, const Message& request) {
    const MessagePtr response(command.NewResponse(nullptr));
    return Execute(command, request, response.get());
  }
  // A key that holds what the service is for.
  void Create(const std::string& key, const std::string& service) {
    if (service == "ListService") {
      v1::ListPushRequest request;
      request.set_side(v1::SIDE_LEFT);
      *request.add_values() = Text("1");
      request.set_key(key);
      Must<v1::ListPushResponse>(request);
    } else if (service == "SetService") {
      v1::SetAddRequest request;
      *request.add_members() = Text("1");
      request.set_key(key);
      Must<v1::SetAddResponse>(request);
    } else if (service == "HashService") {
      v1::HashSetRequest request;
      (*request.mutable_fields())["f"] = Text("1");
      request.set_key(key);
      Must<v1::HashSetResponse>(request);
    } else {
      v1::StringSetRequest request;
      *request.mutable_value() = Text("1");
      request.set_key(key);
      Must<v1::StringSetResponse>(request);
    }
  }
  void CreateAll(const std::string& service) {
    for (const char* key : {"key", "new_key", "source", "destination", "keys"}) {
      Create(key, service);
    }
  }
  v1::KeyDescription Describe(const std::string& key) {
    v1::KeyDescribeRequest request;
    request.set_key(key);
    return Must<v1::KeyDescribeResponse>(request).description();
  }
  static std::string WrittenKey(const Command& command, const Message& request) {
    std::string written;
    command.VisitWrittenKeys(request, [&](const std::string& key) { written = key; });
    return written;
  }
};

TEST_F(EveryCommandTest, WritesAnswerWithAMutationAndReadsWithout) {
  for (const Command* command : Commands()) {
    SCOPED_TRACE(command->method().full_name());
    const MessagePtr response(command->NewResponse(nullptr));
    EXPECT_EQ(command->MutationOf(response.get()) == nullptr, command->read_only());
    if (Has(*command, "precondition")) {
      EXPECT_FALSE(command->read_only());
    }
    EXPECT_GT(command->field_number(), 0) << "the pipeline cannot carry it";
  }
}

TEST_F(EveryCommandTest, BadKeysAreRefused) {
  for (const Command* command : Commands()) {
    SCOPED_TRACE(command->method().full_name());
    const MessagePtr request = Request(*command);
    SetKeys(request.get(), "");
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "KEY_EMPTY");
    SetKeys(request.get(), std::string(1025, 'k'));
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "KEY_TOO_LONG");
    SetKeys(request.get(), std::string(1024, 'k'));
    const absl::Status status = Execute(*command, *request);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kOutOfRange) << status;
    SetKeys(request.get(), std::string("\0\n*", 3));
    EXPECT_NE(Execute(*command, *request).code(), StatusCode::kInvalidArgument);
    store_.Flush();
  }
  const int64_t before = store_.last_version();
  for (const Command* command : Commands()) {
    const MessagePtr empty(command->NewRequest(nullptr));
    EXPECT_EQ(Execute(*command, *empty).code(), StatusCode::kInvalidArgument)
        << command->method().full_name();
  }
  EXPECT_EQ(store_.last_version(), before);
}

TEST_F(EveryCommandTest, AMissIsNoError) {
  for (const Command* command : Commands()) {
    SCOPED_TRACE(command->method().full_name());
    store_.Flush();
    const absl::Status status = Execute(*command, *Request(*command));
    if (command->method().full_name() == "kvick.v1.ListService.SetAt") {
      ExpectError(status, StatusCode::kOutOfRange, "INDEX_OUT_OF_RANGE");
    } else {
      EXPECT_TRUE(status.ok()) << status;
    }
  }
}

TEST_F(EveryCommandTest, AnotherTypeIsRefusedAndLeftAlone) {
  static const std::set<std::string> replaces{"kvick.v1.StringService.Set",
                                              "kvick.v1.StringService.BatchSet"};
  for (const std::string service : {"StringService", "ListService", "SetService", "HashService"}) {
    for (const Command* command : Commands(service)) {
      SCOPED_TRACE(command->method().full_name());
      store_.Flush();
      CreateAll(service == "ListService" ? "HashService" : "ListService");
      const int64_t before = store_.last_version();
      const MessagePtr request = Request(*command);
      const absl::Status status = Execute(*command, *request);
      if (replaces.contains(command->method().full_name())) {
        EXPECT_TRUE(status.ok()) << status;
        EXPECT_EQ(Describe(WrittenKey(*command, *request)).type(), v1::KEY_TYPE_STRING);
        continue;
      }
      if (command->method().name() == "BatchGet") {
        EXPECT_TRUE(status.ok()) << "answers as missing";
      } else {
        ExpectError(status, StatusCode::kFailedPrecondition, "WRONG_TYPE");
      }
      EXPECT_EQ(store_.last_version(), before);
    }
  }
}

TEST_F(EveryCommandTest, AFailedPreconditionChangesNothing) {
  for (const Command* command : Commands()) {
    if (!Has(*command, "precondition")) continue;
    SCOPED_TRACE(command->method().full_name());
    store_.Flush();
    CreateAll(command->method().service()->name());
    const MessagePtr request = Request(*command);
    auto* precondition = static_cast<v1::Precondition*>(Mutable(request.get(), "precondition"));
    const int64_t current = Describe(WrittenKey(*command, *request)).version();
    const int64_t before = store_.last_version();
    const auto refused = [&] {
      const MessagePtr response(command->NewResponse(nullptr));
      const absl::Status status = Execute(*command, *request, response.get());
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_FALSE(command->MutationOf(response.get())->applied());
      EXPECT_EQ(command->MutationOf(response.get())->version(), current);
      EXPECT_EQ(store_.last_version(), before);
    };
    precondition->set_absent(true);
    refused();
    precondition->set_version(current + 1);
    refused();
    precondition->set_version(0);
    refused();
    precondition->mutable_value_equals()->set_text("another");
    if (Describe(WrittenKey(*command, *request)).type() == v1::KEY_TYPE_STRING) {
      refused();
    } else {
      ExpectError(Execute(*command, *request), StatusCode::kFailedPrecondition, "WRONG_TYPE");
    }
    precondition->set_version(current);
    const MessagePtr response(command->NewResponse(nullptr));
    EXPECT_TRUE(Execute(*command, *request, response.get()).ok());
    EXPECT_TRUE(command->MutationOf(response.get())->applied());
  }
}

TEST_F(EveryCommandTest, APreconditionThatSaysNothingIsRefused) {
  for (const Command* command : Commands()) {
    if (!Has(*command, "precondition")) continue;
    SCOPED_TRACE(command->method().full_name());
    const int64_t before = store_.last_version();
    const MessagePtr request = Request(*command);
    auto* precondition = static_cast<v1::Precondition*>(Mutable(request.get(), "precondition"));
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "PRECONDITION_MISSING");
    precondition->set_absent(false);
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "PRECONDITION_MISSING");
    precondition->set_present(false);
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "PRECONDITION_MISSING");
    precondition->set_version(-1);
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "ARGUMENT_OUT_OF_RANGE");
    precondition->mutable_value_equals();
    ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "VALUE_MISSING");
    EXPECT_EQ(store_.last_version(), before);
  }
}

TEST_F(EveryCommandTest, AWriteCarriesItsExpiryAndUnsetKeepsIt) {
  for (const Command* command : Commands()) {
    if (!Has(*command, "expiry") || SaysExpiryItself(*command)) continue;
    if (Has(*command, "new_key")) continue;  // its expiry comes along: see keys_test.cc
    SCOPED_TRACE(command->method().full_name());
    store_.Flush();
    const std::string service = command->method().service()->name();
    const MessagePtr request = Request(*command);
    const std::string key = WrittenKey(*command, *request);
    const auto run = [&] {
      CreateAll(service);
      const MessagePtr response(command->NewResponse(nullptr));
      const absl::Status status = Execute(*command, *request, response.get());
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(command->MutationOf(response.get())->version(), store_.last_version());
    };
    auto* expiry = static_cast<v1::Expiry*>(Mutable(request.get(), "expiry"));
    expiry->mutable_ttl()->set_seconds(100);
    run();
    EXPECT_EQ(Describe(key).expire_time().seconds(), kStart / 1000 + 100);
    expiry->mutable_expire_time()->set_seconds(kStart / 1000 + 50);
    run();
    EXPECT_EQ(Describe(key).expire_time().seconds(), kStart / 1000 + 50);
    request->GetReflection()->ClearField(request.get(),
                                         command->method().input_type()->FindFieldByName("expiry"));
    run();
    EXPECT_TRUE(Describe(key).has_expire_time());
    expiry = static_cast<v1::Expiry*>(Mutable(request.get(), "expiry"));
    expiry->set_persist(true);
    run();
    EXPECT_TRUE(Describe(key).version() > 0 && !Describe(key).has_expire_time());
    expiry->mutable_expire_time()->set_seconds(1);
    run();
    EXPECT_EQ(Describe(key).version(), 0) << "a moment in the past expires the key at once";
  }
}

TEST_F(EveryCommandTest, AnImpossibleExpiryChangesNothing) {
  for (const Command* command : Commands()) {
    if (!Has(*command, "expiry")) continue;
    SCOPED_TRACE(command->method().full_name());
    CreateAll(command->method().service()->name());
    const int64_t before = store_.last_version();
    const MessagePtr request = Request(*command);
    auto* expiry = static_cast<v1::Expiry*>(Mutable(request.get(), "expiry"));
    const auto refused = [&] {
      ExpectError(Execute(*command, *request), StatusCode::kInvalidArgument, "EXPIRY_INVALID");
    };
    expiry->Clear();
    refused();
    expiry->mutable_ttl();
    refused();
    expiry->mutable_ttl()->set_seconds(INT64_MIN);
    refused();
    expiry->mutable_ttl()->set_seconds(INT64_MAX);
    refused();
    expiry->mutable_expire_time()->set_seconds(INT64_MAX);
    refused();
    expiry->mutable_expire_time()->set_seconds(1);
    expiry->mutable_expire_time()->set_nanos(-1);
    refused();
    expiry->set_persist(false);
    refused();
    EXPECT_EQ(store_.last_version(), before);
    store_.Flush();
  }
}

// Whether the background has removed an expired key already must not be visible.
TEST_F(EveryCommandTest, AnExpiredKeyAnswersAsOneThatNeverWas) {
  for (const Command* command : Commands()) {
    SCOPED_TRACE(command->method().full_name());
    const auto answer = [&] {
      const MessagePtr response(command->NewResponse(nullptr));
      const int64_t before = store_.last_version();
      Execute(*command, *Request(*command), response.get()).IgnoreError();
      if (v1::Mutation* mutation = command->MutationOf(response.get()); mutation != nullptr) {
        if (mutation->version() > before) mutation->set_version(-1);  // any new one
      }
      return response->ShortDebugString();
    };
    store_.Flush();
    const std::string expected = answer();
    for (const std::string service : {"StringService", "ListService"}) {
      store_.Flush();
      CreateAll(service);
      v1::KeyExpireRequest expire;
      expire.mutable_expiry()->mutable_ttl()->set_seconds(1);
      for (const char* key : {"key", "new_key", "source", "destination", "keys"}) {
        expire.set_key(key);
        Must<v1::KeyExpireResponse>(expire);
      }
      now_ += 1000;
      EXPECT_EQ(answer(), expected);
      now_ = kStart;
    }
  }
}

class FullStoreTest : public EveryCommandTest {
 protected:
  FullStoreTest() : EveryCommandTest(64 << 10) {}
  void FillUp() {
    v1::StringSetRequest set;
    set.mutable_value()->set_text(std::string(100, 'x'));
    absl::Status status;
    for (int i = 0; status.ok(); ++i) {
      set.set_key(absl::StrCat("fill", i));
      status = Run<v1::StringSetResponse>(set).status();
    }
    ExpectError(status, StatusCode::kResourceExhausted, "MEMORY_LIMIT");
  }
};

TEST_F(FullStoreTest, AtTheMemoryLimitOnlyWhatTakesAwayRuns) {
  for (const Command* command : Commands()) {
    SCOPED_TRACE(command->method().full_name());
    store_.Flush();
    store_.reclaimer().WaitUntilIdle();
    CreateAll(command->method().service()->name());
    FillUp();
    const int64_t before = store_.last_version();
    const absl::Status status = Execute(*command, *Request(*command));
    if (command->growth() == Growth::kPossible) {
      ExpectError(status, StatusCode::kResourceExhausted, "MEMORY_LIMIT");
      EXPECT_TRUE(storage::RetryDelayOf(status).has_value());
      EXPECT_EQ(store_.last_version(), before);
    } else {
      EXPECT_TRUE(status.ok()) << status;
    }
  }
}

}  // namespace
}  // namespace kvick::server
