// Makes a failing sequence short.
#ifndef KVICK_TESTS_ORACLE_REDUCER_H_
#define KVICK_TESTS_ORACLE_REDUCER_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace kvick::oracle {

// A part of `items`, in order, that still fails, though it would not without any one of them.
// Leaves out runs of them, at first long ones (Zeller and Hildebrandt, "Simplifying and isolating
// failure-inducing input", 2002; without its tests of single runs). Requires fails(items).
// O(n log n) calls where few items matter, O(n^2) at worst.
template <class T>
std::vector<T> ReduceToFailing(std::vector<T> items,
                               const std::function<bool(const std::vector<T>&)>& fails) {
  size_t run = std::max<size_t>(items.size() / 2, 1);
  while (true) {
    bool shorter = false;
    for (size_t start = 0; start < items.size();) {
      const auto begin = items.begin() + static_cast<std::ptrdiff_t>(start);
      const auto end =
          items.begin() + static_cast<std::ptrdiff_t>(std::min(start + run, items.size()));
      std::vector<T> without(items.begin(), begin);
      without.insert(without.end(), end, items.end());
      if (fails(without)) {
        items = std::move(without);
        shorter = true;
      } else {
        start += run;
      }
    }
    if (run == 1 && !shorter) return items;
    run = std::max<size_t>(run / 2, 1);
  }
}

}  // namespace kvick::oracle

#endif  // KVICK_TESTS_ORACLE_REDUCER_H_
