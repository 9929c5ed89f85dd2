// Latencies, counted in buckets that grow with the value.
#ifndef KVICK_CLIENT_BENCH_HISTOGRAM_H_
#define KVICK_CLIENT_BENCH_HISTOGRAM_H_

#include <cstdint>
#include <vector>

namespace kvick::bench {

// Counts values from 0 up, 128 buckets for each power of two, so that a percentile is off by less
// than 1 %; the idea is Gil Tene's HdrHistogram. Takes about 60 KiB. Not thread safe: one for each
// thread, then Merge.
class Histogram {
 public:
  Histogram();

  // Counts `value` (negative ones as 0) `times` times. O(1).
  void Record(int64_t value, int64_t times = 1);
  // Adds all that `other` counted.
  void Merge(const Histogram& other);

  // How many values were counted.
  int64_t count() const { return count_; }
  // The least and the greatest of them, exactly; 0 when there are none.
  int64_t minimum() const { return count_ == 0 ? 0 : minimum_; }
  int64_t maximum() const { return maximum_; }
  // Their mean, exactly; 0 when there are none.
  double Mean() const;
  // The least value that `percent` of the values do not exceed, from 0 to 100, rounded up to the
  // end of its bucket and never above the maximum; 0 when there are none.
  int64_t Percentile(double percent) const;

 private:
  std::vector<int64_t> buckets_;
  int64_t count_ = 0;
  int64_t minimum_ = INT64_MAX;
  int64_t maximum_ = 0;
  double sum_ = 0;
};

}  // namespace kvick::bench

#endif  // KVICK_CLIENT_BENCH_HISTOGRAM_H_
