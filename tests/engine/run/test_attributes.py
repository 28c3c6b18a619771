"""A run keeps the attributes of its images, and gains them without computing anything of images again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.settings import config_from, load_config
from engine.errors import ConfigError
from engine.store.reader import RunReader
from tests.support.reuse import Project, Work, counted


def test_a_finished_run_gains_attributes_without_work_on_images(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.compute()
    with RunReader(project.out) as reader:
        assert reader.attributes() == ()
        before, content = reader.arrays.image_embeddings(), reader.info.content_hash
        assert "attributes" not in reader.info.config["probing"]
    (tmp_path / "more.csv").write_text("film;sex;dose;device\n000.png;F;0,5;tube|wire\n001.png;M;7;none\n")
    added = (
        'probing.attributes.file="more.csv"',
        'probing.attributes.image="film"',
        'probing.attributes.columns={sex = "sex", dose = "dose", device = "device"}',
    )
    assert counted(lambda: project.compute(*added)) == Work()
    with RunReader(project.out) as reader:
        found = {attribute.name: attribute for attribute in reader.attributes()}
        assert list(found) == ["device", "dose", "sex"]
        assert found["sex"].values == ("F", "M")
        assert found["device"].values == ("tube", "wire")
        assert found["device"].members[:, :3].tolist() == [[True, False, False]] * 2
        for attribute in found.values():
            assert attribute.known[:3].tolist() == [True, True, False]
        assert found["dose"].numbers is not None
        assert found["dose"].numbers[:2].tolist() == [0.5, 7.0]
        assert (reader.arrays.image_embeddings() == before).all()
        assert reader.info.content_hash == content, "verdicts would no longer be of this run"
    assert counted(lambda: project.compute(*added)) == Work()


def test_mistakes_are_told_with_their_key(tmp_path: Path) -> None:
    project = Project(tmp_path)
    with pytest.raises(
        ConfigError, match=r"probing\.attributes\.colums = .* Did you mean probing\.attributes\.columns\?"
    ):
        load_config(project.path, ["probing.attributes.colums.sex=Sex"])
    with pytest.raises(ConfigError, match=r"probing\.attributes\.file: .*more\.csv"):
        project.compute('probing.attributes={file = "more.csv", image = "film", columns = {sex = "Sex"}}')


def test_a_run_file_keeps_what_attributes_were_asked_for() -> None:
    path = Path(__file__).parents[3] / "sample_configs" / "phantom.toml"
    asked = 'probing.attributes={file = "more.csv", patient = "who", columns = {sex = "Sex"}, numbered = ["sex"]}'
    config = load_config(path, [asked])
    assert config_from(path, config.as_dict()).labels == config.labels
