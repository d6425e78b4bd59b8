// SPDX-License-Identifier: Apache-2.0
// `wusong_timing`: does the time of what handles secrets depend on them? Each operation runs with
// one fixed secret and with random ones.
//   wusong_timing           times both and prints Welch's t of the two sets of times
//   wusong_timing count     under valgrind's callgrind: prints how many instructions each run took
// The control compares byte by byte and stops at the first difference: it must be seen.
// @source Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", 2017
#include <fmt/format.h>

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/cipher/cipher.hpp"
#include "wusong/crypto/key_agreement.hpp"
#include "wusong/crypto/keystore.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/crypto/sm2_encryption.hpp"
#include "wusong/pq/ml_dsa.hpp"
#include "wusong/pq/ml_kem.hpp"
#include "wusong/threshold/keys.hpp"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) static_cast<void>(name)
#endif

namespace {

/// Memory that takes the same steps and gives the same places for the same requests once they were
/// made before: what libc does depends on all that was asked of it, and its copies on the place.
class SteadyMemory {
 public:
  void* take(std::size_t size) noexcept {
    const auto bucket = static_cast<std::size_t>(std::bit_width(size | (kStep - 1)));
    Free& free = free_[bucket];
    if (free.count > 0) return free.pieces[--free.count];
    // Room for the bucket's number before it.
    void* const fresh = std::aligned_alloc(kStep, kStep + (std::size_t{1} << bucket));
    if (fresh == nullptr) std::abort();
    void* const out = static_cast<char*>(fresh) + kStep;
    *bucket_of(out) = bucket;
    return out;
  }
  void give_back(void* gone) noexcept {
    if (gone == nullptr) return;
    Free& free = free_[*bucket_of(gone)];
    if (free.count < free.pieces.size()) free.pieces[free.count++] = gone;  // else it is lost
  }
  /// Between runs.
  void settle() noexcept {
    for (Free& free : free_)
      std::sort(free.pieces.begin(), free.pieces.begin() + static_cast<std::ptrdiff_t>(free.count));
  }
  static std::size_t size_of(void* taken) noexcept { return std::size_t{1} << *bucket_of(taken); }

 private:
  static constexpr std::size_t kStep = 64;
  struct Free {
    std::array<void*, 4096> pieces{};
    std::size_t count{0};
  };
  static std::size_t* bucket_of(void* taken) noexcept {
    return reinterpret_cast<std::size_t*>(static_cast<char*>(taken) - kStep);
  }
  std::array<Free, 40> free_{};
};
constinit SteadyMemory memory;

}  // namespace

void* operator new(std::size_t size) {
  return memory.take(size);
}
void* operator new(std::size_t size, std::align_val_t) {
  return memory.take(size);
}
void operator delete(void* gone) noexcept {
  memory.give_back(gone);
}
void operator delete(void* gone, std::size_t) noexcept {
  memory.give_back(gone);
}
void operator delete(void* gone, std::align_val_t) noexcept {
  memory.give_back(gone);
}
void operator delete(void* gone, std::size_t, std::align_val_t) noexcept {
  memory.give_back(gone);
}

namespace {

using namespace wusong;

/// libcrypto's too.
void use_steady_memory() noexcept {
  static_cast<void>(CRYPTO_set_mem_functions(
      [](std::size_t size, const char*, int) { return memory.take(size); },
      [](void* old, std::size_t size, const char*, int) {
        void* const fresh = memory.take(size);
        if (old != nullptr) std::memcpy(fresh, old, std::min(size, SteadyMemory::size_of(old)));
        memory.give_back(old);
        return fresh;
      },
      [](void* gone, const char*, int) { memory.give_back(gone); }));
}

/// The same in each run. @source Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014
class Random final : public io::Entropy {
 public:
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(next());
  }
  Bytes bytes(std::size_t count) {
    Bytes out(count);
    fill(out);
    return out;
  }

 private:
  std::uint64_t state_{5918};
};

enum class Secret : bool { random, fixed };

