// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/slh_dsa.hpp"

#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/secret.hpp"
#include "wusong/pq/internal/slh_digests.hpp"

namespace wusong::pq {

namespace internal {

struct SlhPublicParts {
  const SlhParameters* parameters;
  const Provider* provider;
  SlhHash hash;
  Bytes encoded;  // PK.seed, PK.root

  BytesView root() const noexcept { return BytesView{encoded}.last(parameters->n()); }
};
struct SlhSecretParts {
  SlhSecretParts(const SlhParameters& p, BytesView seeds)
      : seed(p.n()), prf(p.n()), top(2 * p.n() << p.tree_height()) {
    std::memcpy(seed.data(), seeds.data(), p.n());
    std::memcpy(prf.data(), seeds.data() + p.n(), p.n());
  }
  WipedVector<std::uint8_t> seed;
  WipedVector<std::uint8_t> prf;
  WipedVector<std::uint8_t> top;  // the uppermost tree, level by level from the leaves
};

}  // namespace internal

namespace {

using namespace internal;

constexpr std::size_t kContextMax = 255;
/// One-time keys made at a time: their chains fill the lanes of any width.
constexpr std::size_t kLeavesAtOnce = 16;

std::uint64_t number_of(BytesView bytes, std::size_t bits) noexcept {
  std::uint64_t out = 0;
  for (const std::uint8_t byte : bytes) out = out << 8 | byte;
  return bits == 64 ? out : out & ((std::uint64_t{1} << bits) - 1);
}

/// Where a message's signature stands.
struct Place {
  BytesView fors_digest;
  std::uint64_t tree;
  std::size_t leaf;
};
Place place_of(const SlhParameters& p, BytesView digest) noexcept {
  const BytesView rest = digest.subspan(p.fors_digest());
  return {digest.first(p.fors_digest()),
          number_of(rest.first(p.tree_digest()), p.h - p.tree_height()),
          static_cast<std::size_t>(
              number_of(rest.subspan(p.tree_digest(), p.leaf_digest()), p.tree_height()))};
}

/// Makes and joins trees for one key.
class Signer {
 public:
  Signer(const SlhParameters& p, const SlhHash& hash, const std::uint8_t* seed)
      : p_{p}, hash_{hash}, seed_{seed} {}

  /// Public keys of `count` one-time keys from `first` on. If `signing` is among them, its chains
  /// are written to `signature` where they pass `digits`.
  /// @source FIPS 205, algorithms 6 and 7
  void one_time_keys(std::uint8_t* out, const SlhAddress& tree, std::size_t first,
                     std::size_t count, std::size_t signing, const SlhDigits* digits,
                     std::uint8_t* signature) const {
    const std::size_t n = p_.n();
    const std::size_t chains = p_.digits();
    std::vector<SlhAddress> addresses(count * chains, tree);
    WipedVector<std::uint8_t> values{count * chains * n};
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      addresses[i].set_type(SlhAddress::wots_secret);
      addresses[i].set_keypair(first + i / chains);
      addresses[i].set_second(i % chains);
    }
    hash_.many(addresses.size(), addresses.data(), seed_, 0, n, values.data());
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      addresses[i].set_type(SlhAddress::wots_hash);
      addresses[i].set_keypair(first + i / chains);
      addresses[i].set_second(i % chains);
    }
    const bool is_signing = digits != nullptr && signing >= first && signing < first + count;
    for (unsigned step = 0;; ++step) {
      if (is_signing) {
        for (std::size_t i = 0; i < chains; ++i)
          if ((*digits)[i] == step)
            std::memcpy(signature + i * n, values.data() + ((signing - first) * chains + i) * n, n);
      }
      if (step == p_.chain_last()) break;
      for (auto& address : addresses) address.set_third(step);
      hash_.many(addresses.size(), addresses.data(), values.data(), n, n, values.data());
    }
    for (std::size_t i = 0; i < count; ++i) {
      addresses[i] = tree;
      addresses[i].set_type(SlhAddress::wots_public_key);
      addresses[i].set_keypair(first + i);
    }
    hash_.many(count, addresses.data(), values.data(), chains * n, chains * n, out);
  }

