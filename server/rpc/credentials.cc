#include "server/rpc/credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "fmt/format.h"
#include "storage/base/status_macros.h"

namespace kvick::server {
namespace {

// How often the files are looked at.
constexpr unsigned kRefreshSeconds = 1;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

absl::Status BadFile(std::string_view setting, const std::string& path, std::string_view advice) {
  const int error = errno;
  std::string reason;
  if (access(path.c_str(), R_OK) != 0) {
    reason = std::strerror(error);
  } else {
    const char* text = ERR_reason_error_string(ERR_peek_last_error());
    reason = text == nullptr ? "not readable as PEM" : text;
  }
  ERR_clear_error();
  return absl::InvalidArgumentError(
      fmt::format("{}: cannot use {} ({}); {}", setting, path, reason, advice));
}

}  // namespace

absl::Status CheckTlsFiles(const Config& config) {
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) {
    return absl::InternalError("cannot set up TLS; the OpenSSL library does not start");
  }
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), config.tls_cert.c_str()) != 1) {
    return BadFile("tls_cert", config.tls_cert,
                   "give a PEM file that the server may read, with its certificate first");
  }
  // An encrypted key would ask for its password at the terminal.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_PrivateKey_file(context.get(), config.tls_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return BadFile("tls_key", config.tls_key,
                   "give a PEM file that the server may read, with the certificate's private key, "
                   "unencrypted");
  }
  if (!config.tls_client_ca.empty() &&
      SSL_CTX_load_verify_locations(context.get(), config.tls_client_ca.c_str(), nullptr) != 1) {
    return BadFile("tls_client_ca", config.tls_client_ca,
                   "give a PEM file that the server may read, with the certificates of the "
                   "authorities that sign clients' certificates");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const Config& config) {
  if (!config.has_tls()) {
    return grpc::InsecureServerCredentials();
  }
  RETURN_IF_ERROR(CheckTlsFiles(config));
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          config.tls_key, config.tls_cert, config.tls_client_ca, kRefreshSeconds));
  options.watch_identity_key_cert_pairs();
  if (config.tls_client_ca.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace kvick::server
