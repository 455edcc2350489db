"""part.sh: a part without its settings or files stops, and names them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT

CONTAINERS = PROJECT_ROOT / "containers"
RUN_SCRIPTS = sorted(path.parent.name for path in CONTAINERS.glob("*/run.sh"))


def sh(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script that has sourced part.sh, with nothing else in its environment."""
    return subprocess.run(
        ["/bin/sh", "-c", f'. "{CONTAINERS}/base/part.sh"\n{script}'],
        env={"PATH": os.environ["PATH"], "PART_NAME": "kafka-0", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_require_names_all_missing_variables() -> None:
    """With one per start, users would have to retry; empty counts as unset."""
    done = sh("require A B C D; echo went on", B="there", C="")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "kafka-0: these environment variables must be set: A C D\n"


def test_require_does_not_execute_values() -> None:
    """It looks them up with eval."""
    done = sh("require A; echo went on", A="$(echo run >&2) `exit 3` '\"")
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")


def test_a_secret_has_no_line_break(tmp_path: Path) -> None:
    """A line break would break the rendered configuration."""
    file = tmp_path / "password"
    file.write_text("p a$s\r\n")
    done = sh(f'value=$(secret "{file}"); printf "[%s]" "$value"')
    assert done.stdout == "[p a$s]"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "cannot read the secret file"),
        ("folder", "cannot read the secret file"),
        ("empty", "is empty"),
    ],
)
@pytest.mark.parametrize("use", ["secret", "scram_jaas anna"])
def test_a_part_stops_without_its_secret(
    tmp_path: Path, kind: str, message: str, use: str
) -> None:
    """With an empty password, it would be open, or fail for no clear reason."""
    path = tmp_path / "password"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.write_text("")
    done = sh(f'value=$({use} "{path}")\necho went on')
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert str(path) in done.stderr


ENDED = """\
-----BEGIN CERTIFICATE-----
MIIBCTCBr6ADAgECAgEBMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA29uZTAeFw0y
MDAxMDEwMDAwMDBaFw0yMDAxMDIwMDAwMDBaMA4xDDAKBgNVBAMMA29uZTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABMCJxoCllaNiGBXVYDf4sO2qBJMYfrLsIh3B
mksr1E3IV4HY5qrfmlWj0TFYEEkDkuTATzGtEogiuCJV9obInxUwCgYIKoZIzj0E
AwIDSQAwRgIhAPwFg1mWwLrJfoLq7c/yX41ibkaNlUZkvb5Qwpx45z8mAiEArCcg
MXRjfvyCXjJ013y+x+Au7y/zdAxD9qMQpDSeEfg=
-----END CERTIFICATE-----
"""
"""Of 2020, without its key."""

EARLY = """\
-----BEGIN CERTIFICATE-----
MIIBGTCBwQIUJU0ofkkHhhBq36dpWzXfYLtn7REwCgYIKoZIzj0EAwIwDjEMMAoG
A1UEAwwDb25lMCIYDzIxMjAwMTAxMDAwMDAwWhgPMjEzMDAxMDEwMDAwMDBaMA4x
DDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHQT2sTPsWkr
SfY7Pe5cLYjpp5YjIKBw90VYN1+vL6dOz1AcDjSFcn+D2fHXs/wtZuFgzSS7Pqka
3JulDR/OOvkwCgYIKoZIzj0EAwIDRwAwRAIgBQ0O77k5SzjvDDN0V/XgbJOLSwjc
fzXnwd1WxbfuMtQCIGUFXvSh5fdSjWZfTJkQVhxvG8LH+eFwJjI7b/k+w4XZ
-----END CERTIFICATE-----
"""
"""Of 2120, without its key."""


