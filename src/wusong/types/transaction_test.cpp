// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/transaction.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/errors.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::types {
namespace {

const Bytes kKey = *codec::from_hex(std::string(64, '4'));

Address test_address(std::uint8_t tag) {
  Address out;
  out.bytes.fill(tag);
  return out;
}

Transaction full(TransactionType type) {
  Transaction tx;
  tx.type = type;
  tx.chain_id = 5918;
  tx.nonce = 7;
  tx.max_priority_fee = U256{3};
  tx.max_fee = type == TransactionType::legacy || type == TransactionType::access_list
                   ? U256{3}
                   : U256{1'000};
  tx.gas_limit = 100'000;
  tx.to = test_address(0x11);
  tx.value = U256{1} << 200;
  tx.data = {0, 1, 2, 0xff};
  if (type == TransactionType::legacy) return tx;
  tx.access_list = {{test_address(0x22), {Hash{}, Hash::from(kKey)}}, {test_address(0x33), {}}};
  if (type == TransactionType::blob) {
    tx.max_fee_per_blob_gas = U256{9};
    tx.blob_hashes = {Hash::from(kKey)};
  }
  if (type == TransactionType::set_code) {
    tx.authorizations = {{U256{5918}, test_address(0x44), 1, U256{1}, U256{2}, U256{3}},
                         {U256{}, test_address(0x55), ~0ull, U256{255}, U256{}, ~U256{}}};
  }
  return tx;
}

constexpr TransactionType kEthereumTypes[] = {TransactionType::legacy, TransactionType::access_list,
                                              TransactionType::dynamic_fee, TransactionType::blob,
                                              TransactionType::set_code};

Transaction signed_full(TransactionType type) {
  Transaction tx = full(type);
  EXPECT_TRUE(sign(tx, kKey));
  return tx;
}

TEST(Transaction, EveryTypeReadsBackAndNamesItsSigner) {
  const Address signer = recover_sender(signed_full(TransactionType::legacy)).value();
  EXPECT_FALSE(signer.is_zero());
  for (const auto type : kEthereumTypes) {
    const Transaction tx = signed_full(type);
    const Bytes encoded = encode(tx);
    const auto decoded = decode_transaction(encoded);
    ASSERT_TRUE(decoded) << static_cast<int>(type);
    EXPECT_EQ(encode(*decoded), encoded);
    EXPECT_EQ(decoded->chain_id, 5918u);
    EXPECT_EQ(decoded->value, tx.value);
    EXPECT_EQ(decoded->access_list, tx.access_list);
    EXPECT_EQ(decoded->authorizations, tx.authorizations);
    EXPECT_EQ(decoded->blob_hashes, tx.blob_hashes);
    EXPECT_EQ(recover_sender(*decoded), signer);
    EXPECT_EQ(hash_of(*decoded), hash::keccak256(encoded));
  }
}

TEST(Transaction, Eip155ExampleHasItsPublishedBytes) {
  // The example of EIP-155: key 0x46…, chain 1, nonce 9, gas price 20 gwei.
  Transaction tx;
  tx.chain_id = 1;
  tx.nonce = 9;
  tx.max_fee = tx.max_priority_fee = U256{20'000'000'000};
  tx.gas_limit = 21'000;
  tx.to = test_address(0x35);
  tx.value = U256{1'000'000'000'000'000'000};
  EXPECT_EQ(codec::to_hex(signing_hash(tx)),
            "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
  std::string key;
  for (int i = 0; i < 32; ++i) key += "46";
  ASSERT_TRUE(sign(tx, *codec::from_hex(key)));
  EXPECT_EQ(
      codec::to_hex(encode(tx)),
      "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
      "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb70330"
      "4b3800ccf555c9f3dc64214b297fb1966a3b6d83");
}

TEST(Transaction, WithoutAChainIdItIsOldLegacy) {
  Transaction tx = full(TransactionType::legacy);
  tx.chain_id.reset();
  ASSERT_TRUE(sign(tx, kKey));
  const auto decoded = decode_transaction(encode(tx));
  ASSERT_TRUE(decoded);
  EXPECT_FALSE(decoded->chain_id);
  EXPECT_EQ(recover_sender(*decoded), recover_sender(signed_full(TransactionType::access_list)));
}

TEST(Transaction, TheLargestChainIdFits) {
  Transaction tx = full(TransactionType::legacy);
  tx.chain_id = ~0ull;
  ASSERT_TRUE(sign(tx, kKey));
  const auto decoded = decode_transaction(encode(tx));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->chain_id, ~0ull);
}

TEST(Transaction, CreationHasNoRecipient) {
  Transaction tx = full(TransactionType::dynamic_fee);
  tx.to.reset();
  ASSERT_TRUE(sign(tx, kKey));
  EXPECT_TRUE(decode_transaction(encode(tx))->is_create());
  for (const auto type : {TransactionType::blob, TransactionType::set_code}) {
    tx = full(type);
    tx.to.reset();
    ASSERT_TRUE(sign(tx, kKey));
    EXPECT_EQ(decode_transaction(encode(tx)).error(), Error{err::missing_recipient});
  }
}

TEST(Transaction, SignatureValuesAreBounded) {
  const U256 n{0xbfd25e8cd0364141ull, 0xbaaedce6af48a03bull, 0xfffffffffffffffeull,
               0xffffffffffffffffull};
  const U256 half = n >> 1;
  const auto with = [](U256 r, U256 s) {
    Transaction tx = full(TransactionType::dynamic_fee);
    tx.signature = {.r = r, .s = s, .y_parity = 0};
    return decode_transaction(encode(tx));
  };
  EXPECT_TRUE(with(U256{1}, U256{1}));
  EXPECT_TRUE(with(n - U256{1}, half));
  for (const auto& refused : {with(U256{}, U256{1}), with(U256{1}, U256{}), with(n, U256{1}),
                              with(U256{1}, half + U256{1}), with(U256{1}, n - U256{1})}) {
    EXPECT_EQ(refused.error(), Error{err::bad_signature_values});
  }
}

TEST(Transaction, VIsTwentySevenTwentyEightOrEip155) {
  for (const std::uint64_t v : {0u, 1u, 26u, 29u, 34u}) {
    codec::RlpWriter out;
    out.open_list();
    for (int i = 0; i < 3; ++i) out.number(1);
    out.string({});
    out.number(0);
    out.string({});
    out.number(v);
    out.number(1);
    out.number(1);
    out.close_list();
    EXPECT_EQ(decode_transaction(out.take()).error(), Error{err::bad_v}) << v;
  }
}

TEST(Transaction, UnknownTypesAndRestsAreRefused) {
  EXPECT_EQ(decode_transaction({}).error(), Error{err::empty_transaction});
  for (const unsigned type : {0x00u, 0x05u, 0x56u, 0x58u, 0x7fu, 0x80u, 0xbfu}) {
    Bytes encoded = encode(signed_full(TransactionType::dynamic_fee));
    encoded[0] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(decode_transaction(encoded).error(), Error{err::unknown_transaction_type}) << type;
  }
  for (const auto type : kEthereumTypes) {
    Bytes encoded = encode(signed_full(type));
    encoded.push_back(0);
    EXPECT_EQ(decode_transaction(encoded).error(), Error{codec::err::rlp_trailing_bytes});
  }
}

TEST(Transaction, EveryCutIsRefused) {
  for (const auto type : kEthereumTypes) {
    Bytes encoded = encode(signed_full(type));
    while (!encoded.empty()) {
      encoded.pop_back();
      ASSERT_FALSE(decode_transaction(encoded));
    }
  }
}

TEST(Transaction, EveryFlippedBitChangesTheSignerOrIsRefused) {
  const Transaction tx = signed_full(TransactionType::dynamic_fee);
  const Bytes encoded = encode(tx);
  const Address signer = recover_sender(tx).value();
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    Bytes changed = encoded;
    changed[i] ^= 1u << (i % 8);
    const auto decoded = decode_transaction(changed);
    if (!decoded) continue;
    ASSERT_EQ(encode(*decoded), changed) << i;
    ASSERT_NE(recover_sender(*decoded), signer) << i;
  }
}

TEST(Transaction, SetCodeNeedsAnAuthorization) {
  Transaction tx = full(TransactionType::set_code);
  tx.authorizations.clear();
  ASSERT_TRUE(sign(tx, kKey));
  EXPECT_EQ(decode_transaction(encode(tx)).error(), Error{err::empty_authorization_list});
  tx = full(TransactionType::set_code);
  tx.authorizations[0].y_parity = U256{256};
  ASSERT_TRUE(sign(tx, kKey));
  EXPECT_EQ(decode_transaction(encode(tx)).error(), Error{err::bad_v});
}

TEST(Transaction, AuthoritiesAreRecoveredWhereTheySigned) {
  Authorization tuple{U256{5918}, test_address(0x44), 1, U256{}, U256{}, U256{}};
  codec::RlpWriter out;
  out.open_list();
  out.number(5918);
  out.string(tuple.address);
  out.number(1);
  out.close_list();
  const Bytes magic{0x05};
  const auto signature = crypto::ecdsa_sign(hash::keccak256(magic, out.take()), kKey);
  ASSERT_TRUE(signature);
  tuple.r = signature->r;
  tuple.s = signature->s;
  tuple.y_parity = U256{signature->y_parity};
  EXPECT_EQ(recover_authority(tuple), recover_sender(signed_full(TransactionType::legacy)).value());
  tuple.y_parity = U256{2};
  EXPECT_EQ(recover_authority(tuple), std::nullopt);
  tuple.y_parity = U256{signature->y_parity};
  tuple.s = ~U256{};
  EXPECT_EQ(recover_authority(tuple), std::nullopt);
}

TEST(NativeTransaction, EverySchemeSignsReadsBackAndHasItsOwnAddress) {
  std::vector<Address> senders;
  for (const crypto::SchemeInfo& info : crypto::scheme_table()) {
    const auto signer = crypto::make_signer(info.scheme, Bytes(info.secret_key_size, 0x31));
    ASSERT_TRUE(signer) << info.name;
    Transaction tx = full(TransactionType::native);
    sign_native(tx, **signer);
    const Bytes encoded = encode(tx);
    EXPECT_EQ(encoded[0], 0x57);
    const auto decoded = decode_transaction(encoded);
    ASSERT_TRUE(decoded) << info.name;
    EXPECT_EQ(encode(*decoded), encoded);
    const auto sender = recover_sender(*decoded);
    ASSERT_TRUE(sender) << info.name;
    EXPECT_EQ(*sender, crypto::address_of(info.scheme, (*signer)->public_key()));
    senders.push_back(*sender);

    Transaction changed = *decoded;
    changed.nonce += 1;
    EXPECT_FALSE(recover_sender(changed)) << info.name;
  }
  std::ranges::sort(senders);
  EXPECT_EQ(std::ranges::adjacent_find(senders), senders.end());
}

TEST(NativeTransaction, MayActForAnAccountThatIsNotItsKeys) {
  const auto signer = crypto::make_signer(crypto::Scheme::ed25519, Bytes(32, 0x31)).value();
  Transaction plain = full(TransactionType::native);
  sign_native(plain, *signer);
  Transaction tx = full(TransactionType::native);
  tx.account = test_address(0x77);
  sign_native(tx, *signer);
  const Bytes encoded = encode(tx);
  const auto decoded = decode_transaction(encoded);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->account, tx.account);
  EXPECT_EQ(encode(*decoded), encoded);
  EXPECT_EQ(recover_sender(*decoded), test_address(0x77));
  const std::vector<const Transaction*> both{&plain, &*decoded};
  const auto senders = recover_senders(both);
  EXPECT_EQ(senders[0], crypto::address_of(signer->scheme(), signer->public_key()));
  EXPECT_EQ(senders[1], test_address(0x77));

  // It is signed: nobody takes it away, adds it or puts another in its place.
  for (const auto account : {std::optional<Address>{}, std::optional{test_address(0x78)}}) {
    Transaction changed = tx;
    changed.account = account;
    EXPECT_FALSE(recover_sender(changed));
  }
  plain.account = test_address(0x77);
  EXPECT_FALSE(recover_sender(plain));
}

TEST(NativeTransaction, AnAccountOfAnotherLengthOrTwoOfThemAreRefused) {
  const auto signer = crypto::make_signer(crypto::Scheme::ed25519, Bytes(32, 0x31)).value();
  const auto with = [&](std::initializer_list<std::size_t> lengths) {
    codec::RlpWriter out;
    out.open_list();
    for (int i = 0; i < 8; ++i) out.string({});
    out.open_list();
    out.close_list();
    out.number(static_cast<std::uint64_t>(signer->scheme()));
    out.string(signer->public_key());
    for (const std::size_t length : lengths) out.string(Bytes(length, 1));
    out.string(Bytes(64, 2));
    out.close_list();
    Bytes encoded{0x57};
    append(encoded, out.take());
    return decode_transaction(encoded);
  };
  EXPECT_TRUE(with({}));
  EXPECT_TRUE(with({20}));
  EXPECT_EQ(with({19}).error(), Error{err::bad_account});
  EXPECT_EQ(with({21}).error(), Error{err::bad_account});
  EXPECT_EQ(with({64}).error(), Error{err::bad_account});
  EXPECT_FALSE(with({20, 20}));
}

TEST(Transaction, SendersOfManyAreThoseOfEach) {
  std::vector<Transaction> transactions;
  for (std::uint64_t i = 0; i < 21; ++i) {
    Transaction tx = full(i % 3 == 0 ? TransactionType::legacy : TransactionType::dynamic_fee);
    tx.nonce = i;
    ASSERT_TRUE(sign(tx, kKey));
    if (i % 5 == 4) {
      const auto scheme = i % 10 == 4 ? crypto::Scheme::ed25519 : crypto::Scheme::sm2;
      const auto signer = crypto::make_signer(scheme, Bytes(32, 0x31));
      tx = full(TransactionType::native);
      if (i == 19) tx.account = Address::from(Bytes(20, 0x77));
      sign_native(tx, **signer);
    }
    if (i % 5 == 2) tx.signature.r = U256{};
    if (i == 14) tx.nonce += 1;  // a native signature that no longer holds
    transactions.push_back(std::move(tx));
  }
  std::vector<const Transaction*> pointers;
  for (const auto& tx : transactions) pointers.push_back(&tx);
  const auto senders = recover_senders(pointers);
  ASSERT_EQ(senders.size(), transactions.size());
  for (std::size_t i = 0; i < senders.size(); ++i)
    EXPECT_EQ(senders[i], recover_sender(transactions[i])) << i;
  EXPECT_FALSE(senders[14]);
  EXPECT_TRUE(recover_senders({}).empty());
  testkit::SeededEntropy entropy;
  crypto::KeyCache keys{std::make_unique<io::NoMutex>(), entropy};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(recover_senders(pointers, &keys), senders);
  EXPECT_EQ(keys.counts().keys, 2u);  // one of Ed25519, one of SM2
}

TEST(Transaction, HashesOfManyAreThoseOfEachInEveryProfile) {
  const auto signer = crypto::make_signer(crypto::Scheme::sm2, Bytes(32, 0x31));
  std::vector<Bytes> encoded;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Transaction tx = full(TransactionType::native);
    tx.nonce = i;
    if (i % 3 == 0) sign_native(tx, **signer);
    if (i % 3 != 0) tx.type = TransactionType::dynamic_fee;
    encoded.push_back(encode(tx));
  }
  const std::vector<BytesView> views{encoded.begin(), encoded.end()};
  for (const auto profile : {hash::Profile::guomi, hash::Profile::standard}) {
    hash::set_chain_profile(profile);
    std::vector<Hash> hashes(views.size());
    transaction_hashes(views, hashes);
    for (std::size_t i = 0; i < views.size(); ++i)
      EXPECT_EQ(hashes[i], transaction_hash(views[i])) << i;
  }
}

TEST(NativeTransaction, UnknownSchemesAndWrongSizesAreRefused) {
  Transaction tx = full(TransactionType::native);
  tx.scheme = static_cast<crypto::Scheme>(99);
  EXPECT_EQ(decode_transaction(encode(tx)).error(), Error{err::unknown_scheme});
  tx.scheme = crypto::Scheme::ed25519;
  tx.public_key = Bytes(31);
  tx.native_signature = Bytes(64);
  EXPECT_EQ(decode_transaction(encode(tx)).error(), Error{err::bad_key_size});
}

TEST(Transaction, PaysBaseFeeAndTipUpToItsCap) {
  Transaction tx;
  tx.max_fee = U256{100};
  tx.max_priority_fee = U256{10};
  EXPECT_EQ(tx.effective_gas_price(U256{0}), U256{10});
  EXPECT_EQ(tx.effective_gas_price(U256{90}), U256{100});
  EXPECT_EQ(tx.effective_gas_price(U256{95}), U256{100});
}

}  // namespace
}  // namespace wusong::types
