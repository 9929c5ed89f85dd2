#include "tests/oracle/number_twins.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "kvick/value.h"

namespace kvick::oracle {

std::string NumberText(double number) {
  v1::Value value;
  value.set_number(number);
  return ToString(value);
}

Answer NumberAnswer(double kvick, const std::string& redis) {
  constexpr double kLastDigit = 1e-17;
  constexpr double kRelative = 1e-15;
  const double number = std::strtod(redis.c_str(), nullptr);
  const double allowed = std::max(kLastDigit, std::abs(kvick) * kRelative);
  return std::abs(number - kvick) <= allowed ? NumberText(kvick) : redis;
}

namespace {

bool FitsADouble(const std::string& number) {
  errno = 0;
  std::strtod(number.c_str(), nullptr);
  return errno != ERANGE;
}

}  // namespace

std::vector<Call> RefusedIncrement(const std::string& key, const Call& read,
                                   const Call& increment) {
  const std::string saved = "oracle:saved";
  // Copies, which keep the expiry; of a key that is missing there is none.
  return {{"COPY", key, saved}, read, increment, {"COPY", saved, key, "REPLACE"}, {"DEL", saved}};
}

Answer RefusedIncrementAnswer(const std::vector<RedisReply>& replies) {
  if (!FitsADouble(replies[1].bytes)) return "error NOT_A_FLOAT";
  if (!FitsADouble(replies[2].bytes)) return "error OVERFLOW";
  return replies[2].bytes;
}

}  // namespace kvick::oracle
