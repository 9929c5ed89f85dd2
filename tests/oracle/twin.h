// A command of Kvick and the command of Redis that must do the same.
//
// Each family's file (key_twins.cc, string_twins.cc, ...) is a table of TwinOf<Request>: how to
// make a random request, which calls of Redis mean the same, and how either answer reads in the
// form that both share. What all commands have in common is done here once: errors, preconditions
// and expiry.
#ifndef KVICK_TESTS_ORACLE_TWIN_H_
#define KVICK_TESTS_ORACLE_TWIN_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "kvick/client.h"
#include "tests/oracle/answer.h"
#include "tests/oracle/random.h"
#include "tests/oracle/redis_process.h"

namespace kvick::oracle {

using google::protobuf::Message;
using Replies = std::vector<RedisReply>;

// What Kvick answered to one request: an error, or the response.
struct Outcome {
  absl::Status status;
  std::unique_ptr<Message> response;  // Null after an error.
};

// The calls of Redis that stand for one request.
struct RedisPlan {
  std::vector<Call> guards;  // Read what the precondition is about; if it fails that is all.
  std::vector<Call> calls;   // The twin itself.
  std::vector<Call> after;   // What Kvick did beside it, and what keeps both sides comparable.
};

// An answer of Redis that is another one in Kvick on purpose.
struct Adapted {
  std::string difference;  // Its name in docs/differences-from-redis.md.
  Answer redis;
  Answer kvick;
};

// A command and its twin, the types of its messages erased.
struct Twin {
  std::string name;  // `StringGet`: its request's without the end.
  const google::protobuf::Descriptor* request = nullptr;
  std::string redis;  // The commands of Redis, for people.
  int weight = 1;     // How often it comes, beside the others.
  std::vector<Adapted> adapted;
  std::vector<std::string> differences;  // Others that the calls allow for.

  std::function<std::unique_ptr<Message>(Random&)> generate;
  // Starts the request; `outcome` is filled when the pipeline has been waited for.
  std::function<void(const Client&, Pipeline&, const Message&, Outcome*)> start;
  std::function<RedisPlan(const Message&, const Outcome&)> plan;
  std::function<Answer(const Message&, const Outcome&)> kvick_answer;
  // From the replies to the guards: OK, `refused` or an error.
  std::function<Answer(const Message&, const Replies&)> guard_answer;
  // From the replies to the calls and to those after them.
  std::function<Answer(const Message&, const Outcome&, const Replies&)> redis_answer;
};

// One row of a family's table.
template <class Request>
struct TwinOf {
  using Response = ResponseFor<Request>;

  std::string redis;
  int weight = 1;
  // A request with random arguments; precondition and expiry may be left to the table.
  std::function<Request(Random&)> generate;
  // The calls of Redis; `response` is Kvick's answer, null after an error.
  std::function<std::vector<Call>(const Request&, const Response*)> calls;
  // Kvick's answer.
  std::function<Answer(const Request&, const Response&)> kvick;
  // The answer of Redis from the replies to `calls`, none of which is an error. Empty: the first
  // reply as it is.
  std::function<Answer(const Request&, const Response*, const Replies&)> answer = {};
  // Calls that follow once Kvick has answered without an error.
  std::function<std::vector<Call>(const Request&, const Response&)> after = {};
  // Whether `calls` carry the precondition themselves.
  std::function<bool(const Request&)> maps_precondition = {};
  // Whether `calls` carry the expiry themselves.
  bool maps_expiry = false;
  std::vector<Adapted> adapted = {};
  std::vector<std::string> differences = {};
};

// --- What the commands have in common.

// The calls that read what a precondition is about.
std::vector<Call> GuardCalls(const v1::Precondition& precondition,
                             const std::vector<std::string>& keys);
// Whether the precondition holds after their replies: OK, `refused` or an error.
Answer GuardAnswer(const v1::Precondition& precondition, const Replies& replies);
// The calls that set an expiry.
std::vector<Call> ExpiryCalls(const v1::Expiry& expiry, const std::vector<std::string>& keys);
// A precondition that has no twin of its own in most commands of Redis.
v1::Precondition RandomPrecondition(Random& random);
// An expiry, absolute so that it does not depend on the time.
v1::Expiry RandomExpiry(Random& random);
// The keys whose precondition and expiry a request means: those that it writes.
std::vector<std::string> WrittenKeys(const Message& request);
// The answer of Redis from all replies but the guards'; `own` shows it when none is an error.
Answer RedisAnswer(const std::vector<Adapted>& adapted, const Replies& replies,
                   const std::function<Answer(const Replies&)>& own);

inline const Answer kRefused = "refused";

// The milliseconds of an expiry as an argument.
std::string PxAt(const v1::Expiry& expiry);
// A name followed by arguments.
Call WithArguments(Call call, const google::protobuf::RepeatedPtrField<std::string>& arguments);
Call WithArguments(Call call, const google::protobuf::RepeatedPtrField<v1::Value>& arguments);
// Whether every reply is 1.
bool AllOnes(const Replies& replies);

// The table.
class TwinTable {
 public:
  // Adds a row.
  template <class Request>
  void Add(TwinOf<Request> row);

