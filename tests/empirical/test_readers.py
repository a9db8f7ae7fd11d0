"""CSV and JSON by a mapping of columns, and telling the formats apart."""

import json

import pytest

from linscale import empirical
from linscale.empirical import Columns
from linscale.empirical.metrics import meaning
from linscale.errors import InputError, InvalidArgument
from tests.empirical.writers import (
    CHART,
    GIVEN,
    LIGHTNING,
    RUNS,
    cells,
    denoising_folder,
    event_file,
    lightning_run,
    run_events,
    table,
    write,
)

LONG = "N,width,run,what,score\n10,1000,1,PSNR,20.5\n100,1000,1,PSNR,25\n"
NAMES = {
    "n_train": "N", "n_params": "width", "seed": "run", "metric": "what", "value": "score",
}  # fmt: skip


def test_csv_with_a_mapping(tmp_path):
    path = write(tmp_path / "r.csv", LONG)
    found = empirical.read_csv(path, Columns(NAMES, {"task": "denoising", "split": "test"}))
    expected = table(
        *({"n_train": n, "n_params": 1000, "seed": 1, "value": v, "source": str(path)}
          for n, v in ((10, 20.5), (100, 25.0)))
    )  # fmt: skip
    assert found == expected
    for text in ("\ufeff" + LONG, LONG.replace(",", ";"), LONG.replace(",", "\t"), LONG + "\n\n"):
        write(path, text)
        assert (
            empirical.read_csv(path, Columns(NAMES, {"task": "denoising", "split": "test"}))
            == expected
        )


def test_wide_csv(tmp_path):
    path = write(
        tmp_path / "r.csv",
        "n_train,seed,lr,val_psnr,test_psnr,ssim,PSNR (Kodak)\n10,1,0.1,20,19,0.5,18\n"
        "30,1,0.1,,21,,\n50,1,0.1,,,,\n",
    )
    columns = Columns(
        {"psnr_kodak:test": "PSNR (Kodak)"}, {"task": "x"}, units={"psnr_kodak": "dB"}
    )
    with pytest.raises(InputError, match=r"line 2, split = missing"):
        empirical.read_csv(path, columns)  # of the column ssim
    columns = Columns({**columns.names, "ssim:val": "ssim"}, {"task": "x"}, units=columns.units)
    found = empirical.read_csv(path, columns)
    assert cells(found, "n_train", "metric", "split", "value", "n_params") == [
        (10, "psnr", "val", 20.0, None), (10, "psnr", "test", 19.0, None),
        (10, "ssim", "val", 0.5, None), (10, "psnr_kodak", "test", 18.0, None),
        (30, "psnr", "test", 21.0, None),
    ]  # fmt: skip
    assert "columns not read as metrics: lr" in found.notes[0]
    assert "1 records hold no value: line 4" in found.notes[1]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("psnr/valid", ("psnr", "val")),
        ("val_psnr", ("psnr", "val")),
        ("Test/SSIM_epoch", ("ssim", "test")),
        ("nmse", ("nmse", None)),
        ("psnr_delta", None),
        ("val_psnr_step", None),
        ("psnr_ssim", None),
        ("train_val_psnr", None),
        ("loss/train", None),
        ("epoch", None),
    ],
)
def test_what_a_label_means(label, expected):
    assert meaning(label) == expected


def test_pattern_of_the_source(tmp_path):
    path = write(tmp_path / "N30_P500_s2.csv", "test_psnr\n20\n")
    columns = Columns(
        given={"task": "x"}, pattern=r"N(?P<n_train>\d+)_P(?P<n_params>\d+)_s(?P<seed>\d+)"
    )
    found = empirical.read_csv(path, columns)
    assert cells(found, "n_train", "n_params", "seed") == [(30, 500, 2)]
    with pytest.raises(InputError, match="not found in"):
        empirical.read_csv(write(tmp_path / "other.csv", "test_psnr\n20\n"), columns)


