// UniqueFd: a file descriptor and the duty to close it.
#ifndef KVICK_SERVER_RPC_UNIQUE_FD_H_
#define KVICK_SERVER_RPC_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace kvick::server {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }

  // The descriptor; -1: none.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Hands the duty on.
  int Release() { return std::exchange(fd_, -1); }
  // Closes it and takes another.
  void Reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) {
      close(old);
    }
  }

 private:
  int fd_ = -1;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_UNIQUE_FD_H_
