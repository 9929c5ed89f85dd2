#include "tests/oracle/twin.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "kvick/value.h"

namespace kvick::oracle {

std::vector<Call> GuardCalls(const v1::Precondition& precondition,
                             const std::vector<std::string>& keys) {
  std::vector<Call> calls;
  if (precondition.check_case() == v1::Precondition::CHECK_NOT_SET) return calls;
  for (const std::string& key : keys) {
    calls.push_back({precondition.has_value_equals() ? "GET" : "EXISTS", key});
  }
  return calls;
}

Answer GuardAnswer(const v1::Precondition& precondition, const Replies& replies) {
  bool holds = true;
  for (const RedisReply& reply : replies) {
    if (reply.kind == RedisReply::Kind::kError) return Show(reply);
    if (precondition.has_value_equals()) {
      holds &= reply.kind == RedisReply::Kind::kBytes &&
               reply.bytes == ToString(precondition.value_equals());
    } else {
      holds &= (reply.integer == 1) == precondition.has_present();
    }
  }
  return holds ? kOk : kRefused;
}

std::vector<Call> ExpiryCalls(const v1::Expiry& expiry, const std::vector<std::string>& keys) {
  std::vector<Call> calls;
  for (const std::string& key : keys) {
    calls.push_back(expiry.has_persist() ? Call{"PERSIST", key}
                                         : Call{"PEXPIREAT", key, PxAt(expiry)});
  }
  return calls;
}

v1::Precondition RandomPrecondition(Random& random) {
  v1::Precondition precondition;
  switch (random.Below(3)) {
    case 0:
      precondition.set_absent(true);
      break;
    case 1:
      precondition.set_present(true);
      break;
    default:
      *precondition.mutable_value_equals() = random.StringValue();
      break;
  }
  return precondition;
}

v1::Expiry RandomExpiry(Random& random) {
  v1::Expiry expiry;
  if (random.OneIn(4)) {
    expiry.set_persist(true);
    return expiry;
  }
  const int64_t milliseconds = random.ExpireTimeMs();
  expiry.mutable_expire_time()->set_seconds(milliseconds / 1000);
  // The part of a millisecond does not count.
  expiry.mutable_expire_time()->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000 +
                                          static_cast<int32_t>(random.Below(1'000'000)));
  return expiry;
}

std::vector<std::string> WrittenKeys(const Message& request) {
  const auto* descriptor = request.GetDescriptor();
  const auto* reflection = request.GetReflection();
  std::vector<std::string> keys;
  if (descriptor == v1::StringBatchSetRequest::descriptor()) {
    for (const auto& item : static_cast<const v1::StringBatchSetRequest&>(request).items()) {
      keys.push_back(item.key());
    }
    return keys;
  }
  const bool copies = descriptor == v1::KeyCopyRequest::descriptor();
  for (const char* name : {"destination", copies ? "new_key" : "key", "keys"}) {
    const auto* field = descriptor->FindFieldByName(name);
    if (field == nullptr) continue;
    if (!field->is_repeated()) return {reflection->GetString(request, field)};
    for (int i = 0; i < reflection->FieldSize(request, field); ++i) {
      keys.push_back(reflection->GetRepeatedString(request, field, i));
    }
    return keys;
  }
  return keys;
}

Answer RedisAnswer(const std::vector<Adapted>& adapted, const Replies& replies,
                   const std::function<Answer(const Replies&)>& own) {
  const auto error = std::find_if(replies.begin(), replies.end(), [](const RedisReply& reply) {
    return reply.kind == RedisReply::Kind::kError;
  });
  const Answer answer = error != replies.end() ? Show(*error) : own(replies);
  for (const Adapted& adaptation : adapted) {
    if (answer == adaptation.redis) return adaptation.kvick;
  }
  return answer;
}

std::string PxAt(const v1::Expiry& expiry) {
  return absl::StrCat(Milliseconds(expiry.expire_time()));
}

Call WithArguments(Call call, const google::protobuf::RepeatedPtrField<std::string>& arguments) {
  call.insert(call.end(), arguments.begin(), arguments.end());
  return call;
}

Call WithArguments(Call call, const google::protobuf::RepeatedPtrField<v1::Value>& arguments) {
  for (const v1::Value& value : arguments) call.push_back(ToString(value));
  return call;
}

bool AllOnes(const Replies& replies) {
  return std::all_of(replies.begin(), replies.end(),
                     [](const RedisReply& reply) { return reply.integer == 1; });
}

const Twin& TwinTable::Of(const google::protobuf::Descriptor* request) const {
  for (const Twin& twin : twins_) {
    if (twin.request == request) return twin;
  }
  std::cerr << "there is no twin for " << request->full_name() << "\n";
  std::abort();
}

const Twin& TwinTable::Draw(Random& random) const {
  auto ticket = static_cast<int>(random.Below(static_cast<uint64_t>(total_weight_)));
  for (const Twin& twin : twins_) {
    ticket -= twin.weight;
    if (ticket < 0) return twin;
  }
  return twins_.back();
}

TwinTable AllTwins() {
  TwinTable table;
  AddKeyTwins(table);
  AddStringTwins(table);
  AddListTwins(table);
  AddSetTwins(table);
  AddHashTwins(table);
  return table;
}

Outcome ReadAll(const Client& client, const Method& method, const Message& request,
                std::unique_ptr<Message> joined) {
  auto stream = client.connection()->OpenStream(method, request, {});
  if (!stream.ok()) return {stream.status(), nullptr};
  const std::unique_ptr<Message> batch(joined->New());
  while ((*stream)->Read(batch.get())) {
    joined->MergeFrom(*batch);
    batch->Clear();
  }
  const absl::Status status = (*stream)->Finish();
  return {status, status.ok() ? std::move(joined) : nullptr};
}

std::string RedisCount(bool distinct, int64_t count) {
  return absl::StrCat(distinct || count == 0 ? "" : "-", count);
}

}  // namespace kvick::oracle
