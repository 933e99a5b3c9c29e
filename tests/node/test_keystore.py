"""Keys at rest: what is sealed opens with its passphrase alone, and whatever is wrong with a file is told."""

import base64
import stat

import msgspec
import pytest

from node import passphrase
from node.keystore import KdfCost, KeyFileError, Secrets, is_sealed, read_keys, reseal, write_keys
from node.membership import Keys

CHEAP = KdfCost(operations=1, memory_bytes=8192)
SECRETS = Secrets(sign_seed=b"\x01" * 32, seal_secret=b"\x02" * 32, tls_password="tls")  # noqa: S106
WORDS = b"correct horse"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


@pytest.fixture
def sealed(path):
    write_keys(path, "insurer", SECRETS, WORDS, CHEAP)
    return path


def opened(path, words=WORDS):
    return read_keys(path, lambda _: words)


def edited(path, change):
    file = msgspec.json.decode(path.read_bytes())
    change(file)
    path.write_bytes(msgspec.json.encode(file))


def flipped(text, place):
    raw = bytearray(base64.b64decode(text))
    raw[place] ^= 1
    return base64.b64encode(raw).decode()


def complaint(path, words=WORDS):
    with pytest.raises(KeyFileError) as caught:
        opened(path, words)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_was_sealed_is_opened_by_its_passphrase(sealed):
    assert opened(sealed) == ("insurer", SECRETS)
    assert is_sealed(sealed)


def test_no_secret_stands_in_a_sealed_file(sealed):
    raw = sealed.read_bytes()
    for secret in (SECRETS.sign_seed, SECRETS.seal_secret):
        assert base64.b64encode(secret)[:40] not in raw
        assert secret.hex().encode() not in raw
    assert b"tls" not in raw.split(b'"sealed"')[1]


def test_what_is_public_can_be_read_without_the_passphrase(sealed):
    keys = Keys(SECRETS.sign_seed, SECRETS.seal_secret)
    public = msgspec.json.decode(sealed.read_bytes())["public"]
    assert public == {"owner": "insurer", "verify_key": keys.verify_key.hex(), "seal_key": keys.seal_key.hex()}


def test_only_its_owner_may_read_a_key_file(sealed):
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(sealed):
    before = sealed.read_bytes()
    with pytest.raises(FileExistsError):
        write_keys(sealed, "insurer", SECRETS, WORDS, CHEAP)
    assert sealed.read_bytes() == before


def test_two_files_of_the_same_secrets_have_nothing_in_common(sealed, tmp_path):
    other = tmp_path / "other.json"
    write_keys(other, "insurer", SECRETS, WORDS, CHEAP)
    boxes = [msgspec.json.decode(file.read_bytes())["sealed"] for file in (sealed, other)]
    assert boxes[0]["salt"] != boxes[1]["salt"]
    assert boxes[0]["box"][:16] != boxes[1]["box"][:16]


def test_the_default_cost_is_that_of_rfc_9106(path):
    write_keys(path, "insurer", SECRETS, WORDS)
    assert msgspec.json.decode(path.read_bytes())["sealed"]["cost"] == {"operations": 3, "memory_bytes": 2**26}
    assert opened(path) == ("insurer", SECRETS)


@pytest.mark.parametrize("words", [b"", b"correct hors", b"correct horse ", b"Correct horse"])
def test_another_passphrase_is_told_from_a_damaged_file(sealed, words):
    assert "this is not its passphrase; try again" in complaint(sealed, words)


@pytest.mark.parametrize("part", ["salt", "box", "check"])
def test_a_changed_bit_is_damage_and_not_a_wrong_passphrase(sealed, part):
    edited(sealed, lambda file: file["sealed"].update({part: flipped(file["sealed"][part], 5)}))
    said = complaint(sealed)
    assert "its checksum is wrong" in said
    assert "Restore it from a copy" in said


def test_a_changed_cost_is_damage(sealed):
    edited(sealed, lambda file: file["sealed"]["cost"].update(operations=2))
    assert "its checksum is wrong" in complaint(sealed)


@pytest.mark.parametrize("cost", [{"memory_bytes": 2**40}, {"operations": 10**9}, {"memory_bytes": 1}])
def test_a_cost_that_would_take_the_machine_is_refused_unread(sealed, cost):
    edited(sealed, lambda file: file["sealed"]["cost"].update(cost))
    assert "$.sealed.cost" in complaint(sealed)


@pytest.mark.parametrize(
    "change", [{"owner": "bureau"}, {"verify_key": "00" * 32}, {"seal_key": "00" * 32}, {"verify_key": ""}]
)
def test_keys_cannot_be_passed_off_as_anothers(sealed, change):
    edited(sealed, lambda file: file["public"].update(change))
    assert "its open part does not belong to its sealed part" in complaint(sealed)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 5000, b'{"format":"consortium/keys/2"}', bytes(70_000)]
)
def test_what_is_no_key_file_is_told_with_what_helps(path, raw):
    path.write_bytes(raw)
    assert "is no sound key file" in complaint(path)


