// Descriptors of standard messages that reflection would lack otherwise.
#ifndef KVICK_SERVER_RPC_STANDARD_PROTOS_H_
#define KVICK_SERVER_RPC_STANDARD_PROTOS_H_

namespace kvick::server {

// Makes the health service and the details of errors known to server reflection: gRPC links neither
// in, and grpcurl, which knows nothing else, could not call the one and not read the other.
void DescribeStandardProtos();

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_STANDARD_PROTOS_H_