struct Subject {
  std::string name;
  std::function<Bytes(Random&, Secret)> make;  // what run takes, whatever its kind of one length
  std::function<void(BytesView)> run;
  bool is_counted{true};  // else libcrypto takes random steps of its own, which times alone judge
};
using Subjects = std::vector<Subject>;

constexpr std::string_view kControl = "control_that_leaks";

template <typename T>
void keep(T&& value) noexcept {
  asm volatile("" : : "r"(&value) : "memory");
}

auto any_bytes(std::size_t count) {
  return [count](Random& random, Secret kind) {
    return kind == Secret::fixed ? Bytes(count, 0x11) : random.bytes(count);
  };
}
/// Bytes one of which differs from what would be right: the first, or any.
auto one_wrong(Bytes right, std::size_t at, std::size_t count) {
  return [right = std::move(right), at, count](Random& random, Secret kind) {
    Bytes out = right;
    const std::size_t which = kind == Secret::fixed ? 0 : random.next() % count;
    out[at + which] ^= static_cast<std::uint8_t>(1 + random.next() % 255);
    return out;
  };
}

void add_signatures(Subjects& out) {
  static const Bytes kMessage(100, 3);
  for (const crypto::Scheme scheme :
       {crypto::Scheme::secp256k1, crypto::Scheme::ed25519, crypto::Scheme::sm2})
    out.push_back(
        {.name = fmt::format("{}_sign", crypto::find_scheme(std::to_underlying(scheme))->name),
         .make = any_bytes(32),
         .run = [scheme](BytesView secret) {
           keep((*crypto::make_signer(scheme, secret))->sign(kMessage));
         }});
  out.push_back({.name = "p256_sign", .make = any_bytes(32), .run = [](BytesView secret) {
                   keep(crypto::p256_sign(Hash{}, secret));
                 }});
}

void add_decryption(Subjects& out) {
  static const Bytes kSealed = [] {
    Random random;
    const auto key = crypto::Sm2Secret::from(Bytes(32, 0x12));
    return *crypto::sm2_encrypt(key->public_key(), Bytes(100, 2), random);
  }();
  // Made for none of the keys: a right digest gives a text, a wrong one an error.
  out.push_back({.name = "sm2_decrypt", .make = any_bytes(32), .run = [](BytesView secret) {
                   keep(crypto::sm2_decrypt(*crypto::Sm2Secret::from(secret), kSealed));
                 }});
}

void add_agreements(Subjects& out) {
  for (const crypto::KeyAgreementInfo& info : crypto::key_agreement_table()) {
    const auto which = info.agreement;
    const Bytes peer = *crypto::agreement_public_key(which, Bytes(32, 0x22));
    out.push_back({.name = fmt::format("{}_agree", info.name),
                   .make = any_bytes(32),
                   .run = [which, peer](BytesView secret) {
                     keep(crypto::agreement_public_key(which, secret));
                     keep(crypto::agree(which, secret, peer));
                   }});
  }
}

template <typename Mode>
void add_mode(Subjects& out, std::string_view name, cipher::Cipher which) {
  static const Bytes kNonce(12, 1);
  static const Bytes kText(100, 2);
  const std::size_t key_size = cipher::key_bytes(which);
  out.push_back({.name = fmt::format("{}_key_and_text", name),
                 .make = any_bytes(key_size + kText.size()),
                 .run = [which, key_size](BytesView secret) {
                   Bytes sealed(kText.size() + 16);
                   keep(Mode::create(which, secret.first(key_size))
                            ->seal({kNonce, {}}, secret.subspan(key_size), sealed));
                   keep(sealed);
                 }});
  const auto mode = *Mode::create(which, Bytes(key_size, 7));
  Bytes sealed(kText.size() + 16);
  keep(mode.seal({kNonce, {}}, kText, sealed));
  out.push_back({.name = fmt::format("{}_wrong_tag", name),
                 .make = one_wrong(sealed, kText.size(), 16),
                 .run = [mode](BytesView input) {
                   Bytes text(kText.size());
                   keep(mode.open({kNonce, {}}, input, text));
                 }});
}