def make_certificate(path: Path) -> Path:
    """Make a certificate and its key in one file."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-subj", "/CN=one", "-days", "1", "-keyout", path, "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "cannot read the certificate"),
        ("garbage", "is not a certificate"),
        ("ended", "has expired (notAfter="),
        (
            "early",
            "is not valid yet (notBefore=Jan  1 00:00:00 2120 GMT); if the clock",
        ),
        ("good", ""),
    ],
)
def test_a_part_stops_without_a_valid_certificate(
    tmp_path: Path, kind: str, message: str
) -> None:
    """Kafka reports it in a stack trace, and clients just get no answer."""
    path = tmp_path / "one.pem"
    if kind == "garbage":
        path.write_text("no certificate")
    elif kind == "ended":
        path.write_text(ENDED)
    elif kind == "early":
        path.write_text(EARLY)
    elif kind == "good":
        make_certificate(path)
    done = sh(
        f'certificate "{path}"; echo went on',
        PART_PREPARED_BY="docker compose up prepare",
    )
    if kind == "good":
        assert (done.stdout, done.stderr) == ("went on\n", "")
        return
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert str(path) in done.stderr
    assert "run 'docker compose up prepare', which creates" in done.stderr


def test_a_part_does_not_start_on_a_full_disk(tmp_path: Path) -> None:
    """It would fail in the middle of a write, with a stack trace."""
    done = sh(
        "prepare; echo went on",
        PART_CONFIG_DIR=str(tmp_path / "config"),
        PART_DATA_DIR=str(tmp_path / "data"),
        PART_MIN_FREE_KIB=str(1 << 40),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        f"MiB are free in {tmp_path}/data, but 1073741824 MiB are needed" in done.stderr
    )
    assert "free some disk space" in done.stderr


def test_a_jaas_line_has_user_and_password(tmp_path: Path) -> None:
    """Without a quote or the semicolon, no login works."""
    file = tmp_path / "password"
    file.write_text("se_cret-\n")
    done = sh(f'scram_jaas anna "{file}"')
    assert done.stdout == (
        "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="anna" password="se_cret-";'
    )


def test_prepare_names_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    """The error of mkdir does not name the part."""
    (tmp_path / "file").write_text("")
    done = sh(
        "prepare; echo went on",
        PART_CONFIG_DIR=str(tmp_path / "config"),
        PART_DATA_DIR=str(tmp_path / "file" / "data"),
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"kafka-0: cannot create the folder {tmp_path}/file/data" in done.stderr


def test_rendered_files_are_readable_only_by_their_owner(tmp_path: Path) -> None:
    """They contain passwords."""
    config, data = tmp_path / "config", tmp_path / "data"
    done = sh(
        'prepare; log4j_console "$PART_CONFIG_DIR/log4j.properties" WARN',
        PART_CONFIG_DIR=str(config),
        PART_DATA_DIR=str(data),
    )
    assert done.returncode == 0, done.stderr
    rendered = config / "log4j.properties"
    assert rendered.read_text().startswith("log4j.rootLogger=WARN, console\n")
    modes = [path.stat().st_mode & 0o777 for path in (config, data, rendered)]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        ("zookeeper", ["ZOOKEEPER_PASSWORD_FILE"]),
        ("kafka", ["KAFKA_SECRETS_DIR", "ZOOKEEPER_PASSWORD_FILE"]),
        ("schema-registry", ["KAFKA_PASSWORD_FILE"]),
        ("kafka-connect", ["ANALYTICS_PASSWORD_FILE", "INBOUND_PASSWORD_FILE"]),
    ],
)
def test_a_run_script_stops_if_a_secret_is_missing(
    tmp_path: Path, part: str, settings: list[str]
) -> None:
    """A failure in a here-document is ignored: a part once started without."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho started\n")
    java.chmod(0o700)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in settings:
        (secrets / name).write_text("secret")
    (secrets / "broker.password").write_text("secret")
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PART_NAME": part,
        "PART_CONFIG_DIR": str(tmp_path / "config"),
        "PART_DATA_DIR": str(tmp_path / "data"),
    }
    environment |= dict.fromkeys(_required(part), "x")
    environment |= {name: str(secrets / name) for name in settings}
    if part == "kafka":
        environment["KAFKA_SECRETS_DIR"] = str(secrets)
        environment["KAFKA_CERTIFICATE"] = str(make_certificate(tmp_path / "one.pem"))
        environment["KAFKA_CA"] = environment["KAFKA_CERTIFICATE"]
    assert _run(part, environment).stdout == "started\n"
    rendered = [p.read_text() for p in (tmp_path / "config").iterdir()]
    assert sum(text.count('="secret"') for text in rendered) >= len(settings)
    assert '=""' not in "".join(rendered)
    for missing in settings:
        name = "broker.password" if missing == "KAFKA_SECRETS_DIR" else missing
        (secrets / name).rename(tmp_path / "away")
        done = _run(part, environment)
        assert (done.returncode, done.stdout) == (1, ""), missing
        assert "cannot read the secret file" in done.stderr
        (tmp_path / "away").rename(secrets / name)


@pytest.mark.parametrize("part", RUN_SCRIPTS)
def test_a_run_script_without_settings_says_what_it_needs(part: str) -> None:
    """A container without settings must not start half-configured."""
    done = _run(part, {"PATH": "/nonexistent:/usr/bin:/bin"})
    assert done.returncode != 0
    assert "must be set" in done.stderr or "goodsflow" in done.stderr


def _run(part: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CONTAINERS / part / "run.sh"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _required(part: str) -> list[str]:
    """Return the variables that a run.sh requires: it says so when it has none."""
    done = _run(part, {"PATH": "/usr/bin:/bin"})
    return done.stderr.partition("must be set:")[2].split()


def test_a_jvm_keeps_its_temporary_files_to_the_parts_folder() -> None:
    """Natively it would leave them among all programs'; a container has its own."""
    flags = 'printf "%s" "$JVM_FLAGS"'
    native = sh(flags, GOODSFLOW_TEMP_DIR="/home/tmp/kafka-0").stdout.split()
    assert {"-Djava.io.tmpdir=/home/tmp/kafka-0", "-XX:-UsePerfData"} <= set(native)
    container = sh(flags).stdout
    assert "tmpdir" not in container
    assert "UsePerfData" not in container
