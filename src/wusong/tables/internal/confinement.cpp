// SPDX-License-Identifier: Apache-2.0
#include "wusong/tables/internal/confinement.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace wusong::tables::internal {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "system call numbers of this architecture are not known here"
#endif

// Landlock's interface is fixed; Debian 12's headers lack its later parts.
// Source: Linux, include/uapi/linux/landlock.h
struct RulesetAttribute {
  std::uint64_t handled_access_fs;
};
struct PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent;
} __attribute__((packed));
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr std::uint64_t kExecute = 1u << 0;
constexpr std::uint64_t kWriteFile = 1u << 1;
constexpr std::uint64_t kReadFile = 1u << 2;
constexpr std::uint64_t kReadFolder = 1u << 3;
constexpr std::uint64_t kRefer = 1u << 13;
constexpr std::uint64_t kTruncate = 1u << 14;
constexpr std::uint64_t kFirstVersion = (1u << 13) - 1;

sock_filter statement(std::uint16_t code, std::uint32_t k) {
  return {code, 0, 0, k};
}
sock_filter jump(std::uint16_t code, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return {code, yes, no, k};
}

constexpr std::uint32_t refusal(std::uint32_t number) {
  return SECCOMP_RET_ERRNO | number;
}

void load(std::vector<sock_filter>& out, std::size_t offset) {
  out.push_back(statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
}

void answer_if_equal(std::vector<sock_filter>& out, long number, std::uint32_t answer) {
  out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
  out.push_back(statement(BPF_RET | BPF_K, answer));
}

std::vector<sock_filter> beginning() {
  std::vector<sock_filter> out;
  load(out, offsetof(seccomp_data, arch));
  out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  out.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  load(out, offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  // The x32 interface would be a second name for every call.
  out.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  out.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
#endif
  return out;
}

constexpr long kRefused[] = {
    // the network, also by other doors
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    // other processes
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_pidfd_open,
    SYS_kcmp,
    SYS_setsid,
    SYS_setpgid,
    // another view of the machine
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_mknodat,
    SYS_swapon,
    SYS_swapoff,
    // the kernel itself
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_syslog,
    SYS_acct,
    SYS_quotactl,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_vhangup,
    SYS_fanotify_init,
    SYS_lookup_dcookie,
    SYS_personality,
#if defined(__x86_64__)
    SYS_kexec_file_load,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_mknod,
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
#endif
};

constexpr std::uint32_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

}  // namespace

std::vector<sock_filter> confined_calls() {
  auto out = beginning();
  for (const long number : kRefused) answer_if_equal(out, number, refusal(EPERM));
  // Its flags are behind a pointer, which a filter can not follow; libraries then use clone.
  answer_if_equal(out, SYS_clone3, refusal(ENOSYS));
  // clone for threads and processes, not for namespaces.
  out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  load(out, offsetof(seccomp_data, args[0]));
  out.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, kNewNamespaces, 0, 1));
  out.push_back(statement(BPF_RET | BPF_K, refusal(EPERM)));
  out.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return out;
}

std::vector<sock_filter> no_programs() {
  auto out = beginning();
  for (const long number : {SYS_execve, SYS_execveat}) answer_if_equal(out, number, refusal(EPERM));
  out.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return out;
}

bool install_filter(const std::vector<sock_filter>& filter) noexcept {
  sock_fprog program{static_cast<unsigned short>(filter.size()),
                     const_cast<sock_filter*>(filter.data())};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

int make_ruleset(const std::vector<std::string>& readable,
                 const std::vector<std::string>& writable) {
  const long version = ::syscall(kCreateRuleset, nullptr, 0, 1u);
  if (version < 1) return -1;
  std::uint64_t handled = kFirstVersion;
  if (version >= 2) handled |= kRefer;
  if (version >= 3) handled |= kTruncate;
  const RulesetAttribute attribute{handled};
  const int ruleset = static_cast<int>(::syscall(kCreateRuleset, &attribute, sizeof attribute, 0u));
  if (ruleset < 0) return -1;
  const auto allow = [&](const std::string& path, std::uint64_t access) {
    const int file = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (file < 0) return true;  // what is not there needs no leave
    struct stat about{};
    constexpr std::uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate;
    if (::fstat(file, &about) == 0 && !S_ISDIR(about.st_mode)) access &= kOfFiles;
    const PathBeneath rule{access & handled, file};
    const bool added = ::syscall(kAddRule, ruleset, 1, &rule, 0u) == 0;
    ::close(file);
    return added;
  };
  bool all = true;
  for (const auto& path : readable) all &= allow(path, kExecute | kReadFile | kReadFolder);
  for (const auto& path : writable) all &= allow(path, handled & ~kExecute);
  if (all) return ruleset;
  ::close(ruleset);
  return -1;
}

bool restrict_files(int ruleset) noexcept {
  return ruleset >= 0 && ::syscall(kRestrictSelf, ruleset, 0u) == 0;
}

bool leave_network() noexcept {
  return ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

bool drop_capabilities() noexcept {
  // The user's own programs start without any; root's take theirs from the bounding set.
  for (int capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && ::geteuid() == 0) return false;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return true;
}

}  // namespace wusong::tables::internal