  /// Each level from the one below it, which lies before it.
  /// @shape `nodes` 2^(height+1) n bytes, of which the leaves are there
  /// @source FIPS 205, algorithms 9 and 15
  void join(std::uint8_t* nodes, std::size_t height, const SlhAddress& address,
            std::size_t first_leaf) const {
    const std::size_t n = p_.n();
    std::vector<SlhAddress> addresses(std::size_t{1} << (height - 1), address);
    for (std::size_t level = 1; level <= height; ++level) {
      const std::size_t count = std::size_t{1} << (height - level);
      std::uint8_t* const above = nodes + 2 * count * n;
      for (std::size_t i = 0; i < count; ++i) {
        addresses[i].set_second(level);
        addresses[i].set_third((first_leaf >> level) + i);
      }
      hash_.many(count, addresses.data(), nodes, 2 * n, 2 * n, above);
      nodes = above;
    }
  }

  /// A tree of one-time keys; see one_time_keys and join.
  void tree(std::uint8_t* nodes, const SlhAddress& where, std::size_t signing,
            const SlhDigits* digits, std::uint8_t* signature) const {
    const std::size_t leaves = std::size_t{1} << p_.tree_height();
    for (std::size_t first = 0; first < leaves; first += kLeavesAtOnce) {
      const std::size_t count = std::min(kLeavesAtOnce, leaves - first);
      one_time_keys(nodes + first * p_.n(), where, first, count, signing, digits, signature);
    }
    SlhAddress address = where;
    address.set_type(SlhAddress::tree_node);
    join(nodes, p_.tree_height(), address, 0);
  }

  /// @source FIPS 205, algorithm 16
  void few_time_signature(std::uint8_t* out, const SlhAddress& where, std::size_t keypair,
                          BytesView digest) const {
    const std::size_t n = p_.n();
    const std::size_t leaves = std::size_t{1} << p_.a;
    WipedVector<std::uint8_t> nodes{2 * leaves * n};
    std::vector<SlhAddress> addresses(leaves, where);
    for (std::size_t i = 0; i < p_.k; ++i) {
      const std::size_t chosen = bits_at(digest.data(), i * p_.a, p_.a);
      const auto set_all = [&](SlhAddress::Type type) {
        for (std::size_t j = 0; j < leaves; ++j) {
          addresses[j].set_type(type);
          addresses[j].set_keypair(keypair);
          addresses[j].set_third(i * leaves + j);
        }
      };
      set_all(SlhAddress::fors_secret);
      hash_.many(leaves, addresses.data(), seed_, 0, n, nodes.data());
      std::memcpy(out, nodes.data() + chosen * n, n);
      set_all(SlhAddress::fors_node);
      hash_.many(leaves, addresses.data(), nodes.data(), n, n, nodes.data());
      join(nodes.data(), p_.a, addresses[0], i * leaves);
      out = copy_path(out + n, nodes.data(), p_.a, chosen);
    }
  }

  /// The siblings from a leaf up; returns where they end.
  std::uint8_t* copy_path(std::uint8_t* out, const std::uint8_t* nodes, std::size_t height,
                          std::size_t leaf) const noexcept {
    const std::size_t n = p_.n();
    for (std::size_t level = 0; level < height; ++level) {
      std::memcpy(out, nodes + ((leaf >> level) ^ 1) * n, n);
      out += n;
      nodes += (n << height) >> level;
    }
    return out;
  }

 private:
  const SlhParameters& p_;
  const SlhHash& hash_;
  const std::uint8_t* seed_;
};

/// Joins each of `count` nodes with its siblings, level by level, all at once.
/// @shape `paths` `stride` bytes apart
void climb(const SlhParameters& p, const SlhHash& hash, std::uint8_t* nodes, std::size_t count,
           SlhAddress* addresses, const std::size_t* leaves, const std::size_t* offsets,
           const std::uint8_t* paths, std::size_t stride, std::size_t height) {
  const std::size_t n = p.n();
  Bytes pairs(count * 2 * n);
  for (std::size_t level = 0; level < height; ++level) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t side = (leaves[i] >> level) & 1;
      std::uint8_t* const pair = pairs.data() + i * 2 * n;
      std::memcpy(pair + side * n, nodes + i * n, n);
      std::memcpy(pair + (1 - side) * n, paths + i * stride + level * n, n);
      addresses[i].set_second(level + 1);
      addresses[i].set_third((offsets[i] + leaves[i]) >> (level + 1));
    }
    hash.many(count, addresses, pairs.data(), 2 * n, 2 * n, nodes);
  }
}

