// PipelineRegistry: the pipelines that are open. It keeps them alive, and ends them when the server
// shuts down.
#ifndef KVICK_SERVER_RPC_PIPELINE_REGISTRY_H_
#define KVICK_SERVER_RPC_PIPELINE_REGISTRY_H_

#include <memory>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace kvick::server {

// A call that the registry knows.
class OpenPipeline {
 public:
  virtual ~OpenPipeline() = default;
  // Ends the call between two frames, once those that were received have been answered. Returns at
  // once. Thread safe.
  virtual void EndSoon() = 0;
};

// Thread safe.
class PipelineRegistry {
 public:
  // Keeps a pipeline until Remove. After EndAll it is told to end at once.
  void Add(std::shared_ptr<OpenPipeline> pipeline);
  // Lets go of it; whoever else holds it may go on using it.
  void Remove(const OpenPipeline* pipeline);
  // Ends all pipelines, those to come as well.
  void EndAll();

 private:
  absl::Mutex mu_;  // a leaf: no pipeline is called while it is held
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::unordered_map<const OpenPipeline*, std::shared_ptr<OpenPipeline>> pipelines_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_PIPELINE_REGISTRY_H_
