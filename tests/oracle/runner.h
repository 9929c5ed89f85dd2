// Sequences of operations: made from a seed, run on both sides, compared, made short, shown.
#ifndef KVICK_TESTS_ORACLE_RUNNER_H_
#define KVICK_TESTS_ORACLE_RUNNER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/oracle/session.h"
#include "tests/oracle/twin.h"

namespace kvick::oracle {

// One request and the twin that it is compared with, which outlives this.
struct Operation {
  const Twin* twin;
  std::shared_ptr<const Message> request;
};
using Sequence = std::vector<Operation>;

// The first operation whose answers are not the same.
struct Divergence {
  size_t index;  // In the sequence, or beyond it: in the comparison of the state at its end.
  Operation operation;
  Answer kvick;
  Answer redis;
};

// What runs have met; shows whether the arguments reach what they should.
struct Statistics {
  int64_t operations = 0;
  std::map<std::string, int64_t> answered;  // By twin, without an error.
  std::map<std::string, int64_t> refused;   // By twin, with one.
  std::map<std::string, int64_t> errors;    // By reason.
  std::set<std::pair<v1::KeyType, v1::Encoding>> encodings;
};

// So many random operations, with a comparison of the whole state every now and then.
Sequence GenerateSequence(const TwinTable& table, uint64_t seed, size_t steps);

// The operations that read all of both sides: every key's type, length, expiry and content.
Sequence ReadState(const TwinTable& table);

// Runs a sequence and ReadState on both sides, emptied first. Nothing: the answers were the same.
// An error means that a server or a connection broke.
absl::StatusOr<std::optional<Divergence>> RunSequence(Session& session, const TwinTable& table,
                                                      const Sequence& sequence,
                                                      Statistics* statistics = nullptr);

// The shortest sequence that was found to diverge, out of one that does, with the shortest lists of
// arguments. The sequence itself when it does not diverge again.
Sequence Reduce(Session& session, const TwinTable& table, const Sequence& sequence,
                const Divergence& divergence);

// An operation on two lines: Kvick's request and the calls of Redis.
std::string Describe(const Operation& operation);
// A sequence and where it diverges.
std::string Describe(const Sequence& sequence, const std::optional<Divergence>& divergence);

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_RUNNER_H_
