/* SPDX-License-Identifier: Apache-2.0
 *
 * libwusong_crypto: signatures, key encapsulation, authenticated encryption and digests by name.
 *
 * Link with -lwusong_crypto, or `pkg-config --cflags --libs wusong_crypto`. C99 or later, C++ too.
 *
 * Names of schemes are those of `wusong crypto schemes` ("sm2", "ml-dsa-65", "sm4-gcm", "sm3");
 * wusong_scheme_at lists them. What each is for and how strong: docs/crypto/README.md.
 *
 * Errors. A function gives NULL when it has done its work, else the error's name, such as
 *   "crypto.bad_signature". Names are static, permanent, and never freed. On an error nothing is
 *   given out but the size that a buffer needs.
 * Sizes are bytes. A wusong_buffer comes with its capacity in `size` and goes with what was written;
 *   too small, the error is "suite.buffer_too_small" and `size` what it needs. Its memory does not
 *   overlap with any input.
 * Threads. Every function may be called from any thread; a key may be used by several at once, and
 *   is freed when none uses it.
 * Randomness is the operating system's. Secrets are overwritten when their key is freed; those that
 *   are given out in buffers are the caller's to clear.
 * Memory. Where there is none left the process ends. No callbacks, no exceptions.
 */
#ifndef WUSONG_CRYPTO_H
#define WUSONG_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library's soname has the major number; functions are only added within one. */
#define WUSONG_CRYPTO_MAJOR 1
#define WUSONG_CRYPTO_MINOR 1

/* NULL, or the name of what is wrong. */
typedef const char* wusong_error;

/* Bytes to be read. `data` may be NULL where `size` is 0. */
typedef struct wusong_bytes {
  const uint8_t* data;
  size_t size;
} wusong_bytes;

/* Bytes to be written: capacity before the call, size after it. */
typedef struct wusong_buffer {
  uint8_t* data;
  size_t size;
} wusong_buffer;

/* "1.1" */
const char* wusong_crypto_version(void);

/* ---- Schemes ---------------------------------------------------------------------------------- */

/* Sizes are 0 where there is no such thing, or where keys choose it ("rsa"). */
typedef struct wusong_scheme {
  const char* name;
  const char* kind;     /* "signature", "encapsulation", "agreement", "cipher", "digest" */
  const char* standard; /* "FIPS 204"; "none" for what is ours alone */
  const char* security; /* "128 bits", "category 2" of NIST's */
  size_t secret_key;    /* of ciphers: the key */
  size_t public_key;    /* of ciphers: the nonce */
  size_t result;        /* signature, encapsulated secret, shared secret, tag, digest */
} wusong_scheme;

/* Index 0, 1, … until the error "suite.unknown_scheme". */
wusong_error wusong_scheme_at(size_t index, wusong_scheme* out);
wusong_error wusong_scheme_find(const char* name, wusong_scheme* out);

/* ---- Keys of schemes that sign, encapsulate or agree ------------------------------------------- */

typedef struct wusong_secret_key wusong_secret_key;
typedef struct wusong_public_key wusong_public_key;

/* "rsa" gives "suite.not_offered": it verifies only. */
wusong_error wusong_keygen(const char* scheme, wusong_secret_key** out);
/* NULL is allowed. */
void wusong_secret_key_free(wusong_secret_key* key);
void wusong_public_key_free(wusong_public_key* key);
/* To be freed by itself. */
wusong_error wusong_public_key_of(const wusong_secret_key* key, wusong_public_key** out);
/* Lives as long as the library. */
const char* wusong_public_key_scheme(const wusong_public_key* key);

/* The scheme's own bytes. Curves: 32 of the secret, x || y or 32 of the public key. ML-DSA, ML-KEM:
 * the seed where it is known, else the expanded key; decoding takes both. SLH-DSA: FIPS 205's.
 * Errors: "suite.bad_length", "suite.key_inconsistent", and what the scheme finds. */
wusong_error wusong_secret_key_decode(const char* scheme, wusong_bytes bytes,
                                      wusong_secret_key** out);
wusong_error wusong_secret_key_encode(const wusong_secret_key* key, wusong_buffer* out);
wusong_error wusong_public_key_decode(const char* scheme, wusong_bytes bytes,
                                      wusong_public_key** out);
wusong_error wusong_public_key_encode(const wusong_public_key* key, wusong_buffer* out);

/* A file's content, PEM or DER: PKCS #8, encrypted or not; SubjectPublicKeyInfo or a certificate.
 * `passphrase` ends with a zero, and is NULL where there is none. Writing gives PEM; a secret key is
 * encrypted (PBES2, AES-256) unless `passphrase` is NULL.
 * Errors: "suite.no_key", "suite.bad_der", "suite.unknown_algorithm", "suite.passphrase_needed",
 * "suite.wrong_passphrase", "suite.cost_too_high", "suite.key_inconsistent". */
wusong_error wusong_secret_key_read(wusong_bytes file, const char* passphrase,
                                    wusong_secret_key** out);
wusong_error wusong_secret_key_write(const wusong_secret_key* key, const char* passphrase,
                                     wusong_buffer* out);
