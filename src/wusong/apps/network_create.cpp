// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/network_create.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wusong/apps/address.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/node/account_keys.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::apps {

// Published with Hardhat and Foundry; derived from "test test test test test test test test test
// test test junk" at m/44'/60'/0'/0/i.
const std::array<DevAccount, 10> kDevAccounts{{
    {"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
     "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"},
    {"0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
     "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"},
    {"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
     "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"},
    {"0x90F79bf6EB2c4f870365E785982E1f101E93b906",
     "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"},
    {"0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
     "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"},
    {"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
     "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"},
    {"0x976EA74026E726554dB657fA54763abd0C3a0aa9",
     "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"},
    {"0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
     "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"},
    {"0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
     "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"},
    {"0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
     "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"},
}};

namespace {

constexpr std::uint64_t kGasLimitMin = 21'000;        // as in a genesis file
constexpr std::uint64_t kBlockBytesMin = 256u << 10;  // room for the largest transaction

struct NodeFiles {
  std::string name;
  std::filesystem::path folder;
  Bytes node_key;  // public
  Bytes vote_key;  // public; empty for observers
  std::string vote_scheme;
  Address beneficiary;
};

/// @param scheme  of the vote key; empty: an observer, which has none
Outcome<NodeFiles> create_keys(const std::filesystem::path& folder, const std::string& name,
                               const std::string& scheme_name) {
  NodeFiles out;
  out.name = name;
  out.folder = folder;
  if (const auto made = platform::make_directory(out.folder.string()); !made) {
    return failure(made.error(), fmt::format("{}: cannot be created", out.folder.string()));
  }
  const auto password = create_password(out.folder / "password");
  if (!password) return std::unexpected{password.error()};

  platform::OsEntropy entropy;
  const Secret node_secret{crypto::generate_secret_key(crypto::Scheme::ed25519, entropy)};
  platform::NodeSecretKey seed{};
  std::ranges::copy(node_secret.view(), seed.begin());
  const auto public_key = platform::public_key_of(seed);
  if (!public_key) return failure(public_key.error(), "cannot make a node key");
  out.node_key = to_bytes(*public_key);
  auto written = write_key(out.folder / "node_key.json", crypto::Scheme::ed25519,
                           node_secret.view(), *password, kGeneratedCost);
  if (!written) return std::unexpected{written.error()};
  if (scheme_name.empty()) return out;
  out.vote_scheme = scheme_name;

  const auto scheme = crypto::find_scheme(std::string_view{scheme_name})->scheme;
  const Secret vote_secret{crypto::generate_secret_key(scheme, entropy)};
  const auto signer = crypto::make_signer(scheme, vote_secret.view());
  if (!signer) return failure(signer.error(), "cannot make a vote key");
  out.vote_key = to_bytes((*signer)->public_key());
  out.beneficiary = crypto::address_of(scheme, out.vote_key);
  written = write_key(out.folder / "vote_key.json", scheme, vote_secret.view(), *password,
                      kGeneratedCost);
  if (!written) return std::unexpected{written.error()};
  return out;
}

/// An account for each validator, whose holders together may change the set.
Outcome<std::vector<Address>> create_governors(const NetworkPlan& plan) {
  const auto folder = plan.folder / "governors";
  if (const auto made = platform::make_directory(folder.string()); !made)
    return failure(made.error(), fmt::format("{}: cannot be created", folder.string()));
  const auto password = create_password(folder / "password");
  if (!password) return std::unexpected{password.error()};
  platform::OsEntropy entropy;
  std::vector<Address> out;
  for (std::size_t i = 0; i < plan.validators; ++i) {
    constexpr auto kScheme = crypto::Scheme::secp256k1;
    const Secret secret{crypto::generate_secret_key(kScheme, entropy)};
    const auto signer = crypto::make_signer(kScheme, secret.view());
    if (!signer) return failure(signer.error(), "cannot make a governor's key");
    out.push_back(crypto::address_of(kScheme, (*signer)->public_key()));
    const auto file = folder / (codec::to_hex_data(out.back()).substr(2) + ".json");
    const auto written = write_key(file, kScheme, secret.view(), *password, kGeneratedCost);
    if (!written) return std::unexpected{written.error()};
  }
  return out;
}

Outcome<node::Role> parse_role(const std::vector<std::string>& members) {
  node::Role role{.open = members.empty(), .members = {}};
  for (const std::string& text : members) {
    const auto address = parse_address(text);
    if (!address) return std::unexpected{address.error()};
    role.members.push_back(*address);
  }
  std::ranges::sort(role.members);
  return role;
}

Outcome<node::Genesis> make_genesis(const NetworkPlan& plan, const std::vector<NodeFiles>& nodes) {
  node::Genesis genesis;
  genesis.chain_id = plan.chain_id;
  genesis.profile = hash::chain_profile();
  genesis.fork = *vm::find_fork(plan.fork);
  genesis.timestamp = platform::wall_now();
  genesis.gas_limit = plan.gas_limit;
  genesis.gas_price = U256{plan.gas_price};
  genesis.block_interval_ms = plan.block_interval_ms;
  genesis.block_bytes_max = plan.block_bytes_max;
  for (const NodeFiles& files : nodes) {
    if (files.vote_key.empty()) {
      genesis.observers.push_back({.name = files.name, .node_key = files.node_key});
      continue;
    }
    genesis.validators.push_back(
        {.name = files.name,
         .scheme = crypto::find_scheme(std::string_view{files.vote_scheme})->scheme,
         .vote_key = files.vote_key,
         .node_key = files.node_key,
         .beneficiary = files.beneficiary});
  }
  auto transact = parse_role(plan.transactors);
  if (!transact) return std::unexpected{transact.error()};
  genesis.transact = *std::move(transact);
  auto deploy = parse_role(plan.deployers);
  if (!deploy) return std::unexpected{deploy.error()};
  genesis.deploy = *std::move(deploy);

  std::vector<std::string> funded = plan.funded;
  if (plan.dev) {
    for (const DevAccount& account : kDevAccounts) funded.emplace_back(account.address);
  }
  const U256 balance = U256{10'000} * U256{1'000'000'000'000'000'000u};
  for (const std::string& text : funded) {
    const auto address = parse_address(text);
    if (!address) return std::unexpected{address.error()};
    genesis.accounts[*address].balance = balance;
  }
  node::add_account_keys(genesis);
  return genesis;
}

Outcome<void> write_text(const std::filesystem::path& file, const std::string& text) {
  const auto written =
      platform::write_file(file.string(), as_bytes(text), platform::FileMode::ordinary);
  if (!written)
    return failure(written.error(), fmt::format("{}: cannot be written", file.string()));
  return {};
}

std::string peer_address(const NetworkPlan& plan, std::size_t index) {
  return fmt::format("127.0.0.1:{}", plan.port_base + 1'000 + index);
}

NodeConfig make_config(const NetworkPlan& plan, const std::vector<NodeFiles>& nodes,
                       std::size_t index) {
  NodeConfig config;
  config.name = nodes[index].name;
  config.role = nodes[index].vote_key.empty() ? "observer" : "validator";
  config.genesis = "../genesis.json";
  config.data = "chain";
  config.node_key = "node_key.json";
  if (!nodes[index].vote_key.empty()) config.vote_key = "vote_key.json";
  config.password_file = "password";
  config.network_listen = peer_address(plan, index);
  config.rpc_listen = fmt::format("127.0.0.1:{}", plan.port_base + index);
  if (plan.dev) config.rpc_allowed_origins = {"*"};
  config.log_file = "node.log";
  config.log_stderr = false;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i != index)
      config.peers.push_back({nodes[i].name, nodes[i].node_key, peer_address(plan, i)});
  }
  return config;
}

Outcome<void> check_scheme(const std::string& name) {
  if (name.empty() || crypto::find_scheme(std::string_view{name}) != nullptr) return {};
  return failure(err::bad_argument,
                 fmt::format("unknown --scheme \"{}\"; use one of {}", name, scheme_names()));
}

/// What votes are signed with where nobody chose.
std::string vote_scheme(const std::string& chosen, hash::Profile profile) {
  if (!chosen.empty()) return chosen;
  if (profile == hash::Profile::guomi) return "sm2";
  return profile == hash::Profile::hybrid_pq ? "ed25519+ml-dsa-44" : "ed25519";
}

Outcome<void> check(const NetworkPlan& plan) {
  if (platform::file_exists((plan.folder / "genesis.json").string())) {
    return failure(
        err::already_exists,
        fmt::format("{0} holds a network already; choose another --folder, or remove {0}",
                    plan.folder.string()));
  }
  if (platform::file_exists((plan.folder / "node0").string())) {
    return failure(
        err::already_exists,
        fmt::format("{0} holds nodes of a network whose genesis.json is missing; restore "
                    "it to go on with that chain, or remove {0} to begin a new one",
                    plan.folder.string()));
  }
  if (plan.validators < 1 || plan.validators > 100) {
    return failure(err::bad_argument, "--validators must be from 1 to 100");
  }
  if (!vm::find_fork(plan.fork)) {
    return failure(err::bad_argument,
                   fmt::format("unknown --fork \"{}\"; use Cancun, Prague or Osaka", plan.fork));
  }
  if (!hash::find_profile(plan.profile)) {
    return failure(
        err::bad_argument,
        fmt::format("unknown --profile \"{}\"; use standard, guomi or hybrid-pq", plan.profile));
  }
  if (auto known = check_scheme(plan.scheme); !known) return known;
  if (plan.epoch_blocks < 1 || plan.epoch_blocks > 1'000'000) {
    return failure(err::bad_argument, "--epoch-blocks must be from 1 to 1000000");
  }
  if (plan.chain_id == 0) {
    return failure(err::bad_argument, "--chain-id must be at least 1");
  }
  if (plan.gas_limit < kGasLimitMin) {
    return failure(err::bad_argument,
                   fmt::format("--gas-limit must be at least {}: the cost of the smallest "
                               "transaction",
                               kGasLimitMin));
  }
  if (plan.block_bytes_max < kBlockBytesMin || plan.block_bytes_max > node::kBlockBytesMax) {
    return failure(err::bad_argument, fmt::format("--block-bytes-max must be from {} to {}",
                                                  kBlockBytesMin, node::kBlockBytesMax));
  }
  const std::size_t last = plan.port_base + 1'000u + plan.validators + plan.observers;
  if (plan.port_base == 0 || last > 65'535) {
    return failure(err::bad_argument, "--port-base leaves no room for the ports of all nodes");
  }
  for (const auto* list : {&plan.funded, &plan.transactors, &plan.deployers}) {
    for (const std::string& text : *list) {
      if (const auto address = parse_address(text); !address) {
        return std::unexpected{address.error()};
      }
    }
  }
  return {};
}

}  // namespace