GOOD = ",".join(empirical.COLUMNS) + "\n" + "d,10,5,1,psnr,20,dB,test,s\n"
BAD_ROWS = [
    ("d,0,5,1,psnr,20,dB,test,s", "line 3, n_train = 0"),
    ("d,ten,5,1,psnr,20,dB,test,s", "line 3, n_train = ten"),
    ("d,1_0,5,1,psnr,20,dB,test,s", "line 3, n_train = 1_0"),
    ("d,,5,1,psnr,20,dB,test,s", "line 3, n_train = missing"),
    ("d,10,5,1,psnr,nan,dB,test,s", "line 3, value = nan"),
    ("d,10,5,1,psnr,1e999,dB,test,s", "line 3, value = inf"),
    ("d,10,5,1,psnr,,dB,test,s", "line 3, value = missing"),
    (f"d,10,5,1,psnr,{'9' * 400},dB,test,s", "line 3, value = inf"),
    (f"d,10,5,1,psnr,{'9' * 9000},dB,test,s", "line 3, value = inf"),
    (f"d,{'9' * 400},5,1,psnr,20,dB,test,s", "line 3, n_train = 9"),
    ("d,10,5,1,psnr,20,1,test,s", "line 3, unit = '1'"),
    ("d,10,5,1,psnr,20,dB,holdout,s", "line 3, split = 'holdout'"),
    ("d,10,5,1,sharpness,20,,test,s", "line 3, unit = none for the metric 'sharpness'"),
    ("d,10,5,1,psnr,2", "line 3: 6 cells under 9 headings"),
    (",10,5,1,psnr,20,dB,test,s", "line 3, task = missing"),
]


@pytest.mark.parametrize(("row", "words"), BAD_ROWS)
def test_a_bad_row_is_named_and_only_left_out_when_asked(row, words, tmp_path):
    path = write(tmp_path / "r.csv", GOOD + row + "\n" + "d,30,5,1,psnr,21,dB,test,s\n")
    with pytest.raises(InputError) as caught:
        empirical.read_csv(path)
    assert f"{path}, {words}" in str(caught.value)
    assert "\n" not in str(caught.value)
    found = empirical.read_csv(path, partial=True)
    assert cells(found, "n_train") == [(10,), (30,)]
    assert len(found.notes) == 1
    assert "1 bad rows left out: line 3" in found.notes[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"n_train,test_psnr\n", "no rows"),
        (b"a,b,a\n1,2,3\n", "two columns are called 'a'"),
        (b"\xff\xfe1", "not UTF-8"),
        (b"n_train,loss\n10,3\n", "no value of a metric that is known; its columns are loss"),
        (b'a,b\n1,"2\n', "line 2: not CSV"),
    ],
)  # fmt: skip
def test_files_that_are_no_csv(content, words, tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        empirical.read_csv(path, GIVEN)


def test_mixed_units_in_a_file(tmp_path):
    row = "d,10,5,1,mse,20,{},test,s\n"
    path = write(tmp_path / "r.csv", GOOD + row.format("1") + row.format("HU^2"))
    with pytest.raises(InputError, match=r"line 4, unit = 'HU\^2': mse has '1' in line 3; convert"):
        empirical.read_csv(path)


def test_a_column_that_is_not_there(tmp_path):
    path = write(tmp_path / "r.csv", "N,test_psnr\n10,20\n")
    with pytest.raises(InputError, match="no column 'M'; there are N, test_psnr"):
        empirical.read_csv(path, Columns({"n_train": "M"}, {"task": "x"}))
    with pytest.raises(InputError, match="no column 'Kodak'"):
        empirical.read_csv(path, Columns({"n_train": "N", "psnr:test": "Kodak"}, {"task": "x"}))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": {"N": "n"}}, "names = 'N'"),
        ({"names": {"psnr:holdout": "n"}}, "names = 'psnr:holdout'"),
        ({"given": {"value": 1}}, "given = 'value'"),
        ({"given": {"n": 1}}, "given = 'n'"),
        ({"pattern": "("}, "regular expression"),
        ({"pattern": "abc"}, "groups"),
        ({"names": {"seed": "s"}, "given": {"seed": 1}}, "columns = seed"),
        ({"pattern": r"(?P<seed>\d)", "given": {"seed": 1}}, "columns = seed"),
    ],
)
def test_bad_columns(arguments, words):
    with pytest.raises(InvalidArgument) as caught:
        Columns(**arguments)
    assert words in str(caught.value)


