"""The published weights of torchxrayvision (engine.weights.published)."""

from __future__ import annotations

from engine.weights.entry import Entry, Published, hugging_face_url

_XRV = "torchxrayvision/densenet121-res224"
_XRV_RELEASE = "https://github.com/mlmed/torchxrayvision/releases/download/v1"


def _xrv(trained_on: str, revision: str, size: int, sha256: str) -> Entry:
    return Entry(
        f"xrv-densenet121-{trained_on}",
        f"torchxrayvision's densenet121-res224-{trained_on}",
        f"https://huggingface.co/{_XRV}-{trained_on}",
        "its commit's page, as are size and checksum",
        (Published(hugging_face_url(f"{_XRV}-{trained_on}", revision, "model.pt"), size, sha256),),
        licence="Apache-2.0",
    )


def _xrv_release(name: str, weights: str, file: str) -> Entry:
    return Entry(
        name,
        f"torchxrayvision's {weights}",
        "https://github.com/mlmed/torchxrayvision/releases/tag/v1",
        "model_urls in the package's models.py",
        (Published(f"{_XRV_RELEASE}/{file}"),),
        licence="Apache-2.0",
    )


ENTRIES: tuple[Entry, ...] = (
    _xrv(
        "all",
        "20d9a08eaca067587bb3215aafcc9b2202b4904c",
        28_382_008,
        "56524913dd16a906422e8d8b66a7a5c46be1d82eb7ac012d8103776f1aa68899",
    ),
    _xrv(
        "pc",
        "5fd7f7ace36101dfbe4a3304932630dd3965a816",
        28_381_804,
        "a9148ef62ae4e7a31a9bed8cef22811f39681cd61e4390398936efc6280af521",
    ),
    _xrv(
        "rsna",
        "99f966ef7574e9884af632cc68906455f802d407",
        28_381_974,
        "906a59f48cf09638b745d66848a6c6f9d741368c66244717a81207329d140268",
    ),
    _xrv(
        "mimic_ch",
        "132a5ee9f88ecd77b8f39f27b70a66b98976187d",
        28_382_012,
        "23b13a04459684ffa41247d068207a7657b4e1b4dec2b02431f5026bd75b1189",
    ),
    *(
        _xrv_release(
            f"xrv-densenet121-{trained_on}",
            f"densenet121-res224-{trained_on}",
            f"{trained_on}-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        )
        for trained_on in ("nih", "chex", "mimic_nb")
    ),
    _xrv_release("xrv-resnet50-all", "resnet50-res512-all", "pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt"),
)
