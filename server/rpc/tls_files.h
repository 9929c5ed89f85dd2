// TlsFiles: the server's certificate, key and authorities, as files that change while it runs. gRPC
// watches files itself, but takes what it finds: a certificate whose key is not there yet, or half
// a file, would shut out every new client. So gRPC watches copies in memory, which change only
// together and only to what has been checked.
#ifndef KVICK_SERVER_RPC_TLS_FILES_H_
#define KVICK_SERVER_RPC_TLS_FILES_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "server/config/config.h"
#include "server/rpc/unique_fd.h"

namespace kvick::server {

// What the files hold, as PEM.
struct TlsContents {
  std::string certificate;
  std::string key;
  std::string authorities;  // empty: clients need no certificate

  bool operator==(const TlsContents&) const = default;
};

// Reads the files that the settings name. The error names the file and says what to do.
absl::StatusOr<TlsContents> ReadTlsFiles(const Config& config);
// Checks that they hold what they should and the key is the certificate's. The error names the file
// and says what to do.
absl::Status CheckTlsContents(const Config& config, const TlsContents& contents);

// Lives longer than the credentials that read its copies.
class TlsFiles {
 public:
  // Reads and checks the files, and looks for changes from then on.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(const Config& config);

  ~TlsFiles();
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  // Where gRPC finds the key, the certificate and the authorities. They are the files themselves
  // where the system does not let copies in memory be opened.
  const std::string& key_path() const { return key_path_; }
  const std::string& certificate_path() const { return certificate_path_; }
  const std::string& authorities_path() const { return authorities_path_; }

 private:
  // A file in memory whose content is replaced as a whole.
  class MemoryFile {
   public:
    absl::Status Replace(const std::string& content);
    std::string path() const;

   private:
    UniqueFd fd_;  // both: as the MemoryFile itself
    int64_t version_ = 0;
  };

  explicit TlsFiles(const Config& config) : config_(config) {}

  absl::Status Publish(const TlsContents& contents);
  void Run();
  // Looks for a change once.
  void Look();

  const Config config_;
  std::string key_path_;          // constant after Open
  std::string certificate_path_;  // constant after Open
  std::string authorities_path_;  // constant after Open
  MemoryFile identity_;           // Open's, then the thread's: certificate and key
  MemoryFile authorities_;        // Open's, then the thread's
  TlsContents current_;           // Open's, then the thread's
  TlsContents bad_;               // the thread's: what was found last and is of no use
  bool bad_is_known_ = false;     // the thread's: the log says so
  absl::Notification stop_;       // synchronises itself
  std::thread thread_;            // started by Open, constant from then on; none without copies
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_TLS_FILES_H_
