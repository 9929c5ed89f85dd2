#include "server/rpc/pipeline_registry.h"

#include <utility>
#include <vector>

namespace kvick::server {

void PipelineRegistry::Add(std::shared_ptr<OpenPipeline> pipeline) {
  bool ending = false;
  {
    absl::MutexLock lock(&mu_);
    ending = ending_;
    pipelines_.emplace(pipeline.get(), pipeline);
  }
  if (ending) {
    pipeline->EndSoon();
  }
}

void PipelineRegistry::Remove(const OpenPipeline* pipeline) {
  std::shared_ptr<OpenPipeline> removed;  // goes after the lock
  absl::MutexLock lock(&mu_);
  const auto found = pipelines_.find(pipeline);
  if (found != pipelines_.end()) {
    removed = std::move(found->second);
    pipelines_.erase(found);
  }
}

void PipelineRegistry::EndAll() {
  std::vector<std::shared_ptr<OpenPipeline>> open;
  {
    absl::MutexLock lock(&mu_);
    ending_ = true;
    for (const auto& [raw, pipeline] : pipelines_) {
      open.push_back(pipeline);
    }
  }
  for (const auto& pipeline : open) {
    pipeline->EndSoon();
  }
}

}  // namespace kvick::server
