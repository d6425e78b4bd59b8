/* SPDX-License-Identifier: Apache-2.0
 * libwusong_crypto from C99: every function, each refusal. Ends with "N passed, 0 failed, 0 skipped". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wusong_crypto.h>

static int passed = 0;
static int failed = 0;

static void check(int holds, const char* what, const char* scheme) {
  if (holds) {
    ++passed;
    return;
  }
  ++failed;
  printf("FAIL  %s (%s)\n", what, scheme);
}
static int is(wusong_error error, const char* name) {
  return error != NULL && strcmp(error, name) == 0;
}
static int ends(wusong_error error, const char* tail) {
  const size_t all = error == NULL ? 0 : strlen(error);
  return all >= strlen(tail) && strcmp(error + all - strlen(tail), tail) == 0;
}
static wusong_bytes text(const char* letters) {
  wusong_bytes out;
  out.data = (const uint8_t*)letters;
  out.size = strlen(letters);
  return out;
}
static wusong_bytes bytes(const uint8_t* data, size_t size) {
  wusong_bytes out;
  out.data = data;
  out.size = size;
  return out;
}
static wusong_buffer room(uint8_t* data, size_t size) {
  wusong_buffer out;
  out.data = data;
  out.size = size;
  return out;
}

static uint8_t signature[65536];
static uint8_t file[32768];

static void sign_and_verify(const wusong_scheme* scheme) {
  const char* name = scheme->name;
  wusong_secret_key* key = NULL;
  wusong_public_key* named = NULL;
  wusong_secret_key* again = NULL;
  wusong_public_key* named_again = NULL;
  wusong_buffer out;
  check(wusong_keygen(name, &key) == NULL, "keygen", name);
  check(wusong_public_key_of(key, &named) == NULL, "public key", name);
  check(strcmp(wusong_public_key_scheme(named), name) == 0, "its scheme", name);

  out = room(NULL, 0);
  check(is(wusong_sign(key, text("message"), &out), "suite.buffer_too_small"), "no room", name);
  check(out.size == scheme->result, "how much room", name);
  out = room(signature, sizeof(signature));
  check(wusong_sign(key, text("message"), &out) == NULL && out.size == scheme->result, "sign", name);
  check(wusong_verify(named, text("message"), bytes(signature, out.size)) == NULL, "verify", name);
  check(ends(wusong_verify(named, text("massage"), bytes(signature, out.size)), "bad_signature"),
        "another message", name);
  check(wusong_verify(named, text("message"), bytes(signature, 5)) != NULL, "cut off", name);

  out = room(file, sizeof(file));
  check(wusong_secret_key_write(key, NULL, &out) == NULL, "write", name);
  check(wusong_secret_key_read(bytes(file, out.size), NULL, &again) == NULL, "read", name);
  out = room(file, sizeof(file));
  check(wusong_public_key_write(named, &out) == NULL, "write public", name);
  check(wusong_public_key_read(bytes(file, out.size), &named_again) == NULL, "read public", name);
  wusong_public_key_free(named_again);
  out = room(file, sizeof(file));
  check(wusong_public_key_encode(named, &out) == NULL && out.size == scheme->public_key,
        "encode public", name);
  check(wusong_public_key_decode(name, bytes(file, out.size), &named_again) == NULL,
        "decode public", name);
  out = room(signature, sizeof(signature));
  check(wusong_sign(again, text("other"), &out) == NULL, "sign with what was read", name);
  wusong_public_key_free(named_again);
  /* A file says the curve, not how messages are hashed: the key that was read knows. */
  check(wusong_public_key_of(again, &named_again) == NULL, "its public key", name);
  check(wusong_verify(named_again, text("other"), bytes(signature, out.size)) == NULL,
        "which verifies", name);
  wusong_secret_key_free(again);
  out = room(file, sizeof(file));
  check(wusong_secret_key_encode(key, &out) == NULL && out.size == scheme->secret_key, "encode",
        name);
  check(wusong_secret_key_decode(name, bytes(file, out.size), &again) == NULL, "decode", name);
  check(wusong_secret_key_decode(name, bytes(file, 7), &again) != NULL, "decode too little", name);
  memset(file, 0, sizeof(file));
  wusong_secret_key_free(again);
  wusong_secret_key_free(key);
  wusong_public_key_free(named);
  wusong_public_key_free(named_again);
}

