"""The commands, as an administrator meets them."""

from __future__ import annotations

from pathlib import Path

from tests.support.server import DemoData, command


def test_a_backup_with_the_recovery_key_goes_and_comes_back(demo: DemoData, tmp_path: Path) -> None:
    file, goal = tmp_path / "b.innesto", tmp_path / "goal"
    first = command(demo, "backup", str(file))
    assert first.status == 0, first.said
    key = (demo.folder / "backup.key").read_text().strip()
    assert f"Chiave di recupero: {key}" in first.out and "Copia fatta e riletta" in first.out
    again = command(demo, "backup", str(tmp_path / "c.innesto"))
    assert again.status == 0 and key not in again.said, "the key is shown once"
    assert "La copia è intera." in command(demo, "backup", "verify", str(file)).out
    elsewhere = DemoData(tmp_path / "other")
    lost = command(elsewhere, "backup", "verify", str(file))
    assert lost.status == 1 and "the recovery key cannot be read" in lost.err
    (tmp_path / "written.txt").write_text(key.lower().replace("-", " "))
    back = command(elsewhere, "restore", str(file), "--into", str(goal), "--key-file", str(tmp_path / "written.txt"))
    assert back.status == 0 and "registro degli accessi tornano" in back.out, back.said
    assert command(DemoData(goal), "district", "list").out == command(demo, "district", "list").out


def test_a_restore_may_take_the_folder_that_the_command_itself_prepared(demo: DemoData, tmp_path: Path) -> None:
    file = tmp_path / "b.innesto"
    command(demo, "backup", str(file))
    goal = DemoData(tmp_path / "goal")
    key = demo.folder / "backup.key"
    back = command(goal, "restore", str(file), "--into", str(goal.folder), "--key-file", str(key))
    assert back.status == 0, back.said
    assert (goal.folder / "secret.key").read_bytes() == (demo.folder / "secret.key").read_bytes()


def test_a_passphrase_file_opens_and_locks(demo: DemoData, tmp_path: Path) -> None:
    words, file = tmp_path / "words.txt", tmp_path / "b.innesto"
    words.write_text("cavallo batteria graffetta giusto\n")
    assert command(demo, "backup", str(file), "--passphrase-file", str(words)).status == 0
    assert not (demo.folder / "backup.key").exists()
    assert command(demo, "backup", "verify", str(file), "--passphrase-file", str(words)).status == 0
    words.write_text("altra frase di prova lunga")
    wrong = command(demo, "backup", "verify", str(file), "--passphrase-file", str(words))
    assert wrong.status == 1 and "does not open this backup" in wrong.err and "altra frase" not in wrong.said


def test_an_upgrade_with_nothing_to_do_says_so(demo: DemoData) -> None:
    assert "già aggiornata" in command(demo, "upgrade").out
    tried = command(demo, "upgrade", "--check")
    assert tried.status == 0 and "I dati veri non sono cambiati." in tried.out
    assert not (demo.folder / "backups").exists()


def test_a_place_that_is_no_database_on_a_server_is_refused(demo: DemoData, tmp_path: Path) -> None:
    command(demo, "backup", str(tmp_path / "b.innesto"))
    for url in ("garbage", "sqlite:////tmp/x.db"):
        into = str(tmp_path / "goal")
        told = command(demo, "restore", str(tmp_path / "b.innesto"), "--into", into, "--database-url", url)
        assert told.status == 1 and "--database-url" in told.err
    assert not (tmp_path / "goal").exists()


def test_mails_are_listed_without_their_addresses(demo: DemoData) -> None:
    told = command(demo, "mail", "list", "--sent")
    assert told.status == 0 and "In attesa: " in told.out and "prova.example" not in told.out.replace("…@prova", "")
    sent = command(demo, "mail", "test", "sara@prova.example")
    assert sent.status == 0 and list((demo.folder / "mail").glob("*.eml"))
    refused = command(demo, "mail", "test", "sara@prova.example", MAIL="smtp://127.0.0.1:1")
    assert refused.status == 1 and "environment: MAIL: Connection refused" in refused.err
    assert command(demo, "mail", "retry").status == 0
