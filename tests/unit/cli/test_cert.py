# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota cert``: what is judged before, what stands in the module afterwards, whatever happens."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.errors import CertificateError, PortError
from dfota.host import CA_FILE, CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE, check_certificates
from dfota.modem import PROFILES, StateDirectory
from dfota.testing import Certificates, make_certificates

FILES = (CA_FILE, CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Certificates, Certificates]:
    folder = tmp_path_factory.mktemp("certificates")
    return make_certificates(folder / "one"), make_certificates(folder / "two")


@pytest.fixture
def one(made) -> Certificates:
    return made[0]


@pytest.fixture
def two(made) -> Certificates:
    return made[1]


def pem(files: Certificates) -> dict[str, bytes]:
    paths = (files.ca_path, files.cert_path, files.key_path)
    return {name: path.read_bytes() for name, path in zip(FILES, paths, strict=True)}


def put(target: object, files: Certificates, code: ExitCode = ExitCode.OK) -> None:
    words = ["--ca", files.ca_path, "--client-cert", files.cert_path]
    words += ["--client-key", files.key_path]
    assert run(["cert", "put", str(target), *map(str, words)]) == code


def stored(port) -> dict[str, bytes]:
    return {
        file.name: port.module.files.read(f"UFS:{file.name}") for file in port.module.files.files()
    }


def is_whole(files: dict[str, bytes]) -> bool:
    """Whether no client certificate stands without the key that fits."""
    pair = (files.get(CLIENT_CERTIFICATE_FILE), files.get(CLIENT_KEY_FILE))
    if pair[0] is None:
        return True
    try:
        check_certificates(dict(zip(FILES[1:], pair, strict=True)))
    except (CertificateError, TypeError):
        return False
    return True


# -- placing and looking --------------------------------------------------------------------


def test_what_is_put_is_there_and_is_shown(port, one, capsys) -> None:
    put("port", one)
    assert stored(port) == pem(one)
    capsys.readouterr()
    assert run(["cert", "list", "port", "--json"]) == ExitCode.OK
    facts = json.loads(capsys.readouterr().out)
    assert [file["name"] for file in facts["files"]] == list(FILES)
    assert facts["files"][0]["certificates"][0]["subject"].startswith("CN=dfota test CA")
    assert facts["files"][0]["certificates"][0]["is_ca"]
    assert facts["files"][2]["key"] == "RSA 2048"
    assert facts["problem"] == ""
    assert run(["cert", "list", "port"]) == ExitCode.OK
    assert "  subject      CN=localhost" in capsys.readouterr().out


def test_what_is_the_same_is_not_sent_again(port, one, capsys) -> None:
    put("port", one)
    sent: list[bytes] = []
    write = port.write
    port.write = lambda data: (sent.append(data), write(data))
    put("port", one)
    assert not any(b"QFUPL" in data or b"QFDEL" in data for data in sent)
    assert capsys.readouterr().out.count("was there already") == 3


def test_the_same_key_in_another_form_does_not_cost_the_certificate(port, one, tmp_path) -> None:
    """The key is replaced, so the certificate goes before it, and must come back."""
    put("port", one)
    key = load_pem_private_key(one.key_path.read_bytes(), None)
    other = tmp_path / "key.pem"
    other.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    put("port", replace(one, key_path=other))
    assert stored(port) == pem(one) | {CLIENT_KEY_FILE: other.read_bytes()}


def test_a_state_directory_takes_them_too(state: Path, one, two, capsys) -> None:
    put(state, one)
    put(state, two)
    assert {name: (state / "efs/datatx" / name).read_bytes() for name in FILES} == pem(two)
    assert run(["cert", "list", str(state)]) == ExitCode.OK
    assert run(["cert", "rm", str(state), "client-key"]) == ExitCode.REFUSED
    assert run(["cert", "rm", str(state), "--all"]) == ExitCode.OK
    assert not list((state / "efs/datatx").iterdir())


def test_removing_never_leaves_a_certificate_without_its_key(port, one, capsys) -> None:
    put("port", one)
    assert run(["cert", "rm", "port", "client-key"]) == ExitCode.REFUSED
    assert "without its key" in capsys.readouterr().err
    assert run(["cert", "rm", "port", "client-key", CLIENT_CERTIFICATE_FILE]) == ExitCode.OK
    assert list(stored(port)) == [CA_FILE]
    assert run(["cert", "rm", "port", "--all"]) == ExitCode.OK
    assert "trusts every server" in capsys.readouterr().err
    assert stored(port) == {}
    assert run(["cert", "rm", "port", "ca"]) == ExitCode.REFUSED
    assert run(["cert", "rm", "port"]) == ExitCode.USAGE
    assert run(["cert", "rm", "port", "update.zip"]) == ExitCode.USAGE


