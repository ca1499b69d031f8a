"""Names of files that hold no text for readers: pictures, stylesheets, archives, programs."""

from collections.abc import Mapping
from pathlib import PurePosixPath

_SUFFIXES: Mapping[str, str] = {
    "pictures": "png jpg jpeg jpe gif tif tiff bmp webp svg ico icns heic heif avif psd ai eps raw "
    "cr2 nef xcf indd sketch fig drawio dwg dxf stl obj glb gltf blend",
    "sound and video": "mp3 m4a wav flac ogg oga opus aac wma aiff mid midi mp4 m4v mov avi mkv "
    "webm wmv flv mpg mpeg 3gp ogv",
    "stylesheets": "css scss sass less styl",
    "fonts": "ttf otf woff woff2 eot pfb",
    "archives": "zip tar gz tgz bz2 tbz xz txz 7z rar zst lz4 jar war ear apk ipa deb rpm dmg iso "
    "cab whl egg nupkg crx xpi pkg msi",
    "programs": "exe dll so dylib a o lib class pyc pyo pyd wasm com sys node beam",
    "data for programs": "db sqlite sqlite3 mdb accdb parquet feather orc avro arrow npy npz pkl "
    "pickle h5 hdf5 mat onnx pt pth ckpt safetensors gguf faiss bin dat tflite map lock pack idx "
    "pem crt cer der p12 pfx jks gpg asc sig pub swp swo bak tmp part crdownload lnk url "
    "torrent ds_store pot po mo",
}
_WHAT: Mapping[str, str] = {
    f".{suffix}": what for what, suffixes in _SUFFIXES.items() for suffix in suffixes.split()
}
_LOCKS = frozenset({"package-lock.json", "pnpm-lock.yaml", "npm-shrinkwrap.json"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
"""Pictures whose words can be recognised."""


def is_left_out(name: str) -> bool:
    """Return whether nobody expects to find text in a file of this name.

    >>> is_left_out("site.CSS"), is_left_out("logo.png"), is_left_out("plan.docx")
    (True, True, False)
    """
    return what_it_is(name) is not None


def what_it_is(name: str) -> str | None:
    """Return what a file without text for readers is, in words; None for other files."""
    path = PurePosixPath(name.lower())
    if is_generated(name):
        return "generated files"
    return _WHAT.get(path.suffix) or _WHAT.get(path.name)


def is_generated(name: str) -> bool:
    """Return whether a file is made by a tool, although its suffix is that of a text.

    >>> is_generated("app.min.js"), is_generated("package-lock.json"), is_generated("app.js")
    (True, True, False)
    """
    path = PurePosixPath(name.lower())
    return path.name in _LOCKS or path.name.endswith((".min.js", ".min.mjs"))