static void encapsulate(const wusong_scheme* scheme) {
  uint8_t mine[WUSONG_SHARED_SECRET_SIZE];
  uint8_t theirs[WUSONG_SHARED_SECRET_SIZE];
  wusong_secret_key* key = NULL;
  wusong_public_key* named = NULL;
  wusong_buffer out = room(signature, sizeof(signature));
  check(wusong_keygen(scheme->name, &key) == NULL, "keygen", scheme->name);
  check(wusong_public_key_of(key, &named) == NULL, "public key", scheme->name);
  check(wusong_encapsulate(named, &out, mine) == NULL && out.size == scheme->result, "encapsulate",
        scheme->name);
  check(wusong_decapsulate(key, bytes(signature, out.size), theirs) == NULL, "decapsulate",
        scheme->name);
  check(memcmp(mine, theirs, sizeof(mine)) == 0, "the same secret", scheme->name);
  signature[9] ^= 1;
  check(wusong_decapsulate(key, bytes(signature, out.size), theirs) == NULL &&
            memcmp(mine, theirs, sizeof(mine)) != 0,
        "another secret", scheme->name);
  check(is(wusong_decapsulate(key, text("short"), theirs), "pq.ciphertext_length"), "too short",
        scheme->name);
  out = room(signature, sizeof(signature));
  check(is(wusong_sign(key, text("message"), &out), "suite.not_offered"), "does not sign",
        scheme->name);
  wusong_secret_key_free(key);
  wusong_public_key_free(named);
}

static void agree(const char* name) {
  uint8_t mine[WUSONG_SHARED_SECRET_SIZE];
  uint8_t theirs[WUSONG_SHARED_SECRET_SIZE];
  wusong_secret_key* keys[2] = {NULL, NULL};
  wusong_public_key* named[2] = {NULL, NULL};
  wusong_secret_key* signer = NULL;
  size_t i;
  for (i = 0; i < 2; ++i) {
    check(wusong_keygen(name, &keys[i]) == NULL, "keygen", name);
    check(wusong_public_key_of(keys[i], &named[i]) == NULL, "public key", name);
  }
  check(wusong_agree(keys[0], named[1], mine) == NULL, "agree", name);
  check(wusong_agree(keys[1], named[0], theirs) == NULL, "the other", name);
  check(memcmp(mine, theirs, sizeof(mine)) == 0, "the same secret", name);
  check(wusong_keygen("ed25519", &signer) == NULL, "keygen", "ed25519");
  check(is(wusong_agree(signer, named[0], mine), "suite.not_offered"), "signs only", "ed25519");
  wusong_secret_key_free(signer);
  for (i = 0; i < 2; ++i) {
    wusong_secret_key_free(keys[i]);
    wusong_public_key_free(named[i]);
  }
}

static void encrypt_to(void) {
  uint8_t sealed[256];
  uint8_t opened[8];
  wusong_secret_key* key = NULL;
  wusong_secret_key* other = NULL;
  wusong_public_key* named = NULL;
  wusong_public_key* signer = NULL;
  int as_der;
  check(wusong_keygen("sm2", &key) == NULL && wusong_keygen("ed25519", &other) == NULL, "keygen",
        "sm2");
  check(wusong_public_key_of(key, &named) == NULL && wusong_public_key_of(other, &signer) == NULL,
        "public key", "sm2");
  for (as_der = 0; as_der < 2; ++as_der) {
    wusong_buffer out = room(sealed, sizeof(sealed));
    wusong_buffer back = room(opened, sizeof(opened));
    check(wusong_encrypt_to(named, text("text"), as_der, &out) == NULL &&
              (as_der ? sealed[0] == 0x30 : out.size == 4 + 97),
          "encrypt to", "sm2");
    check(wusong_decrypt_with(key, bytes(sealed, out.size), &back) == NULL && back.size == 4 &&
              memcmp(opened, "text", 4) == 0,
          "decrypt with", "sm2");
    back = room(opened, 3);
    check(is(wusong_decrypt_with(key, bytes(sealed, out.size), &back), "suite.buffer_too_small") &&
              back.size == 4,
          "no room", "sm2");
    sealed[out.size - 1] ^= 1;
    back = room(opened, sizeof(opened));
    check(is(wusong_decrypt_with(key, bytes(sealed, out.size), &back), "crypto.bad_ciphertext"),
          "changed", "sm2");
    check(is(wusong_decrypt_with(other, bytes(sealed, out.size), &back), "suite.not_offered"),
          "decrypts not", "ed25519");
    check(is(wusong_encrypt_to(signer, text("text"), as_der, &out), "suite.not_offered"),
          "encrypts not", "ed25519");
  }
  check(is(wusong_encrypt_to(named, text("text"), 0, NULL), "suite.null_argument"), "nowhere",
        "sm2");
  wusong_secret_key_free(key);
  wusong_secret_key_free(other);
  wusong_public_key_free(named);
  wusong_public_key_free(signer);
}

