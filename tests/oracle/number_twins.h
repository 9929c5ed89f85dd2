// Floating-point increments, which the two sides compute and show in different ways.
#ifndef KVICK_TESTS_ORACLE_NUMBER_TWINS_H_
#define KVICK_TESTS_ORACLE_NUMBER_TWINS_H_

#include <string>
#include <vector>

#include "tests/oracle/answer.h"
#include "tests/oracle/redis_process.h"

namespace kvick::oracle {

// A number as Kvick shows it.
std::string NumberText(double number);

// The answer of Redis as Kvick shows it, when both are the same number but for what Redis rounds
// away: it keeps 17 digits after the point. Otherwise as Redis shows it.
Answer NumberAnswer(double kvick, const std::string& redis);

// The calls of an increment that Kvick refused. Redis may do it, since it computes with 80 bits:
// what was there is read before, and put back afterwards.
std::vector<Call> RefusedIncrement(const std::string& key, const Call& read, const Call& increment);
// The answer to them: the error of Kvick when a double cannot hold what Redis had or has.
Answer RefusedIncrementAnswer(const std::vector<RedisReply>& replies);

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_NUMBER_TWINS_H_
