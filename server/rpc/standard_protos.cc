#include "server/rpc/standard_protos.h"

#include "standard/error_details.pb.h"
#include "standard/health.pb.h"

namespace kvick::server {

void DescribeStandardProtos() {
  // Generated files register their descriptors when they are linked in; naming them sees to that.
  grpc::health::v1::HealthCheckRequest::descriptor();
  google::rpc::ErrorInfo::descriptor();
}

}  // namespace kvick::server