static void seal(const wusong_scheme* scheme) {
  static const uint8_t key[64] = {1, 2, 3};
  uint8_t sealed[64];
  uint8_t opened[64];
  wusong_sealing with;
  wusong_buffer out = room(sealed, sizeof(sealed));
  wusong_buffer back = room(opened, sizeof(opened));
  with.cipher = scheme->name;
  with.key = bytes(key, scheme->secret_key);
  with.nonce = bytes(key, scheme->public_key);
  with.associated = text("header");
  if (scheme->result == 0) {
    check(is(wusong_encrypt(&with, text("text"), &out), "suite.not_offered"), "no tag",
          scheme->name);
    return;
  }
  check(wusong_encrypt(&with, text("text"), &out) == NULL && out.size == 4 + scheme->result,
        "encrypt", scheme->name);
  check(wusong_decrypt(&with, bytes(sealed, out.size), &back) == NULL && back.size == 4 &&
            memcmp(opened, "text", 4) == 0,
        "decrypt", scheme->name);
  with.associated = text("headed");
  back = room(opened, sizeof(opened));
  check(is(wusong_decrypt(&with, bytes(sealed, out.size), &back), "cipher.wrong_tag"),
        "another header", scheme->name);
  with.nonce.size = 3;
  out = room(sealed, sizeof(sealed));
  check(is(wusong_encrypt(&with, text("text"), &out), "suite.bad_length"), "another nonce",
        scheme->name);
  out = room(sealed, 3);
  check(is(wusong_encrypt(&with, text("text"), &out), "suite.buffer_too_small") &&
            out.size == 4 + scheme->result,
        "no room", scheme->name);
}

static void digests(void) {
  static const uint8_t abc[32] = {0x66, 0xc7, 0xf0, 0xf4, 0x62, 0xee, 0xed, 0xd9, 0xd1, 0xf2, 0xd4,
                                  0x6b, 0xdc, 0x10, 0xe4, 0xe2, 0x41, 0x67, 0xc4, 0x87, 0x5c, 0xf2,
                                  0xf7, 0xa2, 0x29, 0x7d, 0xa0, 0x2b, 0x8f, 0x4b, 0xa8, 0xe0};
  uint8_t out[64];
  wusong_buffer to = room(out, sizeof(out));
  check(wusong_digest("sm3", text("abc"), &to) == NULL && to.size == 32 &&
            memcmp(out, abc, 32) == 0,
        "the example of GB/T 32905", "sm3");
  to = room(out, 31);
  check(is(wusong_digest("sm3", text("abc"), &to), "suite.buffer_too_small") && to.size == 32,
        "no room", "sm3");
  check(is(wusong_digest("md5", text("abc"), &to), "suite.unknown_scheme"), "no such", "md5");
  check(is(wusong_digest(NULL, text("abc"), &to), "suite.unknown_scheme"), "no name", "");
}

static void batch(void) {
  enum { kCount = 40 };
  wusong_signed all[kCount];
  wusong_error verdicts[kCount];
  uint8_t made[kCount][64];
  wusong_secret_key* keys[2] = {NULL, NULL};
  wusong_public_key* named[2] = {NULL, NULL};
  size_t i;
  int good = 1;
  for (i = 0; i < 2; ++i) {
    wusong_keygen(i == 0 ? "sm2" : "ed25519", &keys[i]);
    wusong_public_key_of(keys[i], &named[i]);
  }
  for (i = 0; i < kCount; ++i) {
    wusong_buffer out = room(made[i], 64);
    all[i].key = named[i % 2];
    all[i].message = text("one of many");
    wusong_sign(keys[i % 2], all[i].message, &out);
    all[i].signature = bytes(made[i], 64);
  }
  made[17][40] ^= 1;
  check(wusong_verify_batch(all, kCount, verdicts) == NULL, "batch", "sm2, ed25519");
  for (i = 0; i < kCount; ++i) good = good && ((verdicts[i] == NULL) == (i != 17));
  check(good, "verdicts", "sm2, ed25519");
  check(wusong_verify_batch(NULL, 0, NULL) == NULL, "none", "");
  check(is(wusong_verify_batch(NULL, 1, verdicts), "suite.null_argument"), "null", "");
  for (i = 0; i < 2; ++i) {
    wusong_secret_key_free(keys[i]);
    wusong_public_key_free(named[i]);
  }
}

