#include "tests/oracle/runner.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/oracle/reducer.h"

namespace kvick::oracle {
namespace {

constexpr size_t kBatch = 250;
constexpr size_t kStepsBetweenComparisons = 250;
constexpr size_t kShownBytesMax = 400;

void Count(const Operation& operation, const Outcome& outcome, const Answer& answer,
           Statistics* statistics) {
  if (statistics == nullptr) return;
  ++statistics->operations;
  ++(IsError(answer) ? statistics->refused : statistics->answered)[operation.twin->name];
  if (IsError(answer)) ++statistics->errors[answer];
  if (outcome.response == nullptr) return;
  if (outcome.response->GetDescriptor() != v1::KeyDescribeResponse::descriptor()) return;
  const auto& described = static_cast<const v1::KeyDescribeResponse&>(*outcome.response);
  if (!described.has_description()) return;
  statistics->encodings.emplace(described.description().type(), described.description().encoding());
}

// What Redis said to one operation.
struct RedisOutcome {
  std::optional<Answer> guarded;  // The answer, where the precondition failed.
  size_t replies = 0;             // How many there are otherwise.
};

// Calls of Redis that wait to be sent together, and the replies to all that were sent.
class RedisQueue {
 public:
  explicit RedisQueue(RedisProcess& redis) : redis_(redis) {}

  void Add(const std::vector<Call>& calls) {
    calls_.insert(calls_.end(), calls.begin(), calls.end());
  }
  absl::Status Send() {
    auto replies = redis_.Run(calls_);
    if (!replies.ok()) return replies.status();
    calls_.clear();
    replies_.insert(replies_.end(), replies->begin(), replies->end());
    return absl::OkStatus();
  }
  // Takes the oldest replies.
  Replies Take(size_t count) {
    const auto end = next_ + count;
    Replies taken(replies_.begin() + static_cast<std::ptrdiff_t>(next_),
                  replies_.begin() + static_cast<std::ptrdiff_t>(end));
    next_ = end;
    return taken;
  }

