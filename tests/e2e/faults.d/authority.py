# SPDX-License-Identifier: Apache-2.0
"""What docs/operators/certificates.md tells the operators of a consortium to type, with openssl's own command."""

import json
import os
import pathlib
import subprocess

CONFIGURATION = pathlib.Path(__file__).resolve().parents[3] / "docs/consortium-ca.cnf"


def openssl(*arguments, ca=""):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False,
                          env={**os.environ, "CA": str(ca)})
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


class Authority:
    """A folder with an authority's key, certificate and register."""

    def __init__(self, folder, name, above=None):
        self.folder, self.above = pathlib.Path(folder) / name, above
        (self.folder / "issued").mkdir(parents=True)
        (self.folder / "index.txt").touch()
        (self.folder / "crlnumber").write_text("01\n")
        self.password = self.folder / "password"
        self.password.write_text("an authority's password\n")
        if above is None:
            openssl("req", "-x509", "-config", CONFIGURATION, "-extensions", "root", "-days", 3650, "-subj", f"/CN={name}",
                    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-keyout", self.folder / "ca.key",
                    "-passout", f"file:{self.password}", "-out", self.folder / "ca.pem", ca=self.folder)
        else:
            openssl("req", "-new", "-config", CONFIGURATION, "-subj", f"/CN={name}", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-keyout", self.folder / "ca.key", "-passout", f"file:{self.password}",
                    "-out", self.folder / "ca.csr", ca=self.folder)
            above.sign(self.folder / "ca.csr", self.folder / "ca.pem", "agency", 1825)

    def sign(self, request, out, extensions, days):
        openssl("ca", "-batch", "-notext", "-config", CONFIGURATION, "-extensions", extensions, "-days", days,
                "-passin", f"file:{self.password}", "-in", request, "-out", out, ca=self.folder)

    def revoke(self, certificate):
        openssl("ca", "-config", CONFIGURATION, "-passin", f"file:{self.password}", "-revoke", certificate, ca=self.folder)

    def revocations(self):
        """The PEM lists of this authority and those above it."""
        openssl("ca", "-config", CONFIGURATION, "-passin", f"file:{self.password}", "-gencrl",
                "-out", self.folder / "crl.pem", ca=self.folder)
        return (self.folder / "crl.pem").read_text() + (self.above.revocations() if self.above else "")

    def certificate(self):
        return (self.folder / "ca.pem").read_text()


class Member:
    """A node's own part: its key, its request, its lines in node.toml."""

    def __init__(self, node, authority, root):
        self.node, self.authority, self.root = node, authority, root
        self.folder = pathlib.Path(node.folder)
        with open(self.folder / "../genesis.json", encoding="utf-8") as file:
            validators = json.load(file)["validators"]
        self.node_key = validators[node.index]["nodeKey"]
        self.turn = 0

    def request(self, key_source):
        """key_source: what follows `openssl req -new` to make or find the key."""
        openssl("req", "-new", "-config", CONFIGURATION, "-subj", f"/CN={self.node.name}", "-addext",
                f"subjectAltName=URI:wusong:node:{self.node_key}", *key_source, "-out", self.folder / "tls.csr", ca=self.folder)

    def issue(self, days=365, key_source=None):
        """A new key and a certificate for it, beside the old ones until both are there."""
        self.turn += 1
        key = self.folder / f"tls{self.turn}.key"
        self.request(key_source or ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key,
                                    "-passout", f"file:{self.folder / 'password'}"])
        out = self.folder / f"tls{self.turn}.crt"
        self.authority.sign(self.folder / "tls.csr", out, "node", days)
        with open(self.folder / "tls.pem", "w", encoding="utf-8") as file:
            file.write(out.read_text() + self.authority.certificate())
        if key_source is None:
            os.chmod(key, 0o600)
            os.replace(key, self.folder / "tls.key")
        return out

    def trust(self, revocations):
        (self.folder / "ca.pem").write_text(self.root.certificate())
        (self.folder / "crl.pem").write_text(revocations)

    def configure(self, key="tls.key", more=""):
        """network.tls = "ca" instead of "pinned"; the rest of node.toml stays."""
        lines = []
        for line in pathlib.Path(self.node.config).read_text().splitlines():
            name = line.split("=")[0].strip()
            if name == "tls":
                lines += ['tls = "ca"', 'certificate = "tls.pem"', f'key = "{key}"', 'ca = "ca.pem"', 'crl = "crl.pem"', more]
            elif name not in ("certificate", "key", "ca", "crl", "pkcs11_module", "key_password_file"):
                lines.append(line)
        pathlib.Path(self.node.config).write_text("\n".join(lines) + "\n")

    def answer(self, request, days=365):
        """What the authority gives for a request of `wusong node next-key`: the certificate, and its own."""
        self.turn += 1
        out = self.folder / f"tls{self.turn}.crt"
        self.authority.sign(request, out, "node", days)
        answer = self.folder / "answer.pem"
        answer.write_text(out.read_text() + self.authority.certificate())
        return answer


def consortium(folder, network):
    """A root and an agency below it, which gives every node of a network that does not run yet its certificate."""
    root = Authority(folder, "root")
    agency = Authority(folder, "agency", root)
    members = [Member(node, agency, root) for node in network.nodes]
    lists = agency.revocations()
    for member in members:
        member.trust(lists)
        member.issue()
        member.configure()
    return agency, members