Outcome<void> create_network(const NetworkPlan& plan) {
  if (auto checked = check(plan); !checked) return checked;
  const hash::Profile profile = *hash::find_profile(plan.profile);
  hash::set_chain_profile(profile);
  const std::string scheme = vote_scheme(plan.scheme, profile);
  std::vector<NodeFiles> nodes;
  for (std::size_t i = 0; i < plan.validators + plan.observers; ++i) {
    const std::string name = fmt::format("node{}", i);
    auto files =
        create_keys(plan.folder / name, name, i < plan.validators ? scheme : std::string{});
    if (!files) return std::unexpected{files.error()};
    nodes.push_back(*std::move(files));
  }
  auto genesis = make_genesis(plan, nodes);
  if (!genesis) return std::unexpected{genesis.error()};
  if (plan.registry) {
    const auto governors = create_governors(plan);
    if (!governors) return std::unexpected{governors.error()};
    node::add_registry(*genesis, *governors, plan.epoch_blocks);
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    auto written =
        write_text(nodes[i].folder / "node.toml", write_config(make_config(plan, nodes, i)));
    if (!written) return written;
  }
  // Last: a network without this file was not created.
  return write_text(plan.folder / "genesis.json", node::to_json(*genesis) + "\n");
}

Outcome<void> create_node(const NodePlan& plan) {
  const auto genesis = load_genesis(plan.genesis);
  if (!genesis) return std::unexpected{genesis.error()};
  const auto like = load_config(plan.like);
  if (!like) return std::unexpected{like.error()};
  if (platform::file_exists((plan.folder / "node.toml").string()))
    return failure(err::already_exists,
                   fmt::format("{} holds a node already", plan.folder.string()));
  if (plan.name.empty() || plan.name.size() > types::kMemberNameMax)
    return failure(err::bad_argument, fmt::format("--name has 1 to {} letters, of one byte each",
                                                  types::kMemberNameMax));
  if (auto known = check_scheme(plan.scheme); !known) return known;
  NodeConfig config;
  config.peers = like->peers;
  for (const auto& validator : genesis->validators) {
    if (validator.name == like->name)
      config.peers.push_back({like->name, validator.node_key, like->network_listen});
  }
  const auto files =
      create_keys(plan.folder, plan.name,
                  plan.observer ? std::string{} : vote_scheme(plan.scheme, genesis->profile));
  if (!files) return std::unexpected{files.error()};
  config.name = plan.name;
  config.role = plan.observer ? "observer" : "validator";
  config.genesis = std::filesystem::absolute(plan.genesis);
  config.data = "chain";
  config.node_key = "node_key.json";
  if (!plan.observer) config.vote_key = "vote_key.json";
  config.password_file = "password";
  config.joined_later = true;
  config.network_listen = plan.network_listen;
  config.rpc_listen = plan.rpc_listen;
  config.log_file = "node.log";
  config.log_stderr = false;
  return write_text(plan.folder / "node.toml", write_config(config));
}