 private:
  RedisProcess& redis_;
  std::vector<Call> calls_;
  Replies replies_;
  size_t next_ = 0;
};

// Runs one operation on Redis, or adds it to the queue: a precondition is checked before anything
// that depends on it is sent.
absl::Status RunOnRedis(Session& session, const Operation& operation, const Outcome& outcome,
                        RedisQueue& queue, RedisOutcome* redis) {
  const RedisPlan plan = operation.twin->plan(*operation.request, outcome);
  if (!plan.guards.empty()) {
    if (absl::Status status = queue.Send(); !status.ok()) return status;
    const auto replies = session.redis().Run(plan.guards);
    if (!replies.ok()) return replies.status();
    const Answer guard = operation.twin->guard_answer(*operation.request, *replies);
    if (guard != kOk) {
      redis->guarded = guard;
      return absl::OkStatus();
    }
  }
  queue.Add(plan.calls);
  queue.Add(plan.after);
  redis->replies = plan.calls.size() + plan.after.size();
  return absl::OkStatus();
}

// Runs part of a sequence, first all of it on Kvick, whose answers some calls of Redis depend on.
absl::StatusOr<std::optional<Divergence>> RunBatch(Session& session, const Sequence& sequence,
                                                   size_t begin, size_t end,
                                                   Statistics* statistics) {
  std::vector<Outcome> outcomes(end - begin);
  for (size_t i = begin; i < end; ++i) {
    sequence[i].twin->start(session.client(), session.pipeline(), *sequence[i].request,
                            &outcomes[i - begin]);
  }
  if (absl::Status status = session.pipeline().Wait(absl::Minutes(1)); !status.ok()) return status;
  if (!session.kvick().running()) return absl::UnavailableError(session.kvick().log());

  RedisQueue queue(session.redis());
  std::vector<RedisOutcome> redis_outcomes(end - begin);
  for (size_t i = begin; i < end; ++i) {
    if (absl::Status status = RunOnRedis(session, sequence[i], outcomes[i - begin], queue,
                                         &redis_outcomes[i - begin]);
        !status.ok()) {
      return status;
    }
  }
  if (absl::Status status = queue.Send(); !status.ok()) return status;

  for (size_t i = begin; i < end; ++i) {
    const Operation& operation = sequence[i];
    const Outcome& outcome = outcomes[i - begin];
    const RedisOutcome& redis_outcome = redis_outcomes[i - begin];
    const Replies replies = queue.Take(redis_outcome.replies);
    const Answer kvick = operation.twin->kvick_answer(*operation.request, outcome);
    const Answer redis = redis_outcome.guarded.has_value()
                             ? *redis_outcome.guarded
                             : operation.twin->redis_answer(*operation.request, outcome, replies);
    Count(operation, outcome, kvick, statistics);
    if (kvick != redis) return Divergence{i, operation, kvick, redis};
  }
  return std::nullopt;
}

template <class Request>
void Append(const TwinTable& table, Request request, Sequence* sequence) {
  sequence->push_back(
      {&table.Of(Request::descriptor()), std::make_shared<const Request>(std::move(request))});
}

std::string Shortened(std::string text) {
  if (text.size() > kShownBytesMax) {
    text = absl::StrCat(text.substr(0, kShownBytesMax), " ... (", text.size(), " bytes)");
  }
  return text;
}

// The request with only these elements of a repeated field.
std::shared_ptr<const Message> WithElements(const Message& request,
                                            const google::protobuf::FieldDescriptor* field,
                                            const std::vector<int>& elements) {
  std::shared_ptr<Message> part(request.New());
  part->CopyFrom(request);
  const auto* reflection = part->GetReflection();
  for (int i = 0; i < static_cast<int>(elements.size()); ++i) {
    reflection->SwapElements(part.get(), field, i, elements[static_cast<size_t>(i)]);
  }
  while (reflection->FieldSize(*part, field) > static_cast<int>(elements.size())) {
    reflection->RemoveLast(part.get(), field);
  }
  return part;
}

}  // namespace

Sequence GenerateSequence(const TwinTable& table, uint64_t seed, size_t steps) {
  Random random(seed);
  Sequence sequence;
  const Sequence state = ReadState(table);
  for (size_t step = 1; step <= steps; ++step) {
    const Twin& twin = table.Draw(random);
    sequence.push_back({&twin, twin.generate(random)});
    if (step % kStepsBetweenComparisons == 0) {
      sequence.insert(sequence.end(), state.begin(), state.end());
    }
  }
  return sequence;
}

Sequence ReadState(const TwinTable& table) {
  Sequence sequence;
  for (const std::string& key : AllKeys()) {
    v1::KeyDescribeRequest describe;
    describe.set_key(key);
    Append(table, std::move(describe), &sequence);
    v1::StringGetRequest get;
    get.set_key(key);
    Append(table, std::move(get), &sequence);
    v1::ListRangeRequest range;
    range.set_key(key);
    range.set_stop(-1);
    Append(table, std::move(range), &sequence);
    v1::SetCombineRequest members;
    members.set_operation(v1::SET_OPERATION_UNION);
    members.add_keys(key);
    Append(table, std::move(members), &sequence);
    v1::HashGetAllRequest fields;
    fields.set_key(key);
    Append(table, std::move(fields), &sequence);
  }
  v1::KeyScanRequest scan;
  scan.mutable_selector()->set_all(true);
  Append(table, std::move(scan), &sequence);
  return sequence;
}

absl::StatusOr<std::optional<Divergence>> RunSequence(Session& session, const TwinTable& table,
                                                      const Sequence& sequence,
                                                      Statistics* statistics) {
  if (absl::Status status = session.Flush(); !status.ok()) return status;
  Sequence all = sequence;
  const Sequence state = ReadState(table);
  all.insert(all.end(), state.begin(), state.end());
  for (size_t begin = 0; begin < all.size(); begin += kBatch) {
    auto divergence =
        RunBatch(session, all, begin, std::min(begin + kBatch, all.size()), statistics);
    if (!divergence.ok() || divergence->has_value()) return divergence;
  }
  return std::nullopt;
}

Sequence Reduce(Session& session, const TwinTable& table, const Sequence& sequence,
                const Divergence& divergence) {
  const std::function<bool(const Sequence&)> diverges = [&](const Sequence& part) {
    const auto again = RunSequence(session, table, part);
    return again.ok() && again->has_value();
  };
  Sequence shortest(sequence.begin(),
                    sequence.begin() + static_cast<std::ptrdiff_t>(
                                           std::min(divergence.index + 1, sequence.size())));
  if (!diverges(shortest)) return sequence;
  shortest = ReduceToFailing(shortest, diverges);
  for (Operation& operation : shortest) {
    const auto* descriptor = operation.request->GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      if (!field->is_repeated()) continue;
      const std::shared_ptr<const Message> whole = operation.request;
      std::vector<int> elements(
          static_cast<size_t>(whole->GetReflection()->FieldSize(*whole, field)));
      std::iota(elements.begin(), elements.end(), 0);
      elements = ReduceToFailing<int>(elements, [&](const std::vector<int>& kept) {
        if (kept.empty()) return false;
        operation.request = WithElements(*whole, field, kept);
        return diverges(shortest);
      });
      operation.request = WithElements(*whole, field, elements);
    }
  }
  return shortest;
}

std::string Describe(const Operation& operation) {
  std::string text = absl::StrCat(operation.twin->name, " { ",
                                  Shortened(operation.request->ShortDebugString()), " }");
  // As it would be without an answer of Kvick to follow.
  const RedisPlan plan = operation.twin->plan(*operation.request, Outcome());
  std::vector<std::string> calls;
  for (const auto* part : {&plan.guards, &plan.calls}) {
    for (const Call& call : *part) {
      calls.push_back(absl::StrJoin(call, " ", [](std::string* out, const std::string& argument) {
        const Answer quoted = Show(argument);
        // Quotes only where they say something.
        const bool plain = !argument.empty() && quoted.size() == argument.size() + 2 &&
                           argument.find(' ') == std::string::npos;
        absl::StrAppend(out, plain ? argument : quoted);
      }));
    }
  }
  return absl::StrCat(text, "\n      Redis: ", Shortened(absl::StrJoin(calls, "; ")));
}

std::string Describe(const Sequence& sequence, const std::optional<Divergence>& divergence) {
  constexpr size_t kShownOperationsMax = 40;
  std::string text;
  const size_t hidden = sequence.size() - std::min(sequence.size(), kShownOperationsMax);
  if (hidden > 0) absl::StrAppend(&text, "  (", hidden, " operations before)\n");
  for (size_t i = hidden; i < sequence.size(); ++i) {
    absl::StrAppend(&text, "  ", i + 1, ". ", Describe(sequence[i]), "\n");
  }
  if (!divergence.has_value()) return absl::StrCat(text, "  (did not diverge again)\n");
  if (divergence->index >= sequence.size()) {
    absl::StrAppend(&text, "  then reading the state:\n     ", Describe(divergence->operation),
                    "\n");
  }
  return absl::StrCat(text, "  Kvick answered: ", Shortened(divergence->kvick),
                      "\n  Redis answered: ", Shortened(divergence->redis), "\n");
}

}  // namespace kvick::oracle
