"""cert.sh: which files it creates, keeps and replaces."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT

PARTS = ("kafka-0", "kafka-1", "kafka-mirror-0", "kafka-mirror-1")
FILES = {"ca.crt", "ca.key"} | {
    f"{part}.{suffix}" for part in PARTS for suffix in ("crt", "key", "pem")
}


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def cert(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run cert.sh."""
    return run(PROJECT_ROOT / "certs" / "cert.sh", *arguments)


def made(done: subprocess.CompletedProcess[str]) -> set[str]:
    """Return what a run created, according to its output."""
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["ca", *PARTS]
    return {line[0] for line in lines if line[1] == "created"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files of cert.sh."""
    folder = tmp_path_factory.mktemp("made") / "deep" / "certs"
    assert made(cert("--out", folder)) == {"ca", *PARTS}
    return folder


@pytest.fixture
def folder(certificates: Path, tmp_path: Path) -> Path:
    """A copy of this folder, to damage."""
    assert run("cp", "-a", certificates, tmp_path / "certs").returncode == 0
    return tmp_path / "certs"


def test_all_files_are_accessible_only_to_their_owner(certificates: Path) -> None:
    """A key that others can read is worthless, as is a leftover copy."""
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in certificates.iterdir()
    }
    assert modes == dict.fromkeys(FILES, 0o600)
    assert stat.S_IMODE(certificates.stat().st_mode) == 0o700


@pytest.mark.parametrize("part", PARTS)
def test_a_certificate_is_valid_for_the_brokers_name_and_loopback(
    certificates: Path, part: str
) -> None:
    """Clients that check host names would reject it natively or in a container."""
    file = certificates / f"{part}.crt"
    names = run("openssl", "x509", "-in", file, "-noout", "-ext", "subjectAltName")
    assert set(names.stdout.split("\n")[1].strip().split(", ")) == {
        f"DNS:{part}",
        "DNS:localhost",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
    }
    usage = run("openssl", "x509", "-in", file, "-noout", "-ext", "extendedKeyUsage")
    assert "TLS Web Server Authentication" in usage.stdout


@pytest.mark.parametrize("part", PARTS)
def test_the_chain_verifies_for_a_server(certificates: Path, part: str) -> None:
    """Clients trust only the CA."""
    done = run(
        *("openssl", "verify", "-x509_strict", "-purpose", "sslserver"),
        *("-verify_hostname", part, "-CAfile", certificates / "ca.crt"),
        certificates / f"{part}.crt",
    )
    assert done.returncode == 0, done.stderr


def test_a_key_store_has_key_certificate_and_ca_in_this_order(
    certificates: Path,
) -> None:
    """Kafka supports only this form: a PKCS#8 key, then the chain."""
    parts = ("kafka-0.key", "kafka-0.crt", "ca.crt")
    store = (certificates / "kafka-0.pem").read_text()
    assert store == "".join((certificates / part).read_text() for part in parts)
    assert store.startswith("-----BEGIN PRIVATE KEY-----")


def test_a_second_run_keeps_everything(folder: Path) -> None:
    """A new CA at each start would lock out existing clients."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert made(cert("--out", folder)) == set()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_damaged_files_are_replaced_and_the_others_kept(
    folder: Path, damage: str
) -> None:
    """A broker does not start with it, and nothing else would repair it."""
    for name in ("kafka-0.crt", "kafka-1.key", "kafka-mirror-0.pem"):
        file = folder / name
        content = file.read_bytes()
        file.unlink()
        if damage != "missing":
            file.write_bytes(b"" if damage == "empty" else content[: len(content) // 2])
    assert made(cert("--out", folder)) == {"kafka-0", "kafka-1", "kafka-mirror-0"}
    assert made(cert("--out", folder)) == set()


def test_an_outdated_key_store_is_replaced(folder: Path) -> None:
    """After an interrupted run, only certificate and key may be new."""
    (folder / "kafka-0.pem").write_bytes((folder / "kafka-1.pem").read_bytes())
    assert made(cert("--out", folder)) == {"kafka-0"}


def test_certificates_that_expire_within_a_month_are_replaced(folder: Path) -> None:
    """A long-running platform would lose its brokers one by one."""
    (folder / "kafka-0.crt").unlink()
    assert made(cert("--out", folder, "--days", "29")) == {"kafka-0"}
    assert made(cert("--out", folder, "--days", "31")) == {"kafka-0"}
    assert made(cert("--out", folder)) == set()


@pytest.mark.parametrize("file", ["ca.key", "ca.crt"])
def test_a_new_ca_replaces_all_certificates(folder: Path, file: str) -> None:
    """Clients no longer trust the old signatures."""
    (folder / file).write_text("damaged")
    assert made(cert("--out", folder)) == {"ca", *PARTS}
    done = run(
        "openssl", "verify", "-CAfile", folder / "ca.crt", folder / "kafka-0.crt"
    )
    assert done.returncode == 0, done.stderr


def test_a_ca_without_its_key_is_kept(folder: Path) -> None:
    """If the key is kept elsewhere, a new CA would lock out all clients."""
    (folder / "ca.key").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert made(cert("--out", folder)) == set()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_signing_without_the_key_fails_and_says_what_to_do(
    folder: Path,
) -> None:
    """Only the operator knows whether the key is lost or elsewhere."""
    key = (folder / "ca.key").read_bytes()
    (folder / "ca.key").unlink()
    (folder / "kafka-1.crt").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = cert("--out", folder)
    assert done.returncode == 1
    assert done.stderr == (
        f"cert.sh: kafka-1 needs a new certificate, but {folder}/ca.key, which must "
        f"sign it, is missing: restore it, or delete {folder}/ca.crt to create a new "
        "CA\n"
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "ca.key").write_bytes(key)
    assert made(cert("--out", folder)) == {"kafka-1"}
    for name in ("ca.key", "ca.crt"):
        (folder / name).unlink()
    assert made(cert("--out", folder)) == {"ca", *PARTS}


@pytest.mark.parametrize("name", ["ca", "kafka-0"])
def test_certificates_that_are_not_valid_yet_are_replaced(
    folder: Path, name: str
) -> None:
    """They are created while the clock is ahead, and every client rejects them."""
    make_ahead(folder, name)
    assert made(cert("--out", folder)) == ({"ca", *PARTS} if name == "ca" else {name})
    assert made(cert("--out", folder)) == set()


CA_CONFIG = """\
[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
rand_serial = yes
policy = any
[any]
organizationName = optional
commonName = optional
"""


def make_ahead(folder: Path, name: str) -> None:
    """Replace a certificate by one that is valid from 2120 on."""
    work = folder.parent
    (work / "index.txt").write_text("")
    (work / "ca.conf").write_text(CA_CONFIG)
    key, crt, ca = folder / f"{name}.key", folder / f"{name}.crt", folder / "ca.crt"
    signer = "-selfsign" if name == "ca" else f"-cert {ca}"
    request = f"req -new -key {key} -subj /O=Goodsflow/CN={name} -out one.csr"
    signing = (
        f"ca -batch -notext -config ca.conf {signer} -keyfile {folder}/ca.key"
        f" -startdate 21200101000000Z -enddate 21300101000000Z -md sha256"
        f" -in one.csr -out {crt}"
    )
    for command in (request, signing):
        subprocess.run(
            ["openssl", *command.split()], cwd=work, check=True, capture_output=True
        )
    if name != "ca":
        store = b"".join(path.read_bytes() for path in (key, crt, ca))
        crt.with_suffix(".pem").write_bytes(store)


@pytest.mark.parametrize(
    "days", ["0", "-1", "1.5", "ten", "1 2", "3651", "99999999999"]
)
def test_invalid_numbers_of_days_are_rejected(tmp_path: Path, days: str) -> None:
    """With some of them, openssl would create an expired certificate."""
    done = cert("--out", tmp_path / "certs", "--days", days)
    assert done.returncode == 1
    assert f"a whole number of days, at most 3650, not '{days}'" in done.stderr
    assert not (tmp_path / "certs").exists()


@pytest.mark.parametrize("arguments", [["--out"], ["--days"], ["--unknown"], ["out"]])
def test_wrong_usage_is_reported(arguments: list[str]) -> None:
    """Otherwise, the default folder would be filled by mistake."""
    done = cert(*arguments)
    assert done.returncode != 0
    assert done.stdout == ""
    assert arguments[0] in done.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """The error of mkdir does not say which program failed."""
    (tmp_path / "file").write_text("")
    done = cert("--out", tmp_path / "file" / "certs")
    assert done.returncode == 1
    assert f"cert.sh: cannot create the folder {tmp_path}/file/certs" in done.stderr


def test_a_folder_may_be_given_relative_and_with_a_space(tmp_path: Path) -> None:
    """Without quotes, it would be two folders."""
    done = subprocess.run(
        [PROJECT_ROOT / "certs" / "cert.sh", "--out", "a b"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert made(done) == {"ca", *PARTS}
    assert {path.name for path in (tmp_path / "a b").iterdir()} == FILES
