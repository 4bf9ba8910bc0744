"""Runs, traces and routing dumps of hopscope as NumPy arrays, and a trained model as plain array code or PyTorch.

    import hopscope_io as hio
    run = hio.Run("runs/first")
    dump = hio.load_routing("routing.safetensors")       # hopscope trace runs/first --out routing.safetensors
    loads = np.bincount(dump.layers[0].hops[0]["experts"].ravel(), minlength=run.config["moe"]["experts"])

Needs Python 3.11 and NumPy; `load_model` with its default backend needs PyTorch, nothing else does. No build of hopscope and
no other package. Files are checked as they are read: a truncated or foreign one raises FormatError, which names the file,
what was found and what is expected.
"""
import dataclasses
import json
import pathlib
import re
import struct
import tomllib

import numpy as np

from hopscope_forward import Layer

MAX_HEADER = 100_000_000  # bytes of a safetensors header; the limit of the reference reader
KINDS = {"BOOL": "?", "U8": "<u1", "I8": "<i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
         "I64": "<i8", "F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}


class FormatError(ValueError):
    """A file is not what it should be; the text names the file, what was found and what is expected."""


# ---- safetensors -----------------------------------------------------------------------------------------------------
def _object(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("the key " + repr(next(k for k in keys if keys.count(k) > 1)) + " stands there twice")
    return dict(pairs)


def _header(path):
    """Entries, metadata, and where the data begin and end in the file."""
    size = path.stat().st_size
    with open(path, "rb") as f:
        first = f.read(8)
        if len(first) < 8:
            raise FormatError(f"{path}: {size} bytes found, at least the 8 of the header length expected")
        (length,) = struct.unpack("<Q", first)
        if length > min(size - 8, MAX_HEADER):
            raise FormatError(f"{path}: header of {length} bytes announced, at most {min(size - 8, MAX_HEADER)} expected")
        text = f.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: the header is not valid JSON: {error}") from None
    if not isinstance(header, dict):
        raise FormatError(f"{path}: the header is no object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise FormatError(f"{path}: __metadata__ is no object of texts")
    return header, metadata, 8 + length, size


def _entry(where, entry, data_bytes):
    """dtype, shape and offsets of one tensor, checked."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FormatError(f"{where}: dtype, shape and data_offsets expected")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if kind not in KINDS:
        raise FormatError(f"{where}: dtype {kind!r} found, one of {', '.join(KINDS)} expected")
    natural = lambda xs: isinstance(xs, list) and all(type(x) is int and x >= 0 for x in xs)
    if not natural(shape) or not natural(offsets) or len(offsets) != 2:
        raise FormatError(f"{where}: shape and two data_offsets of integers from 0 expected")
    count = 1
    for extent in shape:
        count *= extent
    begin, end = offsets
    if not begin <= end <= data_bytes:
        raise FormatError(f"{where}: data_offsets {begin} to {end}, inside 0 to {data_bytes} expected")
    if end - begin != count * np.dtype(KINDS[kind]).itemsize:
        raise FormatError(f"{where}: data_offsets span {end - begin} bytes, dtype and shape need "
                          f"{count * np.dtype(KINDS[kind]).itemsize}")
    return kind, shape, begin, end


def load_safetensors(path):
    """({name: array}, {metadata key: text}) of a safetensors file.

    The arrays are read-only views of the mapped file, so a file may be larger than memory; bf16, which NumPy lacks, becomes a
    float32 copy. Raises FormatError unless every byte of the data belongs to exactly one tensor.
    """
    path = pathlib.Path(path)
    header, metadata, start, size = _header(path)
    data = np.memmap(path, np.uint8, "r") if size > start else np.zeros(start, np.uint8)
    tensors, spans = {}, []
    for name, entry in header.items():
        kind, shape, begin, end = _entry(f"{path}: tensor {name!r}", entry, size - start)
        spans.append((begin, end))
        array = data[start + begin:start + end].view(KINDS[kind])
        if kind == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = array.reshape(shape)
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            raise FormatError(f"{path}: a tensor begins at {begin} of the data, {at} expected")
        at = end
    if at != size - start:
        raise FormatError(f"{path}: {size - start} bytes of data found, the header speaks of {at}")
    return tensors, metadata


# ---- traces ----------------------------------------------------------------------------------------------------------
@dataclasses.dataclass
class Trace:
    """Routing and losses of a prompt (load_trace) or of a whole corpus (load_routing)."""
    tokens: np.ndarray  #: [...] ids
    nll: np.ndarray     #: [...] nats, of each token given the ones before; NaN for the first of a sequence
    layers: list        #: of Layer
    pieces: list        #: prompt: text of each token; corpus: text of each id of the vocabulary
    info: dict          #: everything else the file says: run, step, config_hash, …
    next_token: np.ndarray = None  #: prompt: [T, 10] likeliest next ids; corpus: [S] the token behind each sequence
    next_p: np.ndarray = None      #: prompt: [T, 10] their probabilities
    next_nll: np.ndarray = None    #: corpus: [S] NLL of next_token

    @property
    def loss(self):
        """Mean NLL, nats per token; of a corpus the loss that `hopscope eval` gives for the same batches."""
        known = self.nll[~np.isnan(self.nll)].astype(np.float64)
        if self.next_nll is not None:
            known = np.concatenate([known, self.next_nll.astype(np.float64)])
        return float(known.mean()) if known.size else float("nan")


def _column(values):
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _rows(rows, width, missing, dtype):
    return np.array([row if len(row) else [missing] * width for row in rows], dtype).reshape(len(rows), width)


def _hop(hop):
    k = max((len(r) for r in hop["experts"]), default=0)
    out = {"experts": _rows(hop["experts"], k, -1, np.int64), "weights": _rows(hop["weights"], k, np.nan, np.float64)}
    for name in ("entropy", "max_prob", "update_norm", "halt_ratio"):
        out[name] = _column(hop[name])
    out["executed"] = np.array(hop["executed"], bool)
    width = max((len(r) for r in hop.get("position", [])), default=0)
    if width:
        out["position"] = _rows(hop["position"], width, np.nan, np.float64)
    return out


def _document(source, form):
    """The JSON object of a file (or the object itself), whose format is `form`."""
    name = "the document"
    if not isinstance(source, dict):
        name, source = source, json.loads(pathlib.Path(source).read_text(encoding="utf-8"))
    if not isinstance(source, dict) or source.get("format") != form:
        found = source.get("format") if isinstance(source, dict) else type(source).__name__
        raise FormatError(f"{name}: format {found!r} found, {form!r} expected")
    return source


def load_trace(source):
    """Trace of a prompt, from the JSON of `hopscope trace --text … --json`: a path, or the parsed object."""
    document = _document(source, "hopscope.trace/1")
    tokens = document["tokens"]
    layers = [Layer(_column(l["attention_norm"]), _column(l["update_norm"]), [_hop(h) for h in l["hops"]])
              for l in document["layers"]]
    info = {key: value for key, value in document.items() if key not in ("tokens", "layers")}
    info["begin"], info["end"] = ([t[side] for t in tokens] for side in ("begin", "end"))
    return Trace(np.array([t["id"] for t in tokens], np.int64), _column(t["nll"] for t in tokens), layers,
                 [t["piece"] for t in tokens], info,
                 next_token=np.array([[n["id"] for n in t["next"]] for t in tokens], np.int64),
                 next_p=np.array([[n["p"] for n in t["next"]] for t in tokens], np.float64))


def load_routing(path):
    """Trace of a corpus, from the file that `hopscope trace RUN --out FILE` wrote. Arrays are views of the mapped file."""
    tensors, metadata = load_safetensors(path)
    if metadata.get("format") != "hopscope.routing/1":
        raise FormatError(f"{path}: format {metadata.get('format')!r} found, 'hopscope.routing/1' expected")
    if "config" not in metadata:
        raise FormatError(f"{path}: a trace of a published model; load_recorded reads those")
    layers = []
    for name, array in tensors.items():
        match = re.fullmatch(r"layers\.(\d+)\.(?:hops\.(\d+)\.)?(\w+)", name)
        if not match:
            continue
        layer, hop, what = match.groups()
        while len(layers) <= int(layer) < len(tensors):
            layers.append({"hops": []})
        hops = layers[int(layer)]["hops"]
        if hop is None:
            layers[int(layer)][what] = array
            continue
        while len(hops) <= int(hop) < len(tensors):
            hops.append({})
        hops[int(hop)][what] = array.view(bool) if what == "executed" else array
    info = {**metadata, "step": int(metadata["step"]), "batch": int(metadata["batch"]),
            "config": tomllib.loads(metadata["config"]), "script": json.loads(metadata["script"])}
    pieces = json.loads(info.pop("pieces"))
    return Trace(tensors["tokens"], tensors["nll"], [Layer(**l) for l in layers], pieces, info,
                 next_token=tensors["next_token"], next_nll=tensors["next_nll"])


@dataclasses.dataclass
class RecordedRouter:
    """A router's choices in a trace of a published model, for S texts of at most T tokens; -1 and NaN behind their ends."""
    experts: np.ndarray               #: [S, T, k] ids, in no order that means anything; -1 behind the end of a text
    weights: np.ndarray = None        #: [S, T, k]; this and what follows None where it was not recorded
    entropy: np.ndarray = None        #: [S, T] nats, of the softmax over all experts
    max_prob: np.ndarray = None       #: [S, T]
    position: np.ndarray = None       #: [S, T, r] what entered the router, in a basis of the span of its rows
    rows: np.ndarray = None           #: [experts, r] the rows in the same basis
    logits: np.ndarray = None         #: [S, T, experts], in the files of hopscope_capture.py


@dataclasses.dataclass
class RecordedTrace:
    """Which experts a published model sent each token to, as `hopscope import --trace` or hopscope_capture.py wrote it."""
    routers: dict                     #: RecordedRouter by (layer, pool): the model's own number, "mlp" or what else it is for
    tokens: np.ndarray                #: [S, T] ids, or None
    pieces: dict                      #: what ids spell, of those that occur; {} where that was not recorded
    next_token: np.ndarray            #: [S] the id behind the last row, -1 unknown, or None
    skipped: np.ndarray               #: [S] tokens of each text before its first row, or None: none
    info: dict                        #: everything else the file says: family, model_type, source


def load_recorded(path):
    """Trace of a published model: RUN/traces/NAME.safetensors of an imported one, or the file of hopscope_capture.py."""
    tensors, metadata = load_safetensors(path)
    if metadata.get("format") != "hopscope.routing/1" or "config" in metadata:
        raise FormatError(f"{path}: no trace of a published model; load_routing reads those of a run")
    parts = {}
    for name, array in tensors.items():
        match = re.fullmatch(r"layers\.(\d+)\.(?:(.+)\.)?(?:hops\.0\.(experts|weights|entropy|max_prob|position|logits)|(rows))", name)
        if match:
            layer, pool, of_token, of_router = match.groups()
            parts.setdefault((int(layer), pool or "mlp"), {})[of_token or of_router] = array
    lacking = [f"layers.{layer} {pool}" for (layer, pool), found in sorted(parts.items()) if "experts" not in found]
    if lacking:
        raise FormatError(f"{path}: no experts of {', '.join(lacking)} found")
    pieces = json.loads(metadata.pop("pieces", "{}"))
    if isinstance(pieces, list):
        pieces = dict(enumerate(pieces))
    return RecordedTrace({of: RecordedRouter(**parts[of]) for of in sorted(parts)}, tensors.get("tokens"),
                         {int(token): text for token, text in pieces.items()}, tensors.get("next_token"),
                         tensors.get("skipped"), metadata)


# ---- runs ------------------------------------------------------------------------------------------------------------
def _steps(folder, pattern):
    found = (re.fullmatch(pattern, entry.name) for entry in folder.iterdir()) if folder.is_dir() else ()
    return sorted(int(m.group(1)) for m in found if m)


class Run:
    """A run folder, also while it is being written. Nothing is kept: every access reads the files anew."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if (self.path / "imported.json").is_file():
            raise FormatError(f"{path}: an imported model, which has no training; load_recorded reads its traces/*.safetensors")
        if not (self.path / "config.toml").is_file():
            raise FormatError(f"{path}: no run folder (config.toml is missing)")

    @property
    def name(self):
        return self.path.resolve().name

    @property
    def config(self):
        """Resolved configuration, {table: {key: value}}."""
        return tomllib.loads((self.path / "config.toml").read_text(encoding="utf-8"))

    @property
    def info(self):
        """run.json: state, device, seed, corpus hashes, …"""
        return _document(self.path / "run.json", "hopscope.run/1")

    def _complete_lines(self, name):
        path = self.path / name
        text = path.read_bytes() if path.exists() else b""
        return text[:text.rfind(b"\n") + 1].decode("utf-8").splitlines()  # a torn last line is left out

    @property
    def metrics(self):
        """metrics.csv as {column: [rows]}; NaN where a row has no value; steps and tokens are integers."""
        lines = self._complete_lines("metrics.csv")
        rows = [(number, line) for number, line in enumerate(lines, 1) if not line.startswith("#")]
        if not rows:
            return {}
        names, values = rows[0][1].split(","), []
        for number, line in rows[1:]:
            cells = line.split(",")
            if len(cells) != len(names):
                raise FormatError(f"{self.path}/metrics.csv:{number}: {len(cells)} values found, {len(names)} expected")
            values.append([float(c) if c else np.nan for c in cells])
        table = np.array(values, np.float64).reshape(len(values), len(names))
        return {name: table[:, i].astype(np.int64) if name in ("step", "tokens") else table[:, i]
                for i, name in enumerate(names)}

    @property
    def units(self):
        """{column of metrics: unit}; "1" for plain numbers."""
        lines = self._complete_lines("metrics.csv")[:2]
        return dict(zip(lines[1].split(","), lines[0].removeprefix("# ").split(","))) if len(lines) == 2 else {}

    @property
    def events(self):
        """Commands applied, oldest first: the fields of each with "step", "time" (Unix seconds) and "by"."""
        return [json.loads(line) for line in self._complete_lines("events.jsonl") if line.strip()]

    @property
    def eval_losses(self):
        """{step: [batches] mean NLL of each validation batch, nats}."""
        steps = _steps(self.path / "eval", r"step_(\d+)\.json")
        documents = (_document(self.path / f"eval/step_{s:08d}.json", "hopscope.eval/1") for s in steps)
        return {s: _column(d["batches"]) for s, d in zip(steps, documents)}

    @property
    def geometry_steps(self):
        """Steps of the timeline, rising."""
        return _steps(self.path / "geometry", r"step_(\d+)\.safetensors")

    def geometry(self, step):
        """Routing geometry at a step: {"step", "seconds" (Unix), "pieces" [P], "classes", "token_ids" [P], "layers": [{
        "centroids" [M, s] unit rows, "load" [M] share of choices, "positions" [H, P, s], "choices" [H, P, k] expert ids,
        "weights" [H, P, k], "entropy" [H, P] nats, "jaccard" [H, H], "projection" [s, d] or [H, s, d]}], "next_loss" [P]
        nats, of the token behind each} for a fixed probe sample of P tokens; what the router does not have, or an older
        version did not keep, is absent."""
        tensors, metadata = load_safetensors(self.path / f"geometry/step_{step:08d}.safetensors")
        out = {key: json.loads(metadata[key]) for key in ("step", "seconds", "pieces", "classes")}
        out["token_ids"], out["layers"] = tensors.pop("token_ids"), []
        if "next_loss" in tensors:
            out["next_loss"] = tensors.pop("next_loss")
        for name, array in tensors.items():
            _, layer, what = name.split(".")
            while len(out["layers"]) <= int(layer) < len(tensors):
                out["layers"].append({})
            out["layers"][int(layer)][what] = array.astype(np.float32) if array.dtype == np.float16 else array
        return out

    @property
    def checkpoints(self):
        """Steps of the complete checkpoints, rising."""
        steps = _steps(self.path / "checkpoints", r"step_(\d+)")
        return [s for s in steps if (self.checkpoint(s) / "state.json").is_file()]

    def checkpoint(self, step):
        """Folder of a checkpoint."""
        return self.path / f"checkpoints/step_{step:08d}"

    @property
    def analyses(self):
        """{name: document} of analysis/*.json; `estimate` reads their numbers with intervals."""
        return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((self.path / "analysis").glob("*.json"))}


def estimate(fields, name):
    """(value, low, high, n) of a number of an analysis' document; None where it has no interval or no n.

    `fields` is the object that holds `name`. Both formats: {"value", "ci95", "n", "over"} of hopscope.analysis/2, under NAME
    or beside it as NAME_interval, and the forms of /1: {"mean" or "share", "ci95", …}, NAME_interval, NAME_ci95.
    """
    found = fields[name]
    held = found if isinstance(found, dict) else fields.get(f"{name}_interval", {})
    value = next((held[k] for k in ("value", "mean", "share") if k in held), found)
    low, high = held.get("ci95") or fields.get(f"{name}_ci95") or (None, None)
    n = next((held[k] for k in ("n", "batches", "words", "experts", "tokens") if k in held), None)
    return value, low, high, n


# ---- models ----------------------------------------------------------------------------------------------------------
def load_weights(source, step=None):
    """({tensor name: array}, configuration) of a model: a Run, its folder, a checkpoint's folder or a model.safetensors.

    Names and shapes: docs/formats.md#tensors-of-a-model. `step`: of a run, default the newest checkpoint.
    """
    path = source.path if isinstance(source, Run) else pathlib.Path(source)
    if (path / "config.toml").is_file():
        run = Run(path)
        steps = run.checkpoints
        if not steps or (step is not None and step not in steps):
            raise FormatError(f"{path}: no complete checkpoint" + (f" of step {step}, found {steps}" if steps else " yet"))
        path = run.checkpoint(steps[-1] if step is None else step)
    tensors, metadata = load_safetensors(path / "model.safetensors" if path.is_dir() else path)
    if "config" not in metadata:
        raise FormatError(f"{path}: no model of hopscope (metadata config is missing)")
    return tensors, tomllib.loads(metadata["config"])


def load_model(source, step=None, backend="torch", dtype=None):
    """The trained model as a torch.nn.Module, or with backend="numpy" the same forward pass on NumPy arrays.

    `model(ids)` takes token ids [T] or [B, T] and gives logits [..., T, V]; `model(ids, routing=True)` gives (logits, layers)
    with `layers` as in a Trace. The module's parameters carry the names of model.safetensors. Interventions, halting and dropout
    are not part of it. `source`, `step`: as load_weights. `dtype`: default float32 (torch), float64 (numpy).
    """
    tensors, config = load_weights(source, step)
    if backend == "numpy":
        from hopscope_forward import NumpyModel
        return NumpyModel(tensors, config, np.float64 if dtype is None else dtype)
    if backend != "torch":
        raise ValueError(f"backend: found {backend!r}, allowed 'torch', 'numpy'")
    from hopscope_torch import TorchModel
    return TorchModel(tensors, config, dtype)


def log_softmax(logits):
    """[..., V] log-probabilities of NumPy logits [..., V]."""
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def token_nll(logits, ids):
    """[..., T] nats: NLL of each token given the ones before, NaN for the first. logits [..., T, V] (NumPy or torch), ids
    [..., T]."""
    log_p = log_softmax(np.asarray(logits.detach().cpu() if hasattr(logits, "detach") else logits, np.float64))
    ids = np.asarray(ids, np.int64)
    of_next = -np.take_along_axis(log_p[..., :-1, :], ids[..., 1:, None], -1)[..., 0]
    return np.concatenate([np.full(ids.shape[:-1] + (1,), np.nan), of_next], -1)