/// @shape n bytes
/// @source FIPS 205, algorithm 17
void few_time_root(std::uint8_t* out, const SlhParameters& p, const SlhHash& hash,
                   const SlhAddress& where, std::size_t keypair, BytesView digest,
                   const std::uint8_t* signature) {
  const std::size_t n = p.n();
  const std::size_t stride = (p.a + 1) * n;
  SlhAddress address = where;
  address.set_type(SlhAddress::fors_node);
  address.set_keypair(keypair);
  std::vector<SlhAddress> addresses(p.k, address);
  std::vector<std::size_t> leaves(p.k);
  std::vector<std::size_t> offsets(p.k);
  for (std::size_t i = 0; i < p.k; ++i) {
    leaves[i] = bits_at(digest.data(), i * p.a, p.a);
    offsets[i] = i << p.a;
    addresses[i].set_third(offsets[i] + leaves[i]);
  }
  Bytes nodes(p.k * n);
  hash.many(p.k, addresses.data(), signature, stride, n, nodes.data());
  climb(p, hash, nodes.data(), p.k, addresses.data(), leaves.data(), offsets.data(), signature + n,
        stride, p.a);
  address.set_type(SlhAddress::fors_roots);
  address.set_keypair(keypair);
  hash.many(1, &address, nodes.data(), 0, p.k * n, out);
}

/// The root of a tree from one of its signatures; `node` holds the message before.
/// @source FIPS 205, algorithms 8 and 11
Result<void> layer_root(std::uint8_t* node, const SlhParameters& p, const SlhHash& hash,
                        const SlhAddress& where, std::size_t leaf, const std::uint8_t* signature) {
  const std::size_t n = p.n();
  const std::size_t chains = p.digits();
  WUSONG_TRY(const SlhDigits digits, digits_to_verify(p, hash, where, leaf, node, signature));
  signature += p.counter_size();
  Bytes values(signature, signature + chains * n);
  std::vector<SlhAddress> addresses(chains, where);
  Bytes active(chains * n);
  for (unsigned step = 0; step < p.chain_last(); ++step) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < chains; ++i) {
      if (digits[i] > step) continue;
      auto& address = addresses[count];
      address.set_type(SlhAddress::wots_hash);
      address.set_keypair(leaf);
      address.set_second(i);
      address.set_third(step);
      std::memcpy(active.data() + count++ * n, values.data() + i * n, n);
    }
    hash.many(count, addresses.data(), active.data(), n, n, active.data());
    count = 0;
    for (std::size_t i = 0; i < chains; ++i)
      if (digits[i] <= step) std::memcpy(values.data() + i * n, active.data() + count++ * n, n);
  }
  SlhAddress address = where;
  address.set_type(SlhAddress::wots_public_key);
  address.set_keypair(leaf);
  hash.many(1, &address, values.data(), 0, chains * n, node);
  address.set_type(SlhAddress::tree_node);
  const std::size_t no_offset = 0;
  climb(p, hash, node, 1, &address, &leaf, &no_offset, signature + chains * n, 0, p.tree_height());
  return {};
}

/// @source FIPS 205, algorithms 22 and 24: the pure version's prefix
Result<Bytes> with_context(BytesView message, BytesView context) {
  if (context.size() > kContextMax) return fail(err::context_too_long);
  Bytes out{0, static_cast<std::uint8_t>(context.size())};
  append(out, context);
  append(out, message);
  return out;
}

std::unique_ptr<SlhPublicParts> public_of(const SlhParameters& p, BytesView encoded,
                                          const Provider& provider) {
  return std::make_unique<SlhPublicParts>(
      SlhPublicParts{&p, &provider, SlhHash{p, encoded.first(p.n()), provider}, to_bytes(encoded)});
}

