#include "tests/oracle/number_twins.h"

#include <algorithm>
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

}  // namespace kvick::oracle
