// Answers in one form that both sides share: the text that a reader of a failure sees. Integers as
// digits, bytes in quotes, nothing as nil, arrays in brackets, errors as their reason.
#ifndef KVICK_TESTS_ORACLE_ANSWER_H_
#define KVICK_TESTS_ORACLE_ANSWER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "kvick/v1/value.pb.h"
#include "tests/oracle/redis_process.h"

namespace kvick::oracle {

// An answer. Two are the same when the texts are.
using Answer = std::string;

inline const Answer kNil = "nil";
inline const Answer kOk = "OK";

// Bytes, in quotes and escaped.
Answer Show(std::string_view bytes);
// The canonical bytes of a value.
Answer Show(const v1::Value& value);
// The value of an entry; nil when it is unset.
Answer ShowEntry(bool has, const v1::Entry& entry);
// A number.
Answer Show(int64_t number);
// What Redis answered, element by element.
Answer Show(const RedisReply& reply);
// Parts in their order, or sorted where order means nothing.
Answer ShowList(const std::vector<Answer>& parts);
Answer ShowSorted(std::vector<Answer> parts);

// Each value by itself.
std::vector<Answer> ShowEach(const google::protobuf::RepeatedPtrField<v1::Value>& values);
// Each element by itself; none for nil.
std::vector<Answer> ShowEach(const RedisReply& array);
// `a=b` for a flat array of pairs.
std::vector<Answer> ShowPairs(const RedisReply& array);

// A failure of Kvick: the name of its reason.
Answer ShowError(const absl::Status& status);
// An error of Redis by the reason that Kvick gives in its place; an error that nobody expects shows
// as the text that Redis sent.
Answer ShowError(std::string_view redis_error);
// True for either.
bool IsError(const Answer& answer);

// Milliseconds since 1970, rounded as the API says: to the millisecond before.
int64_t Milliseconds(const google::protobuf::Timestamp& time);

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_ANSWER_H_