static void recover(void) {
  /* The key 1, whose public key is the generator; signed by "secp256k1-keccak256". */
  uint8_t one[32] = {0};
  uint8_t digest[32];
  uint8_t made[64];
  uint8_t key[64];
  uint8_t found[64];
  wusong_secret_key* secret = NULL;
  wusong_public_key* named = NULL;
  wusong_buffer out = room(made, 64);
  int matches = 0;
  uint8_t parity;
  one[31] = 1;
  check(wusong_secret_key_decode("secp256k1-keccak256", bytes(one, 32), &secret) == NULL, "decode",
        "secp256k1");
  check(wusong_public_key_of(secret, &named) == NULL, "public key", "secp256k1");
  check(wusong_sign(secret, text("message"), &out) == NULL, "sign", "secp256k1");
  out = room(digest, 32);
  check(wusong_digest("keccak256", text("message"), &out) == NULL, "digest", "keccak256");
  out = room(key, 64);
  check(wusong_public_key_encode(named, &out) == NULL, "encode", "secp256k1");
  for (parity = 0; parity < 2; ++parity)
    if (wusong_recover(digest, made, parity, found) == NULL && memcmp(found, key, 64) == 0)
      ++matches;
  check(matches == 1, "one parity gives the key", "secp256k1");
  memset(made, 0, 64);
  check(is(wusong_recover(digest, made, 0, found), "crypto.bad_signature"), "zeros", "secp256k1");
  check(is(wusong_recover(digest, made, 2, found), "crypto.bad_signature"), "parity", "secp256k1");
  wusong_secret_key_free(secret);
  wusong_public_key_free(named);
}

static void passphrases(void) {
  wusong_secret_key* key = NULL;
  wusong_secret_key* again = NULL;
  wusong_public_key* named = NULL;
  wusong_buffer out = room(file, sizeof(file));
  check(wusong_keygen("p256", &key) == NULL, "keygen", "p256");
  check(wusong_secret_key_write(key, "a passphrase", &out) == NULL, "write", "p256");
  check(strncmp((const char*)file, "-----BEGIN ENCRYPTED PRIVATE KEY-----", 37) == 0, "encrypted",
        "p256");
  check(is(wusong_secret_key_read(bytes(file, out.size), NULL, &again), "suite.passphrase_needed"),
        "without", "p256");
  check(is(wusong_secret_key_read(bytes(file, out.size), "other", &again),
           "suite.wrong_passphrase"),
        "wrong", "p256");
  check(wusong_secret_key_read(bytes(file, out.size), "a passphrase", &again) == NULL, "right",
        "p256");
  check(is(wusong_public_key_read(text("no key"), &named), "suite.no_key") && named == NULL,
        "no key", "");
  wusong_secret_key_free(key);
  wusong_secret_key_free(again);
  wusong_secret_key_free(NULL);
  wusong_public_key_free(NULL);
}

int main(void) {
  size_t index;
  wusong_scheme scheme;
  wusong_secret_key* none = NULL;
  check(strcmp(wusong_crypto_version(), "1.1") == 0, "version", "");
  for (index = 0; wusong_scheme_at(index, &scheme) == NULL; ++index) {
    wusong_scheme same;
    check(wusong_scheme_find(scheme.name, &same) == NULL && same.name == scheme.name, "find",
          scheme.name);
    if (strcmp(scheme.name, "rsa") == 0) {
      check(is(wusong_keygen("rsa", &none), "suite.not_offered"), "no keys", "rsa");
    } else if (strcmp(scheme.kind, "signature") == 0) {
      sign_and_verify(&scheme);
    } else if (strcmp(scheme.kind, "encapsulation") == 0) {
      encapsulate(&scheme);
    } else if (strcmp(scheme.kind, "cipher") == 0) {
      seal(&scheme);
    }
  }
  check(index > 40, "all schemes", "");
  check(is(wusong_keygen("rot13", &none), "suite.unknown_scheme") && none == NULL, "no such", "");
  check(is(wusong_keygen("sm3", &none), "suite.unknown_scheme"), "a digest has no keys", "");
  check(is(wusong_keygen("sm2", NULL), "suite.null_argument"), "nowhere", "");
  agree("x25519");
  agree("sm2");
  agree("p256");
  agree("secp256k1");
  encrypt_to();
  digests();
  batch();
  recover();
  passphrases();
  printf("%d passed, %d failed, 0 skipped\n", passed, failed);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