SlhAddress top_address(const SlhParameters& p) noexcept {
  SlhAddress address;
  address.set_layer(p.d - 1);
  return address;
}

}  // namespace

SlhDsaPublicKey::SlhDsaPublicKey(std::unique_ptr<internal::SlhPublicParts> parts) noexcept
    : parts_{std::move(parts)} {}
SlhDsaPublicKey::SlhDsaPublicKey(SlhDsaPublicKey&&) noexcept = default;
SlhDsaPublicKey& SlhDsaPublicKey::operator=(SlhDsaPublicKey&&) noexcept = default;
SlhDsaPublicKey::~SlhDsaPublicKey() = default;

Result<SlhDsaPublicKey> SlhDsaPublicKey::decode(SlhDsa set, BytesView encoded,
                                                const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (encoded.size() != 2 * p.n()) return fail(err::public_key_length);
  return SlhDsaPublicKey{public_of(p, encoded, provider)};
}

SlhDsa SlhDsaPublicKey::set() const noexcept {
  return parts_->parameters->set;
}
BytesView SlhDsaPublicKey::encoded() const noexcept {
  return parts_->encoded;
}

Result<void> SlhDsaPublicKey::verify(BytesView message, BytesView context,
                                     BytesView signature) const {
  if (signature.size() != parts_->parameters->shape.signature) return fail(err::signature_length);
  WUSONG_TRY(const Bytes whole, with_context(message, context));
  return verify_internal(whole, signature);
}

Result<void> SlhDsaPublicKey::verify_internal(BytesView message, BytesView signature) const {
  const auto& p = *parts_->parameters;
  if (signature.size() != p.shape.signature) return fail(err::signature_length);
  const std::uint8_t* at = signature.data() + p.n();
  WUSONG_TRY(const Bytes digest, digest_to_verify(p, parts_->hash, signature.first(p.n()),
                                                  parts_->root(), message, at));
  Place place = place_of(p, digest);
  SlhAddress address;
  address.set_tree(place.tree);
  std::array<std::uint8_t, kSlhHashMax> node;
  few_time_root(node.data(), p, parts_->hash, address, place.leaf, place.fors_digest,
                at + p.counter_size());
  at += p.fors_size();
  for (std::size_t layer = 0; layer < p.d; ++layer, at += p.layer_size()) {
    address.set_layer(layer);
    address.set_tree(place.tree);
    WUSONG_CHECK(layer_root(node.data(), p, parts_->hash, address, place.leaf, at));
    place.leaf = static_cast<std::size_t>(place.tree) & ((std::size_t{1} << p.tree_height()) - 1);
    place.tree >>= p.tree_height();
  }
  if (std::memcmp(node.data(), parts_->root().data(), p.n()) != 0) return fail(err::bad_signature);
  return {};
}

SlhDsaSecretKey::SlhDsaSecretKey(std::unique_ptr<internal::SlhSecretParts> parts,
                                 SlhDsaPublicKey public_key) noexcept
    : parts_{std::move(parts)}, public_{std::move(public_key)} {}
SlhDsaSecretKey::SlhDsaSecretKey(SlhDsaSecretKey&&) noexcept = default;
SlhDsaSecretKey& SlhDsaSecretKey::operator=(SlhDsaSecretKey&&) noexcept = default;
SlhDsaSecretKey::~SlhDsaSecretKey() = default;

Result<SlhDsaSecretKey> SlhDsaSecretKey::from_seed(SlhDsa set, BytesView seed,
                                                   const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (seed.size() != 3 * p.n()) return fail(err::seed_length);
  auto secret = std::make_unique<SlhSecretParts>(p, seed);
  const SlhHash hash{p, seed.last(p.n()), provider};
  const Signer signer{p, hash, secret->seed.data()};
  signer.tree(secret->top.data(), top_address(p), 0, nullptr, nullptr);
  Bytes encoded = to_bytes(seed.last(p.n()));
  append(encoded, {secret->top.data() + ((2 * p.n() << p.tree_height()) - 2 * p.n()), p.n()});
  return SlhDsaSecretKey{std::move(secret), SlhDsaPublicKey{public_of(p, encoded, provider)}};
}