  const std::vector<Twin>& twins() const { return twins_; }
  std::vector<Twin>& mutable_twins() { return twins_; }
  // The twin of a request type; it must be there.
  const Twin& Of(const google::protobuf::Descriptor* request) const;
  // One by its weight.
  const Twin& Draw(Random& random) const;

 private:
  std::vector<Twin> twins_;
  int total_weight_ = 0;
};

// The rows of each family.
void AddKeyTwins(TwinTable& table);
void AddStringTwins(TwinTable& table);
void AddListTwins(TwinTable& table);
void AddSetTwins(TwinTable& table);
void AddHashTwins(TwinTable& table);
// All of them.
TwinTable AllTwins();

// --- Details of Add.

// Reads a stream to its end and joins its messages into one.
Outcome ReadAll(const Client& client, const Method& method, const Message& request,
                std::unique_ptr<Message> joined);

template <class Request>
void StartRequest(const Client& client, Pipeline& pipeline, const Message& request,
                  Outcome* outcome) {
  using Response = ResponseFor<Request>;
  if (MethodFor<Request>().descriptor->server_streaming()) {
    pipeline.Wait().IgnoreError();  // What was added before has happened then.
    *outcome = ReadAll(client, MethodFor<Request>(), request, std::make_unique<Response>());
    return;
  }
  pipeline.Run(static_cast<const Request&>(request),
               typename Pipeline::Callback<Request>([outcome](absl::StatusOr<Response> response) {
                 outcome->status = response.status();
                 if (!response.ok()) return;
                 outcome->response = std::make_unique<Response>(*std::move(response));
               }));
}

template <class Request>
v1::Precondition PreconditionOf(const Request& request) {
  if constexpr (requires { request.precondition(); }) return request.precondition();
  return {};
}

template <class Request>
Request Generate(const TwinOf<Request>& row, Random& random) {
  Request request = row.generate(random);
  if constexpr (requires { request.mutable_precondition(); }) {
    if (!request.has_precondition() && random.OneIn(15)) {
      *request.mutable_precondition() = RandomPrecondition(random);
    }
  }
  if constexpr (requires { request.mutable_expiry(); }) {
    if (!row.maps_expiry && !request.has_expiry() && random.OneIn(15)) {
      *request.mutable_expiry() = RandomExpiry(random);
    }
  }
  return request;
}

template <class Request>
bool IsRefused(const ResponseFor<Request>& response) {
  if constexpr (requires { response.mutation(); }) return !response.mutation().applied();
  return false;
}

template <class Request>
RedisPlan PlanOf(const TwinOf<Request>& row, const Request& request, const Outcome& outcome) {
  const auto* response = static_cast<const ResponseFor<Request>*>(outcome.response.get());
  const bool mapped = row.maps_precondition && row.maps_precondition(request);
  RedisPlan plan;
  if (!mapped) plan.guards = GuardCalls(PreconditionOf(request), WrittenKeys(request));
  plan.calls = row.calls(request, response);
  if (response == nullptr || IsRefused<Request>(*response)) return plan;
  if (row.after) plan.after = row.after(request, *response);
  if constexpr (requires { request.expiry(); }) {
    if (!row.maps_expiry && request.has_expiry()) {
      for (Call& call : ExpiryCalls(request.expiry(), WrittenKeys(request))) {
        plan.after.push_back(std::move(call));
      }
    }
  }
  return plan;
}

template <class Request>
void TwinTable::Add(TwinOf<Request> row_to_move) {
  using Response = ResponseFor<Request>;
  const auto row = std::make_shared<const TwinOf<Request>>(std::move(row_to_move));
  Twin twin;
  twin.request = Request::descriptor();
  twin.name = twin.request->name().substr(0, twin.request->name().size() - 7);
  twin.redis = row->redis;
  twin.weight = row->weight;
  twin.adapted = row->adapted;
  twin.differences = row->differences;
  twin.generate = [row](Random& random) {
    return std::make_unique<Request>(Generate(*row, random));
  };
  twin.start = &StartRequest<Request>;
  twin.plan = [row](const Message& request, const Outcome& outcome) {
    return PlanOf(*row, static_cast<const Request&>(request), outcome);
  };
  twin.kvick_answer = [row](const Message& message, const Outcome& outcome) {
    if (outcome.response == nullptr) return ShowError(outcome.status);
    const auto& request = static_cast<const Request&>(message);
    const auto& response = static_cast<const Response&>(*outcome.response);
    const bool mapped = row->maps_precondition && row->maps_precondition(request);
    return !mapped && IsRefused<Request>(response) ? kRefused : row->kvick(request, response);
  };
  twin.guard_answer = [](const Message& request, const Replies& replies) {
    return GuardAnswer(PreconditionOf(static_cast<const Request&>(request)), replies);
  };
  twin.redis_answer = [row](const Message& message, const Outcome& outcome,
                            const Replies& replies) {
    const auto& request = static_cast<const Request&>(message);
    const auto* response = static_cast<const Response*>(outcome.response.get());
    return RedisAnswer(row->adapted, replies, [&](const Replies& own) {
      return row->answer ? row->answer(request, response, own) : Show(own[0]);
    });
  };
  total_weight_ += twin.weight;
  twins_.push_back(std::move(twin));
}

// The count of SRANDMEMBER and HRANDFIELD: negative for a sample with repetitions.
std::string RedisCount(bool distinct, int64_t count);

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_TWIN_H_
