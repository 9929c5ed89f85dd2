#include "kvick/internal/credentials.h"

#include <grpcpp/security/credentials.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/base/status_macros.h"

namespace kvick::internal {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read the PEM file ", path));
  }
  return std::move(content).str();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const std::optional<TlsOptions>& tls) {
  if (!tls.has_value()) return grpc::InsecureChannelCredentials();
  if (tls->cert_file.empty() != tls->key_file.empty()) {
    return absl::InvalidArgumentError("a client certificate and its key go together");
  }
  grpc::SslCredentialsOptions options;
  ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem(tls->ca_file));
  ASSIGN_OR_RETURN(options.pem_cert_chain, ReadPem(tls->cert_file));
  ASSIGN_OR_RETURN(options.pem_private_key, ReadPem(tls->key_file));
  return grpc::SslCredentials(options);
}

}  // namespace kvick::internal
