"""Who asks: tokens, files, and plugins that print credentials."""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haechi.kube import Access, CredentialsError, KubeconfigError, KubeError
from haechi.kube.credentials import Credentials, credentials
from haechi.kube.kubeconfig import ExecConfig, ExecVariable, ServerEntry, UserEntry

V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
SECRET = "xyzzy-secret"


def asked(user: UserEntry, **fields: object) -> Credentials:
    access = Access("dev", "https://api", user=user, **fields)  # type: ignore[arg-type]
    return asyncio.run(credentials(access))


def plugin(program: str, version: str = V1, mode: str = "Never", **fields: object) -> UserEntry:
    """A user whose plugin is a Python program."""
    config = ExecConfig(
        api_version=version, command=sys.executable, args=("-c", program), interactive_mode=mode, **fields  # type: ignore[arg-type]
    )  # fmt: skip
    return UserEntry(exec=config)


def printing(status: object, version: str = V1) -> str:
    return f"print({json.dumps(json.dumps({'apiVersion': version, 'kind': 'ExecCredential', 'status': status}))})"


def header(found: Credentials) -> str:
    return dict(found.headers)["Authorization"]


def test_a_token_a_token_file_and_a_password(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" from-file\n")
    assert header(asked(UserEntry(token="t"))) == "Bearer t"
    assert header(asked(UserEntry(token="t", token_file=str(tmp_path / "token")))) == "Bearer from-file"
    assert header(asked(UserEntry(username="u", password="p"))) == "Basic dTpw"
    assert asked(UserEntry()).headers == ()


def test_impersonation_is_sent() -> None:
    found = asked(UserEntry(token="t", as_user="jo", as_uid="7", as_groups=("a", "b")))
    assert found.headers[:4] == (
        ("Impersonate-User", "jo"), ("Impersonate-Uid", "7"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")
    )  # fmt: skip


@pytest.mark.parametrize("token", [" ", "a\r\nX-Evil: 1", "a\x00", "é"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(CredentialsError, match="token is empty, or holds characters"):
        asked(UserEntry(token=token))


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"cert")
    assert asked(UserEntry(client_certificate=str(tmp_path / "c"), client_key_data="a2V5")).certificate == (
        b"cert",
        b"key",
    )
    with pytest.raises(KubeconfigError, match="needed both"):
        asked(UserEntry(client_certificate=str(tmp_path / "c")))
    with pytest.raises(CredentialsError, match=r"client-key: .*no such file"):
        asked(UserEntry(client_certificate=str(tmp_path / "c"), client_key=str(tmp_path / "k")))


@pytest.mark.parametrize("version", [V1, BETA])
def test_a_plugin_prints_a_token(version: str) -> None:
    status = {"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"}
    found = asked(plugin(printing(status, version), version))
    assert header(found) == "Bearer t"
    assert found.expired


def test_a_plugin_prints_a_certificate() -> None:
    status = {"clientCertificateData": "cert", "clientKeyData": "key"}
    assert asked(plugin(printing(status))).certificate == (b"cert", b"key")


def test_a_plugin_gets_its_variables_and_what_it_is_asked_for() -> None:
    program = (
        "import os, json; i = json.loads(os.environ['KUBERNETES_EXEC_INFO']); s = i['spec'];"
        "t = os.environ['WHO'] + s['cluster']['server'] + s['cluster']['certificate-authority-data'];"
        "t += str(s['interactive']);"
        "print(json.dumps({**i, 'status': {'token': t}}))"
    )
    user = plugin(program, env=(ExecVariable(name="WHO", value="jo"),), provide_cluster_info=True)
    found = asked(user, authority=b"pem", server_entry=ServerEntry())
    assert header(found) == "Bearer johttps://apicGVtFalse"


def test_a_plugin_is_not_asked_if_there_is_a_token() -> None:
    user = UserEntry(token="t", exec=plugin("raise SystemExit(1)").exec)
    assert header(asked(user)) == "Bearer t"


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (plugin(f"print('{SECRET}'); raise SystemExit(3)"), "failed with exit code 3"),
        (plugin(f"print('{SECRET}')"), "printed no ExecCredential"),
        (plugin(printing({"token": [SECRET]})), "printed no ExecCredential"),
        (plugin(printing({"token": SECRET}, BETA)), "no ExecCredential of client.authentication.k8s.io/v1"),
        (plugin(printing(None)), "printed no credentials"),
        (plugin(printing({"clientKeyData": SECRET})), "a certificate or a key alone"),
        (plugin(printing({"token": SECRET, "expirationTimestamp": "2020-01-01T00:00:00"})), "without a time zone"),
        (plugin(printing({"token": SECRET}), "client.authentication.k8s.io/v1alpha1"), "apiVersion must be"),
        (plugin(printing({"token": SECRET}), mode=""), "interactiveMode must be"),
        (plugin(printing({"token": SECRET}), mode="Always"), "needs a terminal"),
        (UserEntry(exec=ExecConfig(api_version=V1, command="/none", interactive_mode="Never", install_hint="get it")),
         "no such file.*get it"),
        (UserEntry(exec=ExecConfig(api_version=V1, command="a\0b", interactive_mode="Never")), "exec plugin"),
    ],
)  # fmt: skip
def test_a_plugin_that_gives_nothing_usable_is_an_error_without_secrets(user: UserEntry, words: str) -> None:
    with pytest.raises(KubeError, match=words) as caught:
        asked(user)
    assert SECRET not in str(caught.value)