void add_ciphers(Subjects& out) {
  using cipher::Cipher;
  add_mode<cipher::Gcm>(out, "sm4_gcm", Cipher::sm4);
  add_mode<cipher::Gcm>(out, "aes128_gcm", Cipher::aes128);
  add_mode<cipher::Gcm>(out, "aes256_gcm", Cipher::aes256);
  add_mode<cipher::Ccm>(out, "sm4_ccm", Cipher::sm4);
  add_mode<cipher::Ccm>(out, "aes128_ccm", Cipher::aes128);
}

/// Ciphertexts that were made for the key, and others.
void add_ml_kem(Subjects& out) {
  constexpr auto kSet = pq::MlKem::ml_kem_768;
  static const auto kKey =
      pq::MlKemDecapsulationKey::from_seed(kSet, std::array<std::uint8_t, 64>{});
  out.push_back({.name = "ml_kem_768_wrong_ciphertext",
                 .make =
                     [](Random& random, Secret kind) {
                       Bytes text = kKey.encapsulation_key().encapsulate(random).ciphertext;
                       if (kind == Secret::random) text[random.next() % text.size()] ^= 1;
                       return text;
                     },
                 .run = [](BytesView text) { keep(kKey.decapsulate(text)); }});
  // Secret polynomials of another key beside the same public half: 1152 bytes of numbers below q.
  static const Bytes kCiphertext =
      kKey.encapsulation_key().encapsulate_internal(std::array<std::uint8_t, 32>{}).ciphertext;
  out.push_back({.name = "ml_kem_768_decapsulate",
                 .make =
                     [](Random& random, Secret kind) {
                       const auto encoded = kKey.encode();
                       Bytes key = to_bytes(encoded.view());
                       if (kind == Secret::fixed) return key;
                       const auto other =
                           pq::MlKemDecapsulationKey::from_seed(
                               kSet, std::span<const std::uint8_t, 64>{random.bytes(64)})
                               .encode();
                       std::ranges::copy(other.view().first(1152), key.begin());
                       random.fill(std::span{key}.last(32));
                       return key;
                     },
                 .run =
                     [](BytesView key) {
                       keep(pq::MlKemDecapsulationKey::decode(kSet, key)->decapsulate(kCiphertext));
                     }});
}

/// What signing does besides attempts whose number is random: spreading secret polynomials out and
/// multiplying them. No key is right, so that all are refused at the same place.
void add_ml_dsa(Subjects& out) {
  constexpr auto kSet = pq::MlDsa::ml_dsa_65;
  constexpr std::size_t kPublic = 32 + 32 + 64;  // seed, key of nonces, digest
  static const Bytes kSecret = [] {
    const auto key = pq::MlDsaSecretKey::from_seed(kSet, std::array<std::uint8_t, 32>{});
    Bytes bytes = to_bytes(key.encode().view());
    bytes.back() ^= 1;
    return bytes;
  }();
  out.push_back({.name = "ml_dsa_65_secret_polynomials",
                 .make =
                     [](Random& random, Secret kind) {
                       if (kind == Secret::fixed) return kSecret;
                       const auto other =
                           pq::MlDsaSecretKey::from_seed(
                               kSet, std::span<const std::uint8_t, 32>{random.bytes(32)})
                               .encode();
                       Bytes key = to_bytes(other.view());
                       std::copy_n(kSecret.begin(), kPublic, key.begin());
                       return key;
                     },
                 .run = [](BytesView key) { keep(pq::MlDsaSecretKey::decode(kSet, key)); }});
}