Result<SlhDsaSecretKey> SlhDsaSecretKey::decode(SlhDsa set, BytesView encoded,
                                                const internal::Provider& provider) {
  const auto& p = parameters_of(set);
  if (encoded.size() != 4 * p.n()) return fail(err::secret_key_length);
  WUSONG_TRY(auto key, from_seed(set, encoded.first(3 * p.n()), provider));
  if (!std::ranges::equal(key.public_.encoded(), encoded.last(2 * p.n())))
    return fail(err::key_inconsistent);
  return key;
}

SecretBytes SlhDsaSecretKey::encode() const {
  const std::size_t n = public_.parts_->parameters->n();
  Bytes out(4 * n);
  std::memcpy(out.data(), parts_->seed.data(), n);
  std::memcpy(out.data() + n, parts_->prf.data(), n);
  std::memcpy(out.data() + 2 * n, public_.parts_->encoded.data(), 2 * n);
  return SecretBytes{std::move(out)};
}

const SlhDsaPublicKey& SlhDsaSecretKey::public_key() const noexcept {
  return public_;
}

Result<Bytes> SlhDsaSecretKey::sign(BytesView message, BytesView context,
                                    io::Entropy& entropy) const {
  WUSONG_TRY(const Bytes whole, with_context(message, context));
  Bytes randomness(public_.parts_->parameters->n());
  entropy.fill(randomness);
  return sign_internal(whole, randomness);
}

Result<Bytes> SlhDsaSecretKey::sign_deterministic(BytesView message, BytesView context) const {
  WUSONG_TRY(const Bytes whole, with_context(message, context));
  return sign_internal(whole, public_.encoded().first(public_.parts_->parameters->n()));
}

Result<Bytes> SlhDsaSecretKey::sign_internal(BytesView message, BytesView randomness) const {
  const auto& key = *public_.parts_;
  const auto& p = *key.parameters;
  const std::size_t n = p.n();
  if (randomness.size() != n) return fail(err::seed_length);
  Bytes signature(p.shape.signature);
  key.hash.randomizer(signature.data(), {parts_->prf.data(), n}, randomness, message);
  std::uint8_t* at = signature.data() + n;
  WUSONG_TRY(const Bytes digest,
             digest_to_sign(p, key.hash, BytesView{signature}.first(n), key.root(), message, at));
  Place place = place_of(p, digest);
  const Signer signer{p, key.hash, parts_->seed.data()};
  SlhAddress address;
  address.set_tree(place.tree);
  signer.few_time_signature(at + p.counter_size(), address, place.leaf, place.fors_digest);
  std::array<std::uint8_t, kSlhHashMax> node;
  few_time_root(node.data(), p, key.hash, address, place.leaf, place.fors_digest,
                at + p.counter_size());
  at += p.fors_size();
  WipedVector<std::uint8_t> nodes{2 * n << p.tree_height()};
  for (std::size_t layer = 0; layer < p.d; ++layer) {
    address.set_layer(layer);
    address.set_tree(place.tree);
    WUSONG_TRY(const SlhDigits digits,
               digits_to_sign(p, key.hash, address, place.leaf, node.data(), at));
    at += p.counter_size();
    const std::uint8_t* tree = parts_->top.data();
    if (layer + 1 < p.d) {
      signer.tree(nodes.data(), address, place.leaf, &digits, at);
      tree = nodes.data();
    } else {  // the uppermost tree is at hand: only the chains are not
      std::array<std::uint8_t, kSlhHashMax> unused;
      signer.one_time_keys(unused.data(), address, place.leaf, 1, place.leaf, &digits, at);
    }
    at = signer.copy_path(at + p.digits() * n, tree, p.tree_height(), place.leaf);
    std::memcpy(node.data(), tree + ((2 * n << p.tree_height()) - 2 * n), n);
    place.leaf = static_cast<std::size_t>(place.tree) & ((std::size_t{1} << p.tree_height()) - 1);
    place.tree >>= p.tree_height();
  }
  if (!public_.verify_internal(message, signature)) return fail(err::signing_fault);
  return signature;
}

}  // namespace wusong::pq
