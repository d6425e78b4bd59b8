// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of the test's own, from Debian's package: a temporary folder, a socket in it,
// no network, gone with the test program.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace wusong::testkit {

class PostgresServer {
 public:
  /// The one of this test program, started by the first call; nullptr, and the reason in `why`,
  /// where there is none.
  static PostgresServer* shared(std::string& why) {
    static std::string reason;
    static const std::unique_ptr<PostgresServer> server = start(reason);
    why = reason;
    return server.get();
  }

  static std::unique_ptr<PostgresServer> start(std::string& why) {
    const std::string programs = find_programs();
    if (programs.empty()) {
      why = "PostgreSQL is not installed (Debian: postgresql)";
      return nullptr;
    }
    std::unique_ptr<PostgresServer> server{new PostgresServer{programs}};
    if (server->call({"initdb", "-D", server->data(), "-A", "trust", "-U", "wusong", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-instructions", "--no-sync"}) != 0) {
      why = "initdb failed";
      return nullptr;
    }
    if (!server->up()) {
      why = "the PostgreSQL server did not start";
      return nullptr;
    }
    return server;
  }

  ~PostgresServer() {
    if (owner_ != ::getpid()) return;  // a child of the test
    call({"pg_ctl", "-D", data(), "-m", "immediate", "-w", "stop"});
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  std::string connection() const { return "host=" + folder_ + " user=wusong dbname=postgres"; }

  bool up() {
    return call({"pg_ctl", "-D", data(), "-w", "-t", "60", "-l", folder_ + "/log", "-o",
                 "-k " + folder_ + " -c listen_addresses='' -c max_connections=40", "start"}) == 0;
  }
  bool stop_quickly() { return call({"pg_ctl", "-D", data(), "-m", "fast", "-w", "stop"}) == 0; }
  /// As a power switch would: every process of the server at once.
  void kill() {
    std::ifstream file{data() + "/postmaster.pid"};
    pid_t process = 0;
    file >> process;
    if (process <= 1) return;
    ::kill(process, SIGKILL);
    // Its children notice that it is gone; a new server waits for them.
    call({"pg_ctl", "-D", data(), "-m", "immediate", "-w", "-t", "20", "stop"});
  }

 private:
  explicit PostgresServer(std::string programs) : programs_{std::move(programs)} {
    std::string name = "/tmp/wusong-pg-XXXXXX";  // a socket's path is short
    folder_ = ::mkdtemp(name.data());
    if (::geteuid() != 0) return;
    const passwd* who = ::getpwnam("postgres");
    if (who == nullptr) who = ::getpwnam("nobody");
    if (who == nullptr) return;
    user_ = who->pw_uid;
    group_ = who->pw_gid;
    if (::chown(folder_.c_str(), user_, group_) != 0) user_ = 0;
  }

  static std::string find_programs() {
    std::string found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/usr/lib/postgresql", ignored}) {
      const std::string folder = entry.path() / "bin";
      if (std::filesystem::exists(folder + "/initdb") && folder > found) found = folder;
    }
    return found;
  }

  std::string data() const { return folder_ + "/data"; }

  /// PostgreSQL refuses to run as root.
  int call(std::vector<std::string> words) const {
    words[0] = programs_ + "/" + words[0];
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      if (user_ != 0 &&
          (::setgroups(0, nullptr) != 0 || ::setgid(group_) != 0 || ::setuid(user_) != 0))
        ::_exit(126);
      const int log = ::open((folder_ + "/setup.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      const int nothing = ::open("/dev/null", O_RDONLY);
      ::dup2(nothing, 0);
      ::dup2(log, 1);
      ::dup2(log, 2);
      for (int i = 3; i < 1024; ++i) ::close(i);
      if (::chdir("/") != 0) ::_exit(126);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    int status = -1;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string programs_;
  std::string folder_;
  uid_t user_{0};
  gid_t group_{0};
  pid_t owner_{::getpid()};
};

}  // namespace wusong::testkit