def test_every_cut_of_a_key_file_is_told(sealed):
    raw = sealed.read_bytes().rstrip()
    for end in range(0, len(raw), 7):
        sealed.write_bytes(raw[:end])
        assert "is no sound key file" in complaint(sealed)


def test_a_file_without_keys_is_told(sealed):
    edited(sealed, lambda file: file.pop("sealed"))
    assert "it holds no keys" in complaint(sealed)


def test_a_missing_file_is_told(path):
    assert "cannot be read: No such file" in complaint(path)


def test_a_file_is_sealed_under_another_passphrase(sealed):
    assert reseal(sealed, lambda _: WORDS, lambda: b"another one", CHEAP) == "insurer"
    assert opened(sealed, b"another one") == ("insurer", SECRETS)
    assert "this is not its passphrase" in complaint(sealed, WORDS)
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert [path.name for path in sealed.parent.iterdir()] == [sealed.name]


@pytest.mark.parametrize("told", [(b"wrong horse", b"another one"), (WORDS, None)])
def test_a_file_that_is_not_sealed_anew_is_as_it_was(sealed, told):
    before = sealed.read_bytes()

    def new():
        if told[1] is None:
            raise KeyFileError("too short")
        return told[1]

    with pytest.raises(KeyFileError):
        reseal(sealed, lambda _: told[0], new, CHEAP)
    assert sealed.read_bytes() == before


# Without a passphrase


def test_unsealed_secrets_are_read_without_asking(path):
    write_keys(path, "insurer", SECRETS, None)
    assert not is_sealed(path)
    assert read_keys(path, pytest.fail) == ("insurer", SECRETS)


def test_unsealed_secrets_that_are_not_those_of_the_public_keys_are_damage(path):
    write_keys(path, "insurer", SECRETS, None)
    edited(path, lambda file: file["unsealed"].update(sign_seed=flipped(file["unsealed"]["sign_seed"], 0)))
    assert "its public keys are not those of its secrets" in complaint(path)


def test_a_party_may_have_no_keys_but_a_tls_password(path):
    watcher = Secrets(tls_password="tls")  # noqa: S106
    write_keys(path, "dashboard", watcher, WORDS, CHEAP)
    assert opened(path) == ("dashboard", watcher)
    with pytest.raises(ValueError, match="no keys"):
        watcher.keys()


# Where passphrases come from


@pytest.fixture
def nobody(monkeypatch):
    """No variable is set and no terminal is there."""
    monkeypatch.delenv(passphrase.VARIABLE, raising=False)
    monkeypatch.delenv(passphrase.FILE_VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    return monkeypatch


def test_a_file_goes_before_the_environment(nobody, tmp_path):
    (tmp_path / "a").write_bytes(b"from the file\r\nsecond line\n")
    nobody.setenv(passphrase.VARIABLE, "from the variable")
    assert passphrase.ask_to_open(tmp_path) == b"from the variable"
    nobody.setenv(passphrase.FILE_VARIABLE, str(tmp_path / "a"))
    assert passphrase.ask_to_open(tmp_path) == b"from the file"
    (tmp_path / "b").write_bytes(b"from the option")
    assert passphrase.ask_for_new(tmp_path / "b") == b"from the option"


def test_where_nobody_can_be_asked_the_ways_are_named(nobody, tmp_path):
    with pytest.raises(KeyFileError, match=r"set CONSORTIUM_PASSPHRASE_FILE .* CONSORTIUM_PASSPHRASE .* terminal"):
        passphrase.ask_to_open(tmp_path)
    assert nobody is not None


def test_whoever_sits_there_types_a_new_passphrase_twice(nobody):
    typed = iter(["long enough", "long enough", "long enough", "long enougg"])
    nobody.setattr("sys.stdin.isatty", lambda: True, raising=False)
    nobody.setattr("getpass.getpass", lambda _: next(typed))
    assert passphrase.ask_for_new() == b"long enough"
    with pytest.raises(KeyFileError, match="differ; nothing was written"):
        passphrase.ask_for_new()


def test_a_short_passphrase_is_refused(nobody):
    nobody.setenv(passphrase.VARIABLE, "1234567")
    with pytest.raises(KeyFileError, match="at least 8 characters"):
        passphrase.ask_for_new()


@pytest.mark.parametrize(("raw", "words"), [(b"\nx", "no passphrase on its first line"), (None, "No such file")])
def test_an_unusable_passphrase_file_is_told(nobody, tmp_path, raw, words):
    if raw is not None:
        (tmp_path / "a").write_bytes(raw)
    nobody.setenv(passphrase.FILE_VARIABLE, str(tmp_path / "a"))
    with pytest.raises(KeyFileError, match=words):
        passphrase.ask_to_open(tmp_path)
