#include "server/processor/executor.h"

#include <algorithm>
#include <utility>

namespace kvick::server {

size_t Executor::ThreadsByDefault() {
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 2, 16);
}

Executor::Executor(size_t threads) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

Executor::~Executor() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Executor::Add(std::function<void()> function) {
  absl::MutexLock lock(&mu_);
  functions_.push_back(std::move(function));
}

void Executor::Run() {
  const auto has_news = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return stopping_ || !functions_.empty();
  };
  for (;;) {
    std::function<void()> function;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&has_news));
      if (functions_.empty()) {
        return;
      }
      function = std::move(functions_.front());
      functions_.pop_front();
    }
    function();
  }
}

}  // namespace kvick::server