wusong_error wusong_public_key_read(wusong_bytes file, wusong_public_key** out);
wusong_error wusong_public_key_write(const wusong_public_key* key, wusong_buffer* out);

/* ---- Signatures -------------------------------------------------------------------------------- */

/* Over the message itself; each scheme hashes as its standard says. Curves give r || s or R || s,
 * 64 bytes; SM2 has the user id 1234567812345678; post-quantum ones an empty context.
 * Constant time. Errors: "suite.not_offered"; where a fault check found the machine wrong,
 * "pq.signing_fault". */
wusong_error wusong_sign(const wusong_secret_key* key, wusong_bytes message, wusong_buffer* out);
/* NULL: good. Else a name that ends in "bad_signature", or what is wrong with its form. */
wusong_error wusong_verify(const wusong_public_key* key, wusong_bytes message,
                           wusong_bytes signature);

typedef struct wusong_signed {
  const wusong_public_key* key;
  wusong_bytes message;
  wusong_bytes signature;
} wusong_signed;
/* What wusong_verify gives for each, in `verdicts`; keys of any schemes. SM2 and Ed25519 cost a
 * fraction when they are many. The function's own error: "suite.null_argument". */
wusong_error wusong_verify_batch(const wusong_signed* all, size_t count, wusong_error* verdicts);

/* The key x || y that made an Ethereum signature r || s of a digest. `parity` is 0 or 1.
 * Errors: "crypto.bad_signature". */
wusong_error wusong_recover(const uint8_t digest[32], const uint8_t signature[64], uint8_t parity,
                            uint8_t public_key[64]);

/* ---- Key encapsulation ------------------------------------------------------------------------- */

#define WUSONG_SHARED_SECRET_SIZE 32
/* A fresh secret, and the ciphertext by which the key's owner gets it. Constant time. */
wusong_error wusong_encapsulate(const wusong_public_key* key, wusong_buffer* ciphertext,
                                uint8_t secret[WUSONG_SHARED_SECRET_SIZE]);
/* A changed ciphertext gives a secret that nobody else has, and no error. Constant time.
 * Errors: "suite.not_offered", "pq.ciphertext_length". */
wusong_error wusong_decapsulate(const wusong_secret_key* key, wusong_bytes ciphertext,
                                uint8_t secret[WUSONG_SHARED_SECRET_SIZE]);

/* The secret that the owners of two keys both find, of "x25519", "sm2", "p256" or "secp256k1". It is no
 * key yet: derive one from it and both public keys. Constant time.
 * Errors: "suite.not_offered" (also: keys of two schemes), "crypto.no_agreement". */
wusong_error wusong_agree(const wusong_secret_key* key, const wusong_public_key* peer,
                          uint8_t secret[WUSONG_SHARED_SECRET_SIZE]);

/* ---- Encryption for a key's owner -------------------------------------------------------------- */

/* SM2's public-key encryption, GB/T 32918.4: for keys and records of 1 byte to 1 MiB. Gives
 * C1 || C3 || C2, 97 bytes longer than the text, or the DER of GB/T 35276 where `as_der` is not 0.
 * Nobody's name is on it: sign as well. Constant time. Since 1.1.
 * Errors: "suite.not_offered" (a key of another scheme), "crypto.bad_length". */
wusong_error wusong_encrypt_to(const wusong_public_key* key, wusong_bytes text, int as_der,
                               wusong_buffer* out);
/* Either form. Nothing of the text is given out unless all of it is right. Constant time. Since 1.1.
 * Errors: "suite.not_offered", "suite.bad_ciphertext_encoding", "crypto.bad_length",
 * "crypto.bad_point" (not of the curve), "crypto.bad_ciphertext" (another key, or changed). */
wusong_error wusong_decrypt_with(const wusong_secret_key* key, wusong_bytes ciphertext,
                                 wusong_buffer* out);

/* ---- Ciphers and digests ----------------------------------------------------------------------- */

/* A nonce has the scheme's length (public_key in its row) and never repeats under a key. */
typedef struct wusong_sealing {
  const char* cipher; /* one with a tag: "sm4-gcm", "aes-256-ccm" */
  wusong_bytes key;
  wusong_bytes nonce;
  wusong_bytes associated; /* covered by the tag, not encrypted; may be empty */
} wusong_sealing;
/* Gives ciphertext || tag. Errors: "suite.unknown_scheme", "suite.not_offered" (no tag),
 * "cipher.bad_key_length", "suite.bad_length" (nonce), "cipher.message_too_long". */
wusong_error wusong_encrypt(const wusong_sealing* with, wusong_bytes text, wusong_buffer* out);
/* Errors: those, "suite.bad_length" (shorter than a tag), "cipher.wrong_tag". */
wusong_error wusong_decrypt(const wusong_sealing* with, wusong_bytes sealed, wusong_buffer* out);

wusong_error wusong_digest(const char* scheme, wusong_bytes message, wusong_buffer* out);

#ifdef __cplusplus
}
#endif

#endif /* WUSONG_CRYPTO_H */
