// Floating-point increments, which the two sides compute and show in different ways.
#ifndef KVICK_TESTS_ORACLE_NUMBER_TWINS_H_
#define KVICK_TESTS_ORACLE_NUMBER_TWINS_H_

#include <string>

#include "tests/oracle/answer.h"

namespace kvick::oracle {

// A number as Kvick shows it.
std::string NumberText(double number);

// The answer of Redis as Kvick shows it, when both are the same number but for what Redis rounds
// away: it keeps 17 digits after the point. Otherwise as Redis shows it.
Answer NumberAnswer(double kvick, const std::string& redis);

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_NUMBER_TWINS_H_
