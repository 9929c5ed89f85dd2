#include "client/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kvick::bench {
namespace {

constexpr int kBucketBits = 7;
constexpr int kMaxShift = 63 - kBucketBits;
constexpr size_t kBuckets = (static_cast<size_t>(kMaxShift) + 2) << kBucketBits;

// Values below 256 have buckets of their own; above, a bucket spans 2^shift values.
int ShiftOf(uint64_t value) {
  return std::max(0, static_cast<int>(std::bit_width(value)) - kBucketBits - 1);
}

size_t BucketOf(uint64_t value) {
  const int shift = ShiftOf(value);
  return (static_cast<size_t>(shift) << kBucketBits) + (value >> shift);
}

// The greatest value of a bucket.
int64_t EndOf(size_t bucket) {
  const size_t shift = bucket < (2u << kBucketBits) ? 0 : (bucket >> kBucketBits) - 1;
  const uint64_t head = bucket - (shift << kBucketBits);
  return static_cast<int64_t>(((head + 1) << shift) - 1);
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets, 0) {}

void Histogram::Record(int64_t value, int64_t times) {
  value = std::max<int64_t>(value, 0);
  buckets_[BucketOf(static_cast<uint64_t>(value))] += times;
  count_ += times;
  minimum_ = std::min(minimum_, value);
  maximum_ = std::max(maximum_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  minimum_ = std::min(minimum_, other.minimum_);
  maximum_ = std::max(maximum_, other.maximum_);
  sum_ += other.sum_;
}

double Histogram::Mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::Percentile(double percent) const {
  const double share = std::clamp(percent, 0.0, 100.0) / 100;
  const auto wanted =
      std::max<int64_t>(1, std::llround(std::ceil(share * static_cast<double>(count_) - 1e-9)));
  int64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(EndOf(i), maximum_);
  }
  return maximum_;
}

}  // namespace kvick::bench