void add_passwords(Subjects& out) {
  static const std::string kRight(64, 'p');
  out.push_back(
      {.name = "equal_secrets",
       .make = one_wrong(to_bytes(as_bytes(kRight)), 0, kRight.size()),
       .run = [](BytesView input) { keep(crypto::equal_secrets(kRight, as_text(input))); }});
  Random random;
  const std::string file = crypto::encrypt_keystore(Bytes(32, 5), "p", "", "", {2, 1, 1}, random);
  const std::size_t mac = file.find("\"mac\"");
  const std::size_t digits = file.find_first_of("0123456789abcdef", file.find(':', mac));
  // One digit of the file's check is another of its kind, as reading digits is not the subject.
  out.push_back(
      {.name = "keystore_wrong_mac",
       .make =
           [file, digits](Random& from, Secret kind) {
             Bytes changed = to_bytes(as_bytes(file));
             std::uint8_t& digit = changed[digits + (kind == Secret::fixed ? 0 : from.next() % 64)];
             digit = digit == '9' || digit == 'f' ? digit - 1 : digit + 1;
             return changed;
           },
       .run = [](BytesView input) { keep(crypto::decrypt_keystore(as_text(input), "p")); }});
}

void add_shares(Subjects& out) {
  using namespace threshold;
  for (const Group* const group :
       {&ed25519_group(), &sm2_group(), &p256_group(), &secp256k1_group()}) {
    const Point point = group->base_times(group->scalar(7));
    const auto scalar = [group](Random& random, Secret kind) {
      return to_bytes(
          (kind == Secret::fixed ? group->invert(group->scalar(3)) : group->random_nonzero(random))
              .view());
    };
    out.push_back({.name = fmt::format("{}_points", group->name()),
                   .make = scalar,
                   .run =
                       [group, point](BytesView secret) {
                         const Scalar k = *group->decode_scalar(secret);
                         keep(group->base_times(k));
                         keep(group->times(point, k));
                       },
                   .is_counted = group != &sm2_group()});
    out.push_back({.name = fmt::format("{}_shares", group->name()),
                   .make = scalar,
                   .run = [group](BytesView secret) {
                     const Scalar k = *group->decode_scalar(secret);
                     const Polynomial polynomial{*group, {k, group->multiply(k, k)}};
                     const Share shares[] = {{Party{1}, polynomial.at(Party{1})},
                                             {Party{2}, polynomial.at(Party{2})}};
                     keep(interpolate(*group, 2, shares));
                     keep(group->invert(k));
                   }});
  }
}

void add_control(Subjects& out) {
  static const Bytes kRight(2000, 9);
  out.push_back({.name = std::string{kControl},
                 .make = one_wrong(kRight, 0, kRight.size()),
                 .run = [](BytesView input) {
                   std::size_t same = 0;
                   while (same < input.size() && input[same] == kRight[same]) {
                     ++same;
                     keep(same);
                   }
                 }});
}

Subjects all_subjects() {
  Subjects out;
  add_signatures(out);
  add_decryption(out);
  add_agreements(out);
  add_ciphers(out);
  add_ml_kem(out);
  add_ml_dsa(out);
  add_passwords(out);
  add_shares(out);
  add_control(out);
  return out;
}

