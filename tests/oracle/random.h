// Seeded arguments for commands. The same seed gives the same arguments on every machine.
#ifndef KVICK_TESTS_ORACLE_RANDOM_H_
#define KVICK_TESTS_ORACLE_RANDOM_H_

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "kvick/v1/value.pb.h"

namespace kvick::oracle {

// What a key mostly holds. Now and then a command gets a key of another family, so that it meets a
// wrong type.
enum class Family { kString, kList, kSet, kHash };

// Every key that a sequence uses.
const std::vector<std::string>& AllKeys();

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // A number from 0 to limit - 1.
  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  // True once in `n` times.
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  // One of the choices.
  template <class T>
  T Pick(std::initializer_list<T> choices) {
    return choices.begin()[Below(choices.size())];
  }
  // The same for literals, which are no std::string yet.
  std::string Pick(std::initializer_list<const char*> choices) {
    return choices.begin()[Below(choices.size())];
  }

  // A key, mostly one of the family.
  std::string Key(Family family);
  // From one key to `most`, which may repeat.
  std::vector<std::string> Keys(Family family, int most);
  // A key of any family.
  std::string AnyKey();

  // How many elements one command gets: mostly few, sometimes enough to outgrow a compact encoding.
  int ElementCount();
  // A value of a string: numbers near the ends of their range, almost-numbers, text, bytes.
  v1::Value StringValue();
  // An element of a list: few different ones, so that searches find some; sometimes a long one.
  v1::Value ListValue();
  // A member of a set: few different ones, sometimes one of several hundred, sometimes long.
  v1::Value Member();
  // A field of a hash, in the same way.
  std::string Field();
  // A pattern that some keys, members and fields match.
  std::string Glob();

  // An index: around the ends of collections, sometimes at the ends of int64.
  int64_t Index();
  // A count from 0 on, sometimes far more than there is.
  int64_t Count();
  // An increment, sometimes one that overflows.
  int64_t Delta();
  // A floating-point increment; finite.
  double NumberDelta();
  // A moment in milliseconds: one of a few far ahead, sometimes long ago.
  int64_t ExpireTimeMs();

 private:
  std::string LongText(uint64_t at_least, uint64_t spread);

  std::mt19937_64 engine_;
};

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_RANDOM_H_