def test_a_plugin_of_the_older_version_needs_no_mode() -> None:
    assert header(asked(plugin(printing({"token": "t"}, BETA), BETA, ""))) == "Bearer t"


def test_a_plugin_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haechi.kube.credentials.PLUGIN_SECONDS", 0.05)
    with pytest.raises(CredentialsError, match="did not end"):
        asked(plugin("import time; time.sleep(60)"))


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[int]:
    """A pipe that reads as ended once no process has `alive` in the folder open for writing."""
    os.mkfifo(tmp_path / "alive")
    pipe = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    yield pipe
    os.close(pipe)


def shell(folder: Path, then: str) -> UserEntry:
    """A user whose plugin starts a process, says so in the pipe `alive`, which both have open, and goes on."""
    script = f"exec 9> {folder}/alive; sleep 600 & echo >&9; {then}"
    return UserEntry(exec=ExecConfig(api_version=V1, command="sh", args=("-c", script), interactive_mode="Never"))


@pytest.mark.parametrize(
    ("then", "seconds", "words"),
    [
        ("wait", 0.3, "exec plugin sh did not end within"),
        ("exit 0", 0.3, "exec plugin sh did not end within"),  # the other process has its output open
        ("exec yes", 60, "exec plugin sh printed more than 1024 KiB"),
        ("exec cat /dev/zero", 60, "exec plugin sh printed more than 1024 KiB"),
    ],
)
def test_a_plugin_without_end_is_ended_with_its_children(
    tmp_path: Path, alive: int, monkeypatch: pytest.MonkeyPatch, then: str, seconds: float, words: str
) -> None:
    monkeypatch.setattr("haechi.kube.credentials.PLUGIN_SECONDS", seconds)
    with pytest.raises(CredentialsError, match=words):
        asked(shell(tmp_path, then))
    assert_ended(alive)


def assert_ended(alive: int) -> None:
    assert os.read(alive, 10) == b"\n"
    assert select.select([alive], [], [], 10)[0]
    assert os.read(alive, 1) == b""


def test_a_plugin_of_a_cancelled_request_is_ended_with_its_children(tmp_path: Path, alive: int) -> None:
    access = Access("dev", "https://api", user=shell(tmp_path, "wait"))

    async def cancelled() -> None:
        task = asyncio.ensure_future(credentials(access))
        started = asyncio.Event()
        asyncio.get_running_loop().add_reader(alive, started.set)
        await started.wait()
        asyncio.get_running_loop().remove_reader(alive)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert_ended(alive)


@pytest.mark.parametrize("interactive", [False, True])
def test_only_a_plugin_that_may_ask_a_person_shares_the_terminal(
    monkeypatch: pytest.MonkeyPatch, interactive: bool
) -> None:
    main, terminal = os.openpty()
    with os.fdopen(main), os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        program = f"import os; {printing({'token': SECRET}).removesuffix(')')}.replace({SECRET!r}, str(os.getsid(0))))"
        found = asked(plugin(program, mode="IfAvailable" if interactive else "Never"))
    assert (header(found) == f"Bearer {os.getsid(0)}") == interactive


def test_a_large_credential_is_read_whole() -> None:
    program = printing({"token": SECRET}).removesuffix(")") + f".replace({SECRET!r}, 't' * 900_000))"
    assert header(asked(plugin(program))) == f"Bearer {'t' * 900_000}"


def test_credentials_without_a_time_never_expire() -> None:
    assert not Credentials(()).expired
    assert not Credentials((), expires=datetime.now(UTC) + timedelta(hours=1)).expired


def test_printing_credentials_shows_no_secret() -> None:
    assert SECRET not in repr(asked(UserEntry(token=SECRET)))
