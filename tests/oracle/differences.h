// Where Kvick does another thing than Redis on purpose. docs/differences-from-redis.md tells users;
// the twins name what they allow for; a test shows that each difference is still there.
#ifndef KVICK_TESTS_ORACLE_DIFFERENCES_H_
#define KVICK_TESTS_ORACLE_DIFFERENCES_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/oracle/answer.h"
#include "tests/oracle/session.h"

namespace kvick::oracle {

// What both sides answer where they differ.
struct Contrast {
  Answer kvick;
  Answer redis;
};

struct Difference {
  std::string name;  // As in the first column of the page.
  Contrast expected;
  // Asks both sides, which are empty.
  Contrast (*ask)(Session& session);
};

// All of them.
const std::vector<Difference>& Differences();

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_DIFFERENCES_H_