/// Of one kind of secret: how often, and sums for mean and variance.
struct Times {
  double count{0};
  double mean{0};
  double squares{0};  // of distances from the mean
  /// @source Welford 1962
  void add(double value) noexcept {
    ++count;
    const double distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
  double error_squared() const noexcept { return squares / (count - 1) / count; }
};

struct Measured {
  Secret kind;
  double nanoseconds;
};

/// Welch's t of both kinds, without the slowest tenth: interrupts fall on either.
double welch(std::vector<Measured> runs) {
  std::ranges::sort(runs, {}, &Measured::nanoseconds);
  runs.resize(runs.size() * 9 / 10);
  Times kinds[2];
  for (const Measured& run : runs) kinds[static_cast<int>(run.kind)].add(run.nanoseconds);
  const double error = std::sqrt(kinds[0].error_squared() + kinds[1].error_squared());
  return error > 0 ? (kinds[0].mean - kinds[1].mean) / error : 0;
}

double time_one(const Subject& subject, std::chrono::duration<double> budget) {
  using Clock = std::chrono::steady_clock;
  Random random;
  constexpr std::size_t kPool = 64;
  std::vector<Bytes> pool[2];
  for (std::size_t i = 0; i < kPool; ++i)
    for (const Secret kind : {Secret::random, Secret::fixed})
      pool[static_cast<int>(kind)].push_back(subject.make(random, kind));
  Bytes input = pool[0][0];
  for (int i = 0; i < 10; ++i) subject.run(input);
  std::vector<Measured> runs;
  const auto end = Clock::now() + budget;
  while (runs.size() < 100 || Clock::now() < end) {
    const auto kind = static_cast<Secret>(random.next() & 1);
    // Into the same memory, so that neither kind has its own place in caches.
    std::ranges::copy(pool[static_cast<int>(kind)][random.next() % kPool], input.begin());
    const auto before = Clock::now();
    subject.run(input);
    const std::chrono::duration<double, std::nano> taken = Clock::now() - before;
    runs.push_back({kind, taken.count()});
  }
  return welch(std::move(runs));
}

/// @return whether the control was seen
bool time_all(std::string_view only, std::chrono::duration<double> budget) {
  bool is_control_seen = !only.empty() && kControl.find(only) == std::string_view::npos;
  for (const Subject& subject : all_subjects()) {
    if (subject.name.find(only) == std::string::npos) continue;
    const double t = time_one(subject, budget);
    fmt::print(
        "{{\"name\": \"timing/{}\", \"value\": {:.2f}, \"unit\": \"t\", \"peer\": null, "
        "\"peer_value\": null, \"ratio\": null}}\n",
        subject.name, t);
    std::fflush(stdout);
    if (subject.name == kControl) is_control_seen = std::abs(t) > 10;
  }
  return is_control_seen;
}

/// One dump of callgrind's a run, named after the operation.
void count_all(std::string_view only) {
  for (const Subject& subject : all_subjects()) {
    if (!subject.is_counted || subject.name.find(only) == std::string::npos) continue;
    Random random;
    std::vector<Bytes> inputs;
    for (int i = 0; i < 6; ++i)
      inputs.push_back(subject.make(random, i % 3 == 0 ? Secret::fixed : Secret::random));
    Bytes input = inputs[0];
    // What is made once, and where memory comes from, settles first.
    for (int i = 0; i < 4; ++i) {
      memory.settle();
      subject.run(input);
    }
    for (const Bytes& each : inputs) {
      std::ranges::copy(each, input.begin());
      memory.settle();
      CALLGRIND_ZERO_STATS;
      subject.run(input);
      CALLGRIND_DUMP_STATS_AT(subject.name.c_str());
    }
  }
}

constexpr std::string_view kUsage =
    "Usage: wusong_timing [count] [NAME]\n\n"
    "Times each operation on secrets with one fixed secret and with random ones, for "
    "WUSONG_TIMING_SECONDS (2) each,\nand prints Welch's t: beyond 4.5 either way the times "
    "differ. "
    "With NAME, only those whose name holds it.\n"
    "count: for valgrind --tool=callgrind, see tools/instruction_counts.\n";

}  // namespace

int main(int count, char** words) {
  use_steady_memory();
  const std::vector<std::string_view> arguments(words + 1, words + count);
  if (std::ranges::find(arguments, "--help") != arguments.end()) {
    fmt::print("{}", kUsage);
    return 0;
  }
  const bool is_counting = !arguments.empty() && arguments[0] == "count";
  const std::string_view only =
      arguments.size() > (is_counting ? 1u : 0u) ? arguments.back() : std::string_view{};
  if (is_counting) {
    if (RUNNING_ON_VALGRIND == 0) {
      fmt::print(stderr,
                 "wusong_timing: count runs under valgrind: see tools/instruction_counts\n");
      return 2;
    }
    count_all(only);
    return 0;
  }
  const char* const seconds = std::getenv("WUSONG_TIMING_SECONDS");
  const std::chrono::duration<double> budget{seconds != nullptr ? std::atof(seconds) : 2};
  if (time_all(only, budget)) return 0;
  fmt::print(stderr,
             "wusong_timing: the control was not seen: this machine is too noisy, or the "
             "time too short\n");
  return 1;
}
