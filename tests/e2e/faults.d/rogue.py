# SPDX-License-Identifier: Apache-2.0
"""Peers that misbehave: strangers, and one that holds a validator's key."""

import hashlib
import json
import os
import random
import socket
import ssl
import struct
import subprocess
import threading
import time

from ethereum import rlp

ED25519_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def secret_of(folder, file="node_key.json"):
    """Opens a keystore file with the password beside it."""
    with open(os.path.join(folder, file), encoding="utf-8") as stream:
        crypto = json.load(stream)["crypto"]
    with open(os.path.join(folder, "password"), encoding="utf-8") as stream:
        password = stream.readline().rstrip("\n")
    kdf = crypto["kdfparams"]
    key = hashlib.scrypt(password.encode(), salt=bytes.fromhex(kdf["salt"]), n=kdf["n"], r=kdf["r"], p=kdf["p"],
                         dklen=32, maxmem=256 << 20)
    return openssl("enc", "-d", "-aes-128-ctr", "-K", key[:16].hex(), "-iv", crypto["cipherparams"]["iv"],
                   data=bytes.fromhex(crypto["ciphertext"]))


def certificate(folder, secret):
    """A self-signed certificate of an Ed25519 key: the path of a PEM file with both."""
    path = os.path.join(folder, "rogue.pem")
    key = openssl("pkey", "-inform", "DER", "-outform", "PEM", data=ED25519_PKCS8 + secret)
    with open(path, "wb") as stream:
        stream.write(key)
    made = openssl("req", "-x509", "-new", "-key", path, "-subj", "/CN=wusong node", "-days", "2")
    with open(path, "ab") as stream:
        stream.write(made)
    return path


def connect(port, pem=None, timeout=3.0):
    plain = socket.create_connection(("127.0.0.1", port), timeout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if pem:
        context.load_cert_chain(pem)
    try:
        return context.wrap_socket(plain)
    except Exception:
        plain.close()
        raise


def frame(channel, payload):
    return struct.pack(">IB", len(payload) + 1, channel) + payload


def hello(genesis_hash, finalised=0):
    return frame(0, rlp([1, 1, genesis_hash, b"0.1.0", 1, finalised]))


class Rogue(threading.Thread):
    """One attacker against several ports until stopped; counts what it did."""

    def __init__(self, ports, seed):
        super().__init__(daemon=True)
        self.ports, self.random, self.halt = ports, random.Random(seed), threading.Event()
        self.connections = self.frames = self.refused = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        self.join(20)

    def run(self):
        while not self.halt.is_set():
            try:
                self.attack(self.random.choice(self.ports))
                self.connections += 1
            except (OSError, ssl.SSLError):
                self.refused += 1
            time.sleep(0.02)

    def attack(self, port):
        raise NotImplementedError


class Stranger(Rogue):
    """Noise instead of TLS, TLS without or with an unknown key, and connections that say nothing."""

    def __init__(self, ports, seed, pem):
        super().__init__(ports, seed)
        self.pem, self.silent = pem, []

    def attack(self, port):
        kind = self.random.randrange(4)
        if kind == 0:
            with socket.create_connection(("127.0.0.1", port), 3) as plain:
                plain.sendall(self.random.randbytes(self.random.randrange(1, 70_000)))
        elif kind == 1:
            if len(self.silent) < 300:
                half_open = socket.create_connection(("127.0.0.1", port), 3)
                half_open.sendall(b"\x16\x03\x01")  # a TLS record that never goes on
                self.silent.append(half_open)
        else:
            with connect(port, self.pem if kind == 2 else None) as session:
                session.sendall(hello(bytes(32)))
                session.settimeout(1)
                if not session.recv(1):
                    raise ConnectionResetError

    def __exit__(self, *_):
        super().__exit__()
        for each in self.silent:
            each.close()


class Impostor(Rogue):
    """Has a validator's node key: passes TLS and hello, then sends rubbish on every channel."""

    def __init__(self, ports, seed, pem, genesis_hash):
        super().__init__(ports, seed)
        self.pem, self.genesis_hash = pem, genesis_hash

    def rubbish(self):
        noise = self.random.randbytes(self.random.randrange(0, 4000))
        kind = self.random.randrange(8)
        if kind < 5:
            return frame(self.random.randrange(0, 5), noise)
        if kind == 5:  # a list that begins as a known message might
            return frame(self.random.choice([0, 1, 2, 3, 4]), rlp([self.random.randrange(0, 12), 7, noise]))
        if kind == 6:  # promises blocks of a far future, sends none
            return frame(3, rlp([1, 2**40, 2**40]))
        return self.random.choice([frame(200, noise), struct.pack(">IB", 0xFFFFFFF0, 1), struct.pack(">I", 0)])

    def attack(self, port):
        with connect(port, self.pem) as session:
            session.sendall(hello(self.genesis_hash, self.random.choice([0, 2**30])))
            session.settimeout(2)
            for _ in range(200):
                if self.halt.is_set():
                    return
                session.sendall(self.rubbish())
                self.frames += 1
