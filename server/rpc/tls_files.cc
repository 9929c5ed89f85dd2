#include "server/rpc/tls_files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "fmt/format.h"
#include "server/config/log.h"
#include "storage/base/status_macros.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);
// No bundle of certificates is as large.
constexpr size_t kFileBytesMax = size_t{1} << 20;

struct FreeOpenSsl {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using OpenSslPtr = std::unique_ptr<T, FreeOpenSsl>;

OpenSslPtr<BIO> Source(const std::string& text) {
  return OpenSslPtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A password that is not there, so that nobody is asked for it at the terminal.
int NoPassword(char*, int, int, void*) { return 0; }

absl::Status BadFile(std::string_view setting, const std::string& path, std::string_view reason,
                     std::string_view advice) {
  return absl::InvalidArgumentError(
      fmt::format("{}: cannot use {} ({}); {}", setting, path, reason, advice));
}

// What OpenSSL said last.
std::string OpenSslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "not PEM" : reason;
}

absl::StatusOr<std::string> ReadFile(std::string_view setting, const std::string& path) {
  std::string content(kFileBytesMax + 1, '\0');
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file ||
      (!file.read(content.data(), static_cast<std::streamsize>(content.size())) && file.bad())) {
    return BadFile(setting, path, std::strerror(errno == 0 ? EIO : errno),
                   "give a PEM file that the server may read");
  }
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kFileBytesMax) {
    return BadFile(setting, path, "larger than 1 MiB", "give a PEM file");
  }
  content.shrink_to_fit();
  return content;
}

}  // namespace

absl::StatusOr<TlsContents> ReadTlsFiles(const Config& config) {
  TlsContents contents;
  ASSIGN_OR_RETURN(contents.certificate, ReadFile("tls_cert", config.tls_cert));
  ASSIGN_OR_RETURN(contents.key, ReadFile("tls_key", config.tls_key));
  if (!config.tls_client_ca.empty()) {
    ASSIGN_OR_RETURN(contents.authorities, ReadFile("tls_client_ca", config.tls_client_ca));
  }
  return contents;
}

absl::Status CheckTlsContents(const Config& config, const TlsContents& contents) {
  const OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) {
    return absl::InternalError("cannot set up TLS; the OpenSSL library does not start");
  }
  ERR_clear_error();
  const OpenSslPtr<X509> certificate(
      PEM_read_bio_X509_AUX(Source(contents.certificate).get(), nullptr, NoPassword, nullptr));
  if (certificate == nullptr || SSL_CTX_use_certificate(context.get(), certificate.get()) != 1) {
    return BadFile("tls_cert", config.tls_cert, OpenSslReason(),
                   "give a PEM file with the server's certificate first");
  }
  const OpenSslPtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(Source(contents.key).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr || SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return BadFile("tls_key", config.tls_key, OpenSslReason(),
                   "give a PEM file with the certificate's private key, unencrypted");
  }
  if (!config.tls_client_ca.empty()) {
    const OpenSslPtr<X509> authority(
        PEM_read_bio_X509_AUX(Source(contents.authorities).get(), nullptr, NoPassword, nullptr));
    if (authority == nullptr) {
      return BadFile("tls_client_ca", config.tls_client_ca, OpenSslReason(),
                     "give a PEM file with the certificates of the authorities that sign clients' "
                     "certificates");
    }
  }
  return absl::OkStatus();
}

absl::Status TlsFiles::MemoryFile::Replace(const std::string& content) {
  UniqueFd fresh(memfd_create("kvick-tls", MFD_CLOEXEC));
  ++version_;
  // gRPC compares times of modification in seconds to know a file that changed while it was read.
  const timespec times[2] = {{version_, 0}, {version_, 0}};
  if (!fresh.valid() ||
      write(fresh.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      futimens(fresh.get(), times) != 0) {
    return absl::ResourceExhaustedError(
        fmt::format("cannot keep the TLS files in memory ({})", std::strerror(errno)));
  }
  if (!fd_.valid()) {
    fd_ = std::move(fresh);
  } else if (dup3(fresh.get(), fd_.get(), O_CLOEXEC) < 0) {
    return absl::ResourceExhaustedError(
        fmt::format("cannot replace the TLS files in memory ({})", std::strerror(errno)));
  }
  return absl::OkStatus();
}

std::string TlsFiles::MemoryFile::path() const {
  return fmt::format("/proc/self/fd/{}", fd_.get());
}

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(const Config& config) {
  std::unique_ptr<TlsFiles> files(new TlsFiles(config));
  ASSIGN_OR_RETURN(files->current_, ReadTlsFiles(config));
  RETURN_IF_ERROR(CheckTlsContents(config, files->current_));
  RETURN_IF_ERROR(files->Publish(files->current_));
  files->key_path_ = files->identity_.path();
  files->certificate_path_ = files->identity_.path();
  files->authorities_path_ = config.tls_client_ca.empty() ? "" : files->authorities_.path();
  if (!UniqueFd(open(files->key_path_.c_str(), O_RDONLY | O_CLOEXEC)).valid()) {
    files->key_path_ = config.tls_key;
    files->certificate_path_ = config.tls_cert;
    files->authorities_path_ = config.tls_client_ca;
    return files;
  }
  files->thread_ = std::thread([raw = files.get()] { raw->Run(); });
  return files;
}

TlsFiles::~TlsFiles() {
  if (thread_.joinable()) {
    stop_.Notify();
    thread_.join();
  }
}

absl::Status TlsFiles::Publish(const TlsContents& contents) {
  // Readers of PEM take what they look for and pass over the rest; so certificate and key share a
  // file and cannot be read apart.
  RETURN_IF_ERROR(identity_.Replace(contents.certificate + "\n" + contents.key));
  return authorities_.Replace(contents.authorities);
}

void TlsFiles::Run() {
  while (!stop_.WaitForNotificationWithTimeout(kLookInterval)) {
    Look();
  }
}

void TlsFiles::Look() {
  TlsContents found;
  absl::Status status;
  if (auto contents = ReadTlsFiles(config_); contents.ok()) {
    found = *std::move(contents);
    if (found == current_) {
      return;
    }
    status = CheckTlsContents(config_, found);
    status.Update(status.ok() ? Publish(found) : status);
  } else {
    status = contents.status();
  }
  if (status.ok()) {
    current_ = std::move(found);
    bad_is_known_ = false;
    Log(LogLevel::kInfo, "new TLS files are in use");
    return;
  }
  // Files are seldom changed all at once: what is found the first time may only be halfway.
  if (found == bad_ && !bad_is_known_) {
    bad_is_known_ = true;
    Log(LogLevel::kWarning, "new TLS files cannot be used; the old ones stay in use",
        {{"error", std::string(storage::FromAbsl(status.message()))}});
  } else if (found != bad_) {
    bad_is_known_ = false;
    bad_ = std::move(found);
  }
}

}  // namespace kvick::server
