#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libwusong_crypto from Python, by ctypes alone: makes a key, signs, verifies, seals for a reader.

usage: example.py [path of libwusong_crypto.so.1]
"""

import ctypes
import sys

crypto = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libwusong_crypto.so.1")


class View(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]

    def __init__(self, data=b""):
        super().__init__(data, len(data))


class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class Sealing(ctypes.Structure):
    _fields_ = [("cipher", ctypes.c_char_p), ("key", View), ("nonce", View), ("associated", View)]


def call(name, *arguments):
    function = getattr(crypto, "wusong_" + name)
    function.restype = ctypes.c_char_p  # NULL, or what is wrong
    error = function(*arguments)
    if error is not None:
        raise ValueError(error.decode())


def filled(name, *arguments, size=1 << 17):
    """What a function writes into its last argument."""
    memory = ctypes.create_string_buffer(size)
    out = Buffer(ctypes.cast(memory, ctypes.c_void_p), size)
    call(name, *arguments, ctypes.byref(out))
    return memory.raw[: out.size]


def key_pair(scheme):
    secret, public = ctypes.c_void_p(), ctypes.c_void_p()
    call("keygen", scheme, ctypes.byref(secret))
    call("public_key_of", secret, ctypes.byref(public))
    return secret, public


message = "a permit, valid until spring".encode()
secret, public = key_pair(b"sm2")
signature = filled("sign", secret, View(message))
call("verify", public, View(message), View(signature))
try:
    call("verify", public, View(b"a permit for ever"), View(signature))
    sys.exit("a wrong message was believed")
except ValueError as refused:
    assert str(refused) == "crypto.bad_signature", refused
print(filled("public_key_write", public).decode(), end="")

reader, to = key_pair(b"ml-kem-768")
mine, theirs = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
memory = ctypes.create_string_buffer(2048)
sent = Buffer(ctypes.cast(memory, ctypes.c_void_p), 2048)
call("encapsulate", to, ctypes.byref(sent), mine)
call("decapsulate", reader, View(memory.raw[: sent.size]), theirs)
assert mine.raw == theirs.raw

sealing = Sealing(b"sm4-gcm", View(mine.raw[:16]), View(bytes(12)), View(b"header"))
sealed = filled("encrypt", ctypes.byref(sealing), View(message))
assert filled("decrypt", ctypes.byref(sealing), View(sealed)) == message
assert filled("digest", b"sm3", View(b"abc")).hex().startswith("66c7f0f462eeedd9")

for handle in (secret, reader):
    crypto.wusong_secret_key_free(handle)
for handle in (public, to):
    crypto.wusong_public_key_free(handle)
print("signed, verified, shared a secret, sealed")