JSON = [
    {"config": {"n_train": 10}, "test_psnr": 20.0},
    {"config": {"n_train": 30}, "test_psnr": 21},
]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(JSON),
        json.dumps({"config.n_train": [10, 30], "test_psnr": [20.0, 21.0]}),
        "\n".join(map(json.dumps, JSON)),
    ],
)  # fmt: skip
def test_json(text, tmp_path):
    path = write(tmp_path / "r.json", text)
    columns = Columns({"n_train": "config.n_train"}, {"task": "x"})
    assert cells(empirical.read_json(path, columns), "n_train", "metric", "value") == [
        (10, "psnr", 20.0), (30, "psnr", 21.0),
    ]  # fmt: skip


def test_json_that_is_no_good(tmp_path):
    path = tmp_path / "r.json"
    columns = Columns({"n_train": "config.n_train"}, {"task": "x"})
    whole = json.dumps(JSON)
    for size in range(1, len(whole)):
        with pytest.raises(InputError):
            empirical.read_json(write(path, whole[:size]), columns)
    for text, words in (
        ("[3]", "record 1: a int"),
        ("3", "the only record: a int"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": [1], "b": [1, 2]}', "different lengths"),
        ('[{"config": {"n_train": 10}, "test_psnr": NaN}]', "record 1, value = nan"),
        ("[]", "no value"),
    ):
        with pytest.raises(InputError, match=words):
            empirical.read_json(write(path, text), columns)
    lines = "\n".join(map(json.dumps, JSON))
    write(path, lines[:-5])
    with pytest.raises(InputError, match="line 2: not JSON"):
        empirical.read_json(path, columns)
    kept = empirical.read_json(path, columns, partial=True)
    assert cells(kept, "n_train") == [(10,)]
    assert "line 2" in kept.notes[0]


def test_formats_are_told_by_content(tmp_path):
    table({}).save(tmp_path / "own.txt")
    write(tmp_path / "records", json.dumps(JSON))
    write(tmp_path / "wandb.json", json.dumps([{"_step": 1, "val_psnr": 2.0}] * 2))
    write(tmp_path / "runs.csv", RUNS)
    write(tmp_path / "chart.csv", CHART)
    write(tmp_path / "log.csv", LIGHTNING)
    event_file(tmp_path / "some.csv", *run_events())
    lightning_run(tmp_path / "light", 0)
    (tmp_path / "board").mkdir()
    event_file(tmp_path / "board" / "events.out.tfevents.1", *run_events())
    experiment = denoising_folder(tmp_path / "paper", "E001_t100_l2c16_bs1_lr0001", {"val": 26.0})
    event_file(experiment / "events.out.tfevents.1", *run_events())
    expected = {
        "own.txt": "csv", "records": "json", "wandb.json": "wandb", "runs.csv": "wandb",
        "chart.csv": "wandb", "log.csv": "lightning", "some.csv": "tensorboard",
        "light": "lightning", "board": "tensorboard", "paper": "paper",
        f"paper/{experiment.name}": "paper",
    }  # fmt: skip
    assert {name: empirical.detect(tmp_path / name) for name in expected} == expected
    assert empirical.read(tmp_path / "own.txt") == table({})
    assert len(empirical.read(tmp_path / "some.csv", GIVEN)) == 4
    for path, words in (
        (tmp_path, "both tensorboard and lightning"),
        (write(tmp_path / "empty", ""), "is empty"),
        (tmp_path / "nothing", "no such file"),
        (experiment / "val_25-25_metrics_best.p", "give the experiment's folder"),
        (tmp_path / "deep" / "bare", "no log that is known"),
    ):
        if "bare" in path.name:
            path.mkdir(parents=True)
        with pytest.raises(InputError, match=words):
            empirical.detect(path)
    with pytest.raises(InvalidArgument, match="format = 'xml'"):
        empirical.read(tmp_path / "own.txt", format="xml")