Outcome<node::Genesis> load_genesis(const std::filesystem::path& file) {
  const auto text = platform::read_text(file.string());
  if (!text) {
    return failure(text.error(), fmt::format("{}: cannot be read; restore it: every node of the "
                                             "chain has the same one",
                                             file.string()));
  }
  auto genesis = node::parse_genesis(*text);
  if (genesis) hash::set_chain_profile(genesis->profile);
  if (!genesis) {
    const std::string& where = genesis.error().where;
    return failure(genesis.error().error,
                   where.find(' ') != std::string::npos  // a sentence, not a member
                       ? fmt::format("{}: {}", file.string(), where)
                       : fmt::format("{}: \"{}\" is wrong or missing", file.string(), where));
  }
  return *std::move(genesis);
}

Outcome<std::vector<std::filesystem::path>> node_folders(const std::filesystem::path& network) {
  std::vector<std::pair<std::size_t, std::filesystem::path>> found;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator{network, missing}) {
    const std::string name = entry.path().filename().string();
    std::size_t index = 0;
    const char* const end = name.data() + name.size();
    if (!name.starts_with("node") || !entry.is_directory(missing)) continue;
    const auto [rest, error] = std::from_chars(name.data() + 4, end, index);
    if (error == std::errc{} && rest == end) found.emplace_back(index, entry.path());
  }
  if (found.empty()) {
    return failure(err::not_found,
                   fmt::format("{} holds no network; make one with `wusong network create`",
                               network.string()));
  }
  std::ranges::sort(found);
  std::vector<std::filesystem::path> out;
  for (auto& [index, folder] : found) out.push_back(std::move(folder));
  return out;
}

Outcome<std::vector<std::filesystem::path>> node_files(const std::filesystem::path& config,
                                                       const std::filesystem::path& network) {
  if (!config.empty()) return std::vector{config};
  auto files = node_folders(network);
  if (!files) return files;
  for (auto& file : *files) file /= "node.toml";
  return files;
}

}  // namespace wusong::apps
