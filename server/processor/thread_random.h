// Randomness for sampling and access statistics: one fast generator a thread. Nothing secret.
#ifndef KVICK_SERVER_PROCESSOR_THREAD_RANDOM_H_
#define KVICK_SERVER_PROCESSOR_THREAD_RANDOM_H_

#include <cstdint>
#include <random>

namespace kvick::server {

// SplitMix64 (Steele, Lea, Flood 2014), seeded by the machine.
class ThreadRandom {
 public:
  using result_type = uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() {
    uint64_t mixed = (state_ += 0x9E3779B97F4A7C15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
  }
  static ThreadRandom& Get() {
    thread_local ThreadRandom random;
    return random;
  }

 private:
  uint64_t state_ = std::random_device()() * uint64_t{0x100000001};
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_THREAD_RANDOM_H_