def test_what_somebody_else_left_is_shown_without_harm(port, tmp_path, capsys) -> None:
    for name, data in ((CA_FILE, b"\x1b[31mno\x07"), (CLIENT_CERTIFICATE_FILE, bytes(20_000))):
        (tmp_path / name).write_bytes(data)
        assert run(["efs", "put", "port", str(tmp_path / name)]) == ExitCode.OK
    capsys.readouterr()
    assert run(["cert", "list", "port"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert "it holds 0 certificates" in out
    assert "it cannot be read back" in out
    assert "has no key: every download with https will fail" in err
    assert not set(out) & {"\x1b", "\x07"}


def test_a_family_without_documented_names_is_refused(
    tmp_path, release, plug_in, one, capsys
) -> None:
    kin = replace(release, model="EC25")
    with StateDirectory(tmp_path / "kin", firmware=kin, profile=PROFILES["ec2x"]) as directory:
        plug_in(directory, profile=PROFILES["ec2x"])
        put("port", one, ExitCode.REFUSED)
    assert "no manual says where" in capsys.readouterr().err


# -- when it fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_failure_at_any_upload_leaves_the_old_or_says_what_is_lost(
    port, one, two, nth: int, capsys
) -> None:
    """The module refuses each upload from the *nth* on, the uploads of putting back too."""
    put("port", one)
    before = stored(port)
    write, count = port.write, [0]

    def refuse(data: bytes) -> None:
        if b"QFUPL" in data:
            count[0] += 1
            if count[0] >= nth:
                data = b"AT+QFOPEN\r"  # whatever it answers with ERROR
        write(data)

    port.write = refuse
    capsys.readouterr()
    put("port", two, ExitCode.OK if nth > 3 else ExitCode.REFUSED)
    after = stored(port)
    assert is_whole(after)
    if nth > 3:
        assert after == pem(two)
        return
    err = capsys.readouterr().err
    for name in before.keys() - after.keys():
        assert name in err


def test_when_the_new_has_no_room_the_old_comes_back(port, one, two, capsys) -> None:
    put("port", one)
    before = stored(port)
    write, count = port.write, [0]

    def refuse_one(data: bytes) -> None:
        if b"QFUPL" in data:
            count[0] += 1
            if count[0] == 3:
                data = b"AT+QFOPEN\r"
        write(data)

    port.write = refuse_one
    put("port", two, ExitCode.REFUSED)
    assert stored(port) == before
    assert "the module has what it had before" in capsys.readouterr().err


@pytest.mark.parametrize("nth", [*range(1, 40, 3)])
def test_a_port_that_goes_away_never_leaves_half_of_a_pair(port, one, two, nth: int) -> None:
    put("port", one)
    write, count = port.write, [0]

    def unplug(data: bytes) -> None:
        count[0] += 1
        if count[0] >= nth:
            raise PortError("port", "device disconnected")
        write(data)

    port.write = unplug
    put("port", two, ExitCode.PORT if count[0] < 40 else ExitCode.OK)
    assert is_whole(stored(port))


def test_a_file_that_reads_back_differently_is_no_success(port, one, capsys) -> None:
    """The checksum of the module is 16 bits of exclusive or: two swapped words pass it."""
    swapped = pem(one)[CA_FILE]
    swapped = swapped[40:42] + swapped[2:40] + swapped[:2] + swapped[42:]
    port.spoil = lambda data: data.replace(pem(one)[CA_FILE], swapped)
    assert run(["cert", "put", "port", "--ca", str(one.ca_path)]) == ExitCode.REFUSED
    assert "gives back something else" in capsys.readouterr().err
    assert stored(port) == {}


ROOT_V1 = b"""-----BEGIN CERTIFICATE-----
MIIBGjCBwQIULhQ9aX/6muQsXIbdKCuxNVEcKnkwCgYIKoZIzj0EAwIwDzENMAsG
A1UEAwwEcm9vdDAgFw0yNjEyMDEwMTQyMTFaGA8yMTI2MTEwNzAxNDIxMVowDzEN
MAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMIoLm4kqeZ6
nHn30t/QWs+zZfzyGWGI7XFGYxUIyeQ5a3c+ogYr4FUfW/bissU1PxuWOR91g6B8
3p76/5m9ou0wCgYIKoZIzj0EAwIDSAAwRQIhAOAzGnC5k3Fs6qotSBSNd1QZyE4w
c/JQ+6OjOZQDOiXqAiAx1AJK1t0YUXUZa0VCFxSOTCw/wRpjJ63miu+PSwh+/A==
-----END CERTIFICATE-----
"""
CLIENT_V1 = b"""-----BEGIN CERTIFICATE-----
MIIBCTCBsAIBBTAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MCAXDTI2MTIw
MTAxNDIxMVoYDzIxMjYxMTA3MDE0MjExWjARMQ8wDQYDVQQDDAZjbGllbnQwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAARjjX6rMbUGrqrj30jHh7DXuOastxImgeV6
+Mdd9oCXenLDkjPBPONU51mPGEurRoQhLRV2Zhcm4PjZH7cbCko6MAoGCCqGSM49
BAMCA0gAMEUCIQD7cusE3T/r2gtV08QCc+5OOo1kevzEOroiAkQzhCJudQIgMXLJ
UcCv4utlKMgSqq3phyL1tHXGzfEDnDu8qkO3sJM=
-----END CERTIFICATE-----
"""


# -- judged before anything is sent -------------------------------------------------------------


def refused(files: dict[str, bytes]) -> str:
    with pytest.raises(CertificateError) as caught:
        check_certificates(files)
    assert caught.value.remedy
    return caught.value.reason


def test_wrong_files_are_refused_with_the_reason(one, two, tmp_path) -> None:
    good, other = pem(one), pem(two)
    ca, certificate, key = good.values()
    assert "is no CA: CN=dfota test CA" in refused({CA_FILE: certificate})
    assert "private key is in it" in refused({CA_FILE: ca + key})
    assert "0 certificates" in refused({CA_FILE: b"\x30\x82\x01\x00"})
    assert "damaged" in refused({CA_FILE: ca.replace(b"M", b"N", 1)})
    assert "more than 16384 bytes" in refused({CA_FILE: ca * 20})
    assert "go together" in refused({CLIENT_CERTIFICATE_FILE: certificate})
    assert "go together" in refused({CLIENT_KEY_FILE: key})
    assert "not the key of CN=localhost" in refused({**good, CLIENT_KEY_FILE: other[FILES[2]]})
    assert "not one private key" in refused({**good, CLIENT_KEY_FILE: certificate})
    assert "no module looks for this name" in refused({"ca.pem": ca})


def test_keys_that_no_module_can_use_are_refused(one) -> None:
    good = pem(one)
    edwards = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    assert "kind Ed25519" in refused({**good, CLIENT_KEY_FILE: edwards})
    loaded = load_pem_private_key(good[CLIENT_KEY_FILE], None)
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        locked = loaded.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret"))
        assert "encrypted" in refused({**good, CLIENT_KEY_FILE: locked})


def test_what_is_only_odd_is_told(one, tmp_path) -> None:
    expired = pem(make_certificates(tmp_path, expired=True, elliptic=True))
    now = datetime.now(UTC)
    notes = " ".join(check_certificates(expired, now=now))
    assert "has expired" in notes
    assert "EC P-256 key" in notes
    assert "expires on" in " ".join(check_certificates(pem(one), now=now))
    assert "not valid before" in check_certificates(pem(one), now=now - timedelta(days=99))[0]
    assert check_certificates(pem(one)) == ()


def test_an_old_certificate_without_extensions_is_a_ca_only_if_it_signed_itself(tmp_path) -> None:
    """What ``openssl x509 -req`` makes by default: version 1, signed by another."""
    assert "EC P-256" in check_certificates({CA_FILE: ROOT_V1})[0]
    assert "is no CA" in refused({CA_FILE: CLIENT_V1})


def test_a_server_that_signed_itself_may_be_the_ca(tmp_path, one) -> None:
    """It works in a module (its own certificate as the CA file), so it is no error."""
    assert check_certificates({CA_FILE: pem(one)[CA_FILE]}) == ()


def test_a_chain_in_the_wrong_order_is_told(one, two) -> None:
    chain = pem(one)[CA_FILE] + pem(two)[CA_FILE]
    assert check_certificates({CA_FILE: chain}) == ()  # two roots, each for itself
    notes = check_certificates({CA_FILE: pem(one)[CA_FILE] + pem(two)[CLIENT_CERTIFICATE_FILE]})
    assert "did not sign" in notes[0]


def test_a_port_that_goes_away_says_which_file_the_module_may_lack(port, one, two, capsys) -> None:
    put("port", one)
    write = port.write

    def unplug(data: bytes) -> None:
        if b"QFUPL" in data:
            raise PortError("port", "device disconnected")
        write(data)

    port.write = unplug
    put("port", two, ExitCode.PORT)
    said = " ".join(capsys.readouterr().err.split())
    assert "may lack fota_cacert.pem now and trust every server until dfota cert put" in said
